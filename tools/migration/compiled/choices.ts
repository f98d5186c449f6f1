import { isJsonObject, type JsonObject, type JsonValue } from "../model/json.ts";
import type { Emission } from "./emission.ts";
import { isAnnotation, type Kind, kindsOf, numberUnder } from "./schema-node.ts";

const JUDGED: ReadonlySet<string> = new Set(["type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]);

/** The values among `choices` (of `enum` or `const`) that satisfy all of `node`. */
export function allowedChoices(
  { validator }: Pick<Emission, "validator">,
  node: JsonObject,
  choices: readonly JsonValue[],
): readonly JsonValue[] {
  // Both in one schema is rare; and what is judged here spares loading the compiler of schemas, 0.07 s.
  const listed = node["const"] === undefined ? "enum" : "const";
  const isSimple = Object.keys(node).every((word) => word === listed || JUDGED.has(word) || isAnnotation(word));
  const accepts = isSimple ? simpleJudge(node) : validator(node);
  return choices.filter((value) => accepts(value));
}

function simpleJudge(node: JsonObject): (value: JsonValue) => boolean {
  const kinds = node["type"] === undefined ? undefined : kindsOf(node);
  const least = numberUnder(node, "minimum") ?? Number.NEGATIVE_INFINITY;
  const most = numberUnder(node, "maximum") ?? Number.POSITIVE_INFINITY;
  const above = numberUnder(node, "exclusiveMinimum") ?? Number.NEGATIVE_INFINITY;
  const below = numberUnder(node, "exclusiveMaximum") ?? Number.POSITIVE_INFINITY;
  return (value) => {
    if (kinds !== undefined && !kinds.some((kind) => isOfKind(value, kind))) return false;
    return typeof value !== "number" || (value >= least && value <= most && value > above && value < below);
  };
}

function isOfKind(value: JsonValue, kind: Kind): boolean {
  if (kind === "integer") return Number.isInteger(value);
  if (kind === "null") return value === null;
  if (kind === "array") return Array.isArray(value);
  if (kind === "object") return isJsonObject(value);
  return typeof value === kind;
}
