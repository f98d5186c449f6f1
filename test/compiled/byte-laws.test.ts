import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import t from "tap";
import { piiDetectors } from "../../tools/migration/checks/pii-detectors.ts";
import { dateTimeEnd, isDate, readUuid } from "../../tools/migration/compiled/byte-formats.ts";
import { numberEnd } from "../../tools/migration/compiled/byte-numbers.ts";
import { stringEnd } from "../../tools/migration/compiled/byte-strings.ts";
import { buildAutomaton, START_STATE } from "../../tools/migration/compiled/pattern-automaton.ts";
import { parsePattern } from "../../tools/migration/compiled/pattern-syntax.ts";
import { Unsupported } from "../../tools/migration/compiled/unsupported.ts";
import { UNKNOWN_ORDER } from "../../tools/migration/compiled/vectors/text-functions.ts";
import { createAjv } from "../../tools/migration/config/schema-compiler.ts";
import { stringifyChecked } from "../../tools/migration/integrity/canonical.ts";
import { parseStrict } from "../../tools/migration/integrity/strict-parse.ts";
import { UUID } from "../../tools/migration/model/module.ts";
import { anyUuid } from "../helpers/arbitraries.ts";
import { value as lastNumber, look, put, taken } from "../helpers/line-functions.ts";
import { anyDate, anyTime, PATTERNS } from "../helpers/texts.ts";

const RUNS = { numRuns: 3000 };

function viewOf(text: string): DataView {
  const bytes = new TextEncoder().encode(text);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Texts near a valid one: one character replaced, added or left out. */
function near(valid: fc.Arbitrary<string>, characters: string): fc.Arbitrary<string> {
  return fc
    .tuple(valid, fc.nat(40), fc.constantFrom("", ...characters), fc.nat(1))
    .map(([text, at, character, removed]) => text.slice(0, at) + character + text.slice(at + removed));
}

const decimal = fc
  .tuple(fc.boolean(), fc.nat(99_999_999), fc.stringMatching(/^[0-9]{0,9}$/))
  .map(([negative, whole, rest]) => `${negative ? "-" : ""}${whole}${rest === "" ? "" : "."}${rest}`);
const spelled = fc.oneof(
  fc.constantFrom(
    "0",
    "-0",
    "-0.5",
    "0.0",
    "-0.0",
    "1e+21",
    "1e21",
    "-1e-7",
    "9007199254740991",
    "9007199254740993",
    "00",
  ),
  decimal,
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.maxSafeInteger().map(String),
  fc.bigInt({ min: -(10n ** 22n), max: 10n ** 22n }).map(String),
  fc.integer({ min: -30, max: 30 }).map((power) => String(10 ** power)),
  fc.stringMatching(/^0\.0{3,8}[0-9]{1,10}$/),
);

t.test("a number is read where it is canonical and strict, with its value", async () => {
  const value = new Float64Array(1);
  await fc.assert(
    fc.property(fc.oneof(spelled, near(spelled, "0123456789.-+eE")), (text) => {
      const bytes = new TextEncoder().encode(text);
      const parsed = parseStrict(text);
      const canonical = parsed.ok && typeof parsed.value === "number" && stringifyChecked(parsed.value) === text;
      const read = numberEnd(bytes, 0, bytes.length, value) === bytes.length;
      // The other way round holds as well: nothing canonical is refused.
      if (read !== canonical) throw new Error(`${text}: ${read}`);
      if (read && parsed.ok && parsed.value !== value[0]) throw new Error(`${text} read as ${value[0]}`);
    }),
    { numRuns: 20_000 },
  );
});

t.test("a short number is read without JavaScript where it is canonical, with its value", async () => {
  let short = 0;
  await fc.assert(
    fc.property(fc.oneof(spelled, near(spelled, "0123456789.-+eE")), (text) => {
      const parsed = parseStrict(text);
      const canonical = parsed.ok && typeof parsed.value === "number" && stringifyChecked(parsed.value) === text;
      const read = taken("number", text) === Buffer.byteLength(text);
      const isShort = canonical && !text.includes("e") && text.replace(/[-.]/g, "").length <= 15;
      if (isShort) short += 1;
      if (read ? !canonical : isShort) throw new Error(`${text}: ${read}`);
      if (read && parsed.ok && parsed.value !== lastNumber()) throw new Error(`${text} read as ${lastNumber()}`);
    }),
    { numRuns: 20_000 },
  );
  if (short < 2000) throw new Error(`only ${short} were short`);
});

t.test("a UUID is read where it is lower-case", async () => {
  const words = new Uint32Array(6);
  await fc.assert(
    fc.property(fc.oneof(anyUuid, near(anyUuid, "0fgF-`:/@\x7fé")), (text) => {
      const view = viewOf(text);
      if (view.byteLength < 36) return;
      const read = readUuid(view, 0, words, 1);
      if (read !== UUID.test(text.slice(0, 36))) throw new Error(text);
      const hex = Array.from(words.subarray(1, 5), (word) => word.toString(16).padStart(8, "0")).join("");
      if (read && hex !== text.slice(0, 36).replaceAll("-", "")) throw new Error(`${text} read as ${hex}`);
    }),
    { numRuns: 20_000 },
  );
});

const ajv = createAjv();
const isFormat = (name: string) => ajv.compile({ type: "string", format: name });

t.test("dates are those of the format, in every month of many years", async () => {
  const accepts = isFormat("date");
  const two = (value: number): string => String(value).padStart(2, "0");
  for (const year of ["0000", "0001", "0004", "0100", "1900", "2000", "2023", "2024", "2100", "2400", "9999", "20:0"]) {
    for (let month = 0; month < 20; month++) {
      for (let day = 0; day < 40; day++) {
        const text = `${year}-${two(month)}-${two(day)}`;
        if (isDate(viewOf(text), 0) !== accepts(text)) throw new Error(text);
        if (isDay(text) !== accepts(text)) throw new Error(`${text} in vectors`);
      }
    }
  }
  await fc.assert(
    fc.property(near(anyDate, "0123456789-/:é"), (text) => {
      if (Buffer.byteLength(text) !== 10) return;
      if (isDate(viewOf(text), 0) !== accepts(text)) throw new Error(text);
      if (isDay(text) !== accepts(text)) throw new Error(`${text} in vectors`);
    }),
    RUNS,
  );
});

function isDay(text: string): boolean {
  const [place = { from: 0 }] = put(text);
  return look("date", place.from) === 1;
}

function isTime(text: string): boolean {
  return taken("time", text) === Buffer.byteLength(text);
}

/** As two functions that agree on what they take have it: one for cells, one for lines. */
function isDateTime(text: string): boolean {
  const view = viewOf(text);
  const ends = dateTimeEnd(view, 0, view.byteLength) === view.byteLength;
  const isBoth = isDay(text) && text[10] === "T" && taken("time", text, 11) === Buffer.byteLength(text);
  if (ends !== isBoth) throw new Error(`${text}: ${ends} and ${isBoth}`);
  return ends;
}

t.test("times are at most those of the formats", async () => {
  const times = fc.oneof(anyTime, fc.constantFrom("23:59:60Z", "00:00:59.99999999999999999999Z", "24:00:00Z"));
  const both = fc.tuple(anyDate, fc.constantFrom("T", "t", " "), times).map((parts) => parts.join(""));
  for (const [name, isAccepted, texts] of [
    ["time", isTime, times],
    ["date-time", isDateTime, both],
  ] as const) {
    const accepts = isFormat(name);
    let seen = 0;
    await fc.assert(
      fc.property(fc.oneof(texts, near(texts, "0123456789:.,+-zZtT")), (text) => {
        if (!isAccepted(text)) return;
        seen += 1;
        if (!accepts(text)) throw new Error(text);
      }),
      RUNS,
    );
    if (seen < 200) throw new Error(`only ${seen} of ${name}`);
  }
});

t.test("an automaton accepts the ASCII texts that its pattern matches", async (t) => {
  let built = 0;
  for (const source of [...PATTERNS, "^(a|b|)c{0,2}$", "^[^a-y]*[a-c-]$", "^(a?b){2,}$", "^[\\d.\\]]+$", "^a\\$$"]) {
    const pattern = supported(source);
    if (pattern === undefined) continue;
    built += 1;
    const { next, accepts } = buildAutomaton(pattern);
    const regExp = new RegExp(source, "u");
    const texts = fc.oneof(
      fc.stringMatching(regExp),
      near(fc.stringMatching(regExp), "abc019@. K-\t"),
      fc.string({ unit: fc.constantFrom(..."abcdxyz01K-:.@ $_]") }),
    );
    await fc.assert(
      fc.property(texts, (text) => {
        if (/[^ -~]|["\\]/.test(text)) return;
        let state = START_STATE;
        for (const byte of Buffer.from(text)) state = next[state | byte] ?? 0;
        if ((accepts[state >> 8] === 1) !== regExp.test(text)) throw new Error(`${source}: ${JSON.stringify(text)}`);
      }),
      RUNS,
    );
  }
  t.ok(built >= 14, `${built} patterns are supported`);
});

function supported(source: string): ReturnType<typeof parsePattern> | undefined {
  try {
    return parsePattern(source);
  } catch (error) {
    if (error instanceof Unsupported) return undefined;
    throw error;
  }
}

t.test("no detector fires on a text that is surely impersonal", async (t) => {
  const detectors = piiDetectors(["DE", "US", "AT"]);
  const personal = fc.constantFrom(
    "DE89370400440532013000",
    "DE89 3704 0044 0532 0130 00",
    "NO9386011117947",
    "+49 30 901820",
    "030/901820",
    "(212) 555-0123",
    "4111-1111-1111-1111",
    "jane@example.org",
    "no93 8601 1117 947",
  );
  const filler = fc.constantFrom("", " ", "x", "\n", "\\", '"', "\u0001", "é", "-", "7", "Nr. ", "\u00a0", "/");
  let impersonal = 0;
  await fc.assert(
    fc.property(
      fc.array(fc.oneof(filler, personal, near(personal, "\n xé0"), fc.string()), { maxLength: 4 }),
      (parts) => {
        const text = parts.join("");
        const [content = { from: 0, to: 0 }] = put(JSON.stringify(text).slice(1, -1));
        if (look("isImpersonal", content.from, content.to) === 0) return;
        impersonal += 1;
        const fired = detectors.find((detector) => detector.found(text));
        if (fired !== undefined) throw new Error(`${fired.name} on ${JSON.stringify(text)}`);
      },
    ),
    RUNS,
  );
  t.ok(impersonal > 300, `${impersonal} texts were impersonal`);
});

t.test("strings end, are counted and ordered as their decoded texts", async () => {
  const unit = fc.constantFrom(
    "a",
    "b",
    '"',
    "\\",
    "\n",
    "\u0001",
    "\u001f",
    "/",
    "\x7f",
    "é",
    "\ufb33",
    "\u{1f602}",
    "u0",
  );
  const texts = fc.string({ unit, maxLength: 8 });
  await fc.assert(
    fc.property(
      texts,
      texts,
      near(
        texts.map((text) => JSON.stringify(text)),
        '"\\u01fFbn/',
      ),
      (a, b, raw) => {
        const [left, right, bytes] = [JSON.stringify(a), JSON.stringify(b), raw].map((text) => Buffer.from(text));
        if (left === undefined || right === undefined || bytes === undefined || /\p{Surrogate}/u.test(raw)) return;
        if (stringEnd(left, 1, left.length) !== left.length - 1) throw new Error(`end of ${a}`);
        const parsed = parseStrict(raw);
        const canonical = parsed.ok && typeof parsed.value === "string" && stringifyChecked(parsed.value) === raw;
        const ends = bytes[0] === 0x22 && stringEnd(bytes, 1, bytes.length) === bytes.length - 1;
        if (ends !== canonical) throw new Error(`${raw} ends: ${ends}`);
        const inVectors = raw.startsWith('"') && taken("textEnd", raw, 1) === bytes.length - 1;
        if (inVectors !== canonical) throw new Error(`${raw} ends in vectors: ${inVectors}`);
        const [one = { from: 0, to: 0 }, other = { from: 0, to: 0 }] = put(left, right);
        if (look("codePoints", one.from + 1, one.to - 1) !== Array.from(a).length) throw new Error(`length of ${a}`);
        const order = look("contentOrder", one.from + 1, one.to - 1, other.from + 1, other.to - 1);
        if (order !== UNKNOWN_ORDER && order !== (a < b ? -1 : a > b ? 1 : 0)) throw new Error(`${a} and ${b}`);
        const length = Math.min(left.length, right.length);
        const same = left.subarray(0, length).equals(right.subarray(0, length));
        if ((look("sameBytes", one.from, other.from, length) === 1) !== same) throw new Error(`${a} is not ${b}`);
      },
    ),
    { numRuns: 20_000 },
  );
});
