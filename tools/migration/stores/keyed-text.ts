import { isMap, isScalar, LineCounter, parseAllDocuments, parseDocument, visit } from "yaml";
import { parseStrict } from "../integrity/strict-parse.ts";
import { isJsonObject, type JsonValue } from "../model/json.ts";
import { findJsonValue } from "./json-span.ts";

/** Kinds of configuration files whose keys can be changed in place. */
export type KeyedKind = "json" | "yaml" | "env";

/** Where the value of a key stands in a text, and what it is. */
export interface KeyPlace {
  /** The value as text. */
  readonly value: string;
  /** Begin and end of what is replaced, in UTF-16 code units. */
  readonly begin: number;
  readonly end: number;
  /** The text that stands for another value in the same place; undefined where it cannot be written there. */
  readonly write: (value: string) => string | undefined;
}

/** The kind of a file by its name; undefined for any other. */
export function keyedKind(path: string): KeyedKind | undefined {
  const name = path.split("/").at(-1) ?? "";
  if (/\.json$/i.test(name)) return "json";
  if (/\.ya?ml$/i.test(name)) return "yaml";
  return /^\.env(\.[A-Za-z0-9_-]+)?$|\.env$/i.test(name) ? "env" : undefined;
}

/**
 * Finds the one value of `key` in a text: a JSON Pointer or a plain name for JSON and YAML, a variable for env. A
 * sentence says why a text is refused: not of its kind, no such key or two, or a value that is no plain text, number or
 * boolean. Everything around the value, comments and blanks too, stays as it is.
 */
export function findKey(kind: KeyedKind, text: string, key: string): KeyPlace | string {
  if (kind === "env") return findInEnv(text, key);
  const path = key.startsWith("/") ? key.slice(1).split("/").map(unescapePointer) : [key];
  return kind === "json" ? findInJson(text, path) : findInYaml(text, path);
}

/** The text with the value at `place` exchanged; undefined where it cannot hold that value. */
export function replaceAt(text: string, place: KeyPlace, value: string): string | undefined {
  const written = place.write(value);
  return written === undefined ? undefined : text.slice(0, place.begin) + written + text.slice(place.end);
}

function findInJson(text: string, path: readonly string[]): KeyPlace | string {
  const parsed = parseStrict(text);
  if (!parsed.ok) return "it is not strict JSON (comments would be lost)";
  const value = valueAt(parsed.value, path);
  if (value === undefined) return "it has no such key";
  if (!isPlain(value)) return "the value is no text, number or boolean";
  const span = findJsonValue(text, path);
  return { value: String(value), ...span, write: (next) => writeLike(value, next) };
}

function findInYaml(text: string, path: readonly string[]): KeyPlace | string {
  if (parseAllDocuments(text).length !== 1) return "it is not one YAML document";
  const document = parseDocument(text, { lineCounter: new LineCounter(), strict: true, uniqueKeys: true });
  if (document.errors.length > 0 || document.warnings.length > 0) return "it is not strict YAML";
  const aliases: unknown[] = [];
  visit(document, { Alias: (_key, node) => void aliases.push(node) });
  if (aliases.length > 0) return "it uses aliases, so that one value stands in several places";
  const node: unknown = document.getIn(path, true);
  if (node === undefined) return "it has no such key";
  if (!isScalar(node) || isMap(node) || node.range === undefined || node.range === null || !isPlain(node.value)) {
    return "the value is no text, number or boolean";
  }
  if (node.tag !== undefined && node.source === undefined) return "the value carries a tag";
  if (node.type === "BLOCK_FOLDED" || node.type === "BLOCK_LITERAL") return "the value is a block of lines";
  const [begin, end] = node.range;
  const { value } = node;
  const isBare = node.type === "PLAIN";
  return { value: String(value), begin, end, write: (next) => writeYaml(value, next, isBare) };
}

/** Plain where the old value was, and where it reads back as the same text; else in double quotes. */
function writeYaml(old: string | number | boolean, next: string, isBare: boolean): string | undefined {
  const written = writeLike(old, next);
  if (written === undefined || typeof old !== "string" || !isBare) return written;
  const isSame = /^[A-Za-z0-9_./:@+-]+$/.test(next) && parseDocument(next).toJS() === next;
  return isSame ? next : written;
}

const ENV_LINE =
  /^([ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*)(?:"([^"\\$`\n]*)"|'([^'\n]*)'|([^\s"'#$`\\]*))([ \t]+#.*|[ \t]*)$/;

function findInEnv(text: string, key: string): KeyPlace | string {
  const found: (KeyPlace | string)[] = [];
  let begin = 0;
  for (const line of text.split("\n")) {
    const body = line.endsWith("\r") ? line.slice(0, -1) : line;
    const isOfKey = new RegExp(`^[ \\t]*(?:export[ \\t]+)?${escapeName(key)}[ \\t]*=`).test(body);
    if (isOfKey) found.push(placeInLine(body, begin));
    begin += line.length + 1;
  }
  if (found.length === 0) return "it has no such key";
  return found.length > 1 ? "it has that key twice" : (found[0] ?? "it has no such key");
}

function placeInLine(line: string, begin: number): KeyPlace | string {
  const match = ENV_LINE.exec(line);
  if (match === null) return "the value uses quotes, escapes or variables that cannot be kept";
  const [, head = "", , double, single, bare = "", tail = ""] = match;
  const quote = double === undefined ? (single === undefined ? "" : "'") : '"';
  const value = double ?? single ?? bare;
  return {
    value,
    begin: begin + head.length,
    end: begin + line.length - tail.length,
    write: (next) => {
      if (quote === "'") return /['\n\r\0]/.test(next) ? undefined : `'${next}'`;
      if (quote === "" && /^[^\s"'#$`\\\0]+$/.test(next)) return next;
      return /["\\$`\n\r\0]/.test(next) ? undefined : `"${next}"`;
    },
  };
}

/** A value of the same JSON type as the old one; undefined where the text is none. */
function writeLike(old: string | number | boolean, next: string): string | undefined {
  if (typeof old === "string") return JSON.stringify(next);
  const parsed = parseStrict(next);
  return parsed.ok && typeof parsed.value === typeof old ? next.trim() : undefined;
}

function valueAt(root: JsonValue, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = root;
  for (const part of path) {
    if (Array.isArray(value)) value = /^(0|[1-9]\d*)$/.test(part) ? value[Number(part)] : undefined;
    else value = isJsonObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }
  return value;
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function unescapePointer(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}

function escapeName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_]/g, "\\$&");
}
