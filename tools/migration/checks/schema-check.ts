import { compileSchema, expectedBy, type Validator, type ValidatorError } from "../config/schema-compiler.ts";
import { type FindingPlace, type FindingSink, finding } from "../model/finding.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../model/json.ts";
import { printableKey } from "../model/printable.ts";

/** Reports every place where an entity does not satisfy its schema. */
export type EntityCheck = (entity: JsonObject, place: FindingPlace, sink: FindingSink) => void;

/**
 * The schema of a module as a check, compiled when the first entity needs it; each error becomes a finding that names the
 * keyword, never the value.
 */
export function compileSchemaCheck(schema: JsonObject): EntityCheck {
  let validate: Validator | undefined;
  return (entity, place, sink) => {
    validate ??= compileSchema(schema);
    if (validate(entity)) return;
    for (const error of validate.errors ?? []) {
      const field = fieldOf(error);
      const expected = expectedBy(error);
      sink(finding("SCHEMA_VIOLATION", { ...place, field, rule: error.keyword, expected, got: kindAt(entity, error) }));
    }
  };
}

function fieldOf(error: ValidatorError): string {
  const extra: unknown = error.params["additionalProperty"];
  const base = error.instancePath.slice(1).split("/").map(printableKey).join("/");
  if (typeof extra !== "string") return base;
  return `${base === "" ? "" : `${base}/`}${printableKey(extra)}`;
}

function kindAt(entity: JsonObject, error: ValidatorError): string {
  if (error.keyword === "additionalProperties") return "an unknown property";
  if (error.keyword === "required") return "nothing";
  let at: JsonValue | undefined = entity;
  for (const token of error.instancePath.split("/").slice(1)) {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    at = Array.isArray(at) ? at[Number(key)] : isJsonObject(at) ? at[key] : undefined;
  }
  return at === null ? "null" : Array.isArray(at) ? "array" : typeof at;
}
