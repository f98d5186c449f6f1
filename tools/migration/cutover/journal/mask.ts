import { compareCodeUnits } from "../../integrity/order.ts";
import { toWellFormed } from "../../integrity/well-formed.ts";

/** Shorter values are not masked: they would turn every text into riddles. Lint warns of such a secret. */
export const SHORTEST_MASKED = 6;

/** Hides secrets wherever a driver writes: each form of each value becomes `[secret NAME]`. */
export interface Mask {
  readonly text: (text: string) => string;
  /** The same bytes where nothing was hidden. */
  readonly bytes: (bytes: Buffer) => Buffer;
  /** Keys and values at any depth; lone surrogates become U+FFFD, which the journal could not hold. */
  readonly value: (value: unknown) => unknown;
}

/** The mask for these secrets, by name. Forms: as it is, base64 (also inside a longer text), URL, JSON. */
export function createMask(secrets: ReadonlyMap<string, string>): Mask {
  const names = new Map<string, string>();
  for (const [name, value] of secrets) {
    if (value.length < SHORTEST_MASKED) continue;
    for (const form of formsOf(value)) if (!names.has(form)) names.set(form, name);
  }
  const inText = replacer(names);
  // Bytes that are not UTF-8 stay what they are: one character of latin1 is one byte.
  const inBytes = replacer(new Map([...names].map(([form, name]) => [latin1(form), name])));
  const bytes = (given: Buffer): Buffer => {
    const before = given.toString("latin1");
    const after = inBytes(before);
    return after === before ? given : Buffer.from(after, "latin1");
  };
  const text = (given: string): string => inText(given);
  return { text, bytes, value: (value) => mapTexts(value, text) };
}

/** A mask that hides nothing. */
export const NO_MASK: Mask = createMask(new Map());

function replacer(names: ReadonlyMap<string, string>): (text: string) => string {
  if (names.size === 0) return (text) => text;
  // The longest first: one secret may begin with another.
  const forms = [...names.keys()].sort((left, right) => right.length - left.length || compareCodeUnits(left, right));
  const any = new RegExp(forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"), "g");
  return (text) => text.replace(any, (found) => `[secret ${names.get(found) ?? ""}]`);
}

function formsOf(value: string): readonly string[] {
  const url = encodeURIComponent(value);
  const lower = url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  const json = JSON.stringify(value).slice(1, -1);
  const strict = url.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const plain = [value, json, url, lower, strict, url.replaceAll("%20", "+")];
  return [...new Set([...plain, ...base64Forms(value)])];
}

/**
 * Base64 of the value at each of the three places it can have in a longer text (`user:secret` of an Authorization
 * header), without the characters that its neighbours also decide.
 */
function base64Forms(value: string): readonly string[] {
  const bytes = Buffer.from(value, "utf8");
  const inside = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const from = Math.ceil((shift * 8) / 6);
    const whole = Math.floor(((shift + bytes.length) * 8) / 6);
    return text.slice(from, whole);
  });
  const all = [bytes.toString("base64"), ...inside.filter((text) => text.length >= SHORTEST_MASKED)];
  return all.flatMap((text) => [text, text.replaceAll("+", "-").replaceAll("/", "_")]);
}

function latin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return toWellFormed(change(value));
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one: unknown) => mapTexts(one, change));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [change(key), mapTexts(one, change)]));
}
