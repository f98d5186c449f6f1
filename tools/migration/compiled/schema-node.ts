import { isJsonObject, type JsonObject, type JsonValue } from "../model/json.ts";
import { unsupported } from "./unsupported.ts";

/** A kind of JSON value, as `type` names it. */
export type Kind = "string" | "number" | "integer" | "boolean" | "null" | "array" | "object";

const KINDS: readonly string[] = ["string", "number", "integer", "boolean", "null", "array", "object"];

const ANNOTATIONS: ReadonlySet<string> = new Set([
  "title",
  "description",
  "$comment",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
  "pii",
  "residency",
  "ref",
]);

const COMPILED: ReadonlySet<string> = new Set([
  "type",
  "enum",
  "const",
  "minLength",
  "maxLength",
  "pattern",
  "format",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "minItems",
  "maxItems",
  "uniqueItems",
]);

const AT_ROOT: ReadonlySet<string> = new Set(["$schema", "$id", "$defs"]);
const DEFINITIONS = "#/$defs/";
const MOST_STEPS = 16;

/** True for a keyword that judges no value. */
export function isAnnotation(word: string): boolean {
  return ANNOTATIONS.has(word);
}

/** The schema that `schema` stands for, its local references followed; unsupported where it says anything else. */
export function resolveNode(schema: JsonValue | undefined, root: JsonObject): JsonObject {
  let node = schema;
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    if (!isJsonObject(node)) unsupported("a schema that is not an object");
    const target = node["$ref"];
    if (target === undefined) return checked(node, root);
    if (!Object.keys(node).every((key) => key === "$ref" || ANNOTATIONS.has(key))) unsupported("keywords beside $ref");
    node = definition(target, root);
  }
  return unsupported("a long chain of $ref");
}

/** The kinds that a schema allows, `integer` left out where `number` is allowed. */
export function kindsOf(node: JsonObject): readonly Kind[] {
  const type = node["type"];
  const names = Array.isArray(type) ? type : [type];
  const kinds = names.filter((name): name is Kind => typeof name === "string" && KINDS.includes(name));
  if (kinds.length !== names.length || kinds.length === 0) unsupported("a schema without a type");
  return kinds.includes("number") ? kinds.filter((kind) => kind !== "integer") : kinds;
}

/** The values of `enum` or `const`; undefined where a schema has neither. */
export function choicesOf(node: JsonObject): readonly JsonValue[] | undefined {
  if (node["const"] !== undefined) return [node["const"]];
  const values = node["enum"];
  return Array.isArray(values) ? values : undefined;
}

/** The number under a keyword; undefined where the keyword is absent. */
export function numberUnder(node: JsonObject, keyword: string): number | undefined {
  const value = node[keyword];
  if (value !== undefined && typeof value !== "number") unsupported(`${keyword} that is not a number`);
  return value;
}

/** The text under a keyword; undefined where the keyword is absent. */
export function textUnder(node: JsonObject, keyword: string): string | undefined {
  const value = node[keyword];
  if (value !== undefined && typeof value !== "string") unsupported(`${keyword} that is not a text`);
  return value;
}

function checked(node: JsonObject, root: JsonObject): JsonObject {
  for (const key of Object.keys(node)) {
    if (COMPILED.has(key) || ANNOTATIONS.has(key) || (node === root && AT_ROOT.has(key))) continue;
    unsupported(`the keyword ${key}`);
  }
  return node;
}

function definition(target: JsonValue, root: JsonObject): JsonValue | undefined {
  const definitions = root["$defs"];
  if (typeof target !== "string" || !target.startsWith(DEFINITIONS)) unsupported("a $ref that is not local");
  const name = target.slice(DEFINITIONS.length);
  if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(name)) unsupported("a $ref with an unusual name");
  return isJsonObject(definitions) && Object.hasOwn(definitions, name) ? definitions[name] : unsupported("a lost $ref");
}
