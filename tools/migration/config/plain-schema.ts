import { isJsonObject, type JsonObject, type JsonValue } from "../model/json.ts";
import { META_SCHEMA } from "./precompiled.ts";

const DEFINITIONS = "#/$defs/";

const AT_ROOT: ReadonlySet<string> = new Set(["$schema", "$defs"]);

/** Words whose values the schema of schemas judges completely. */
const SIMPLE: ReadonlySet<string> = new Set([
  "title",
  "description",
  "$comment",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
  "type",
  "const",
  "minLength",
  "maxLength",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "required",
  "minItems",
  "maxItems",
  "uniqueItems",
]);

const FORMATS: ReadonlySet<JsonValue> = new Set<JsonValue>(["uuid", "date", "time", "date-time", "email", "uri"]);

/**
 * True only where a schema that satisfies the schema of schemas surely compiles, so that compiling can wait until a value
 * has to be judged: loading the compiler and compiling the eight schemas of the example takes 0.1 s. False says nothing.
 */
export function isPlainSchema(schema: JsonObject): boolean {
  const declared = schema["$schema"];
  const definitions = schema["$defs"] ?? {};
  if (declared !== undefined && declared !== META_SCHEMA) return false;
  if (!isJsonObject(definitions)) return false;
  const isPlain = (node: JsonValue | undefined): boolean =>
    isJsonObject(node) &&
    Object.entries(node).every(([word, value]) => (node === schema && AT_ROOT.has(word)) || isPlainWord(word, value));
  const isPlainWord = (word: string, value: JsonValue): boolean => {
    if (SIMPLE.has(word)) return true;
    if (word === "properties") return isJsonObject(value) && Object.values(value).every(isPlain);
    if (word === "items") return isPlain(value);
    if (word === "additionalProperties") return typeof value === "boolean" || isPlain(value);
    if (word === "$ref") return pointsTo(definitions, value);
    return isPlainValue(word, value);
  };
  return isPlain(schema) && Object.values(definitions).every(isPlain);
}

function isPlainValue(word: string, value: JsonValue): boolean {
  if (word === "enum") return Array.isArray(value) && value.length > 0;
  if (word === "pattern") return typeof value === "string" && isPattern(value);
  if (word === "format") return FORMATS.has(value);
  if (word === "pii") return value === 0 || value === 1 || value === 2;
  if (word === "residency") return typeof value === "string" && value !== "";
  return word === "ref" && typeof value === "string";
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, "u");
    return true;
  } catch {
    return false;
  }
}

// A name that a URI would escape is left to the compiler.
function pointsTo(definitions: JsonObject, target: JsonValue): boolean {
  if (typeof target !== "string" || !target.startsWith(DEFINITIONS)) return false;
  const name = target.slice(DEFINITIONS.length);
  return /^[A-Za-z][A-Za-z0-9_-]*$/.test(name) && Object.hasOwn(definitions, name);
}
