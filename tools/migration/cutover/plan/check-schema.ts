import { compileShape, expectedBy, type ValidatorError } from "../../config/schema-compiler.ts";
import { isJsonObject, type JsonValue } from "../../model/json.ts";
import type { LintBook } from "./lint-book.ts";
import { PLAN_SCHEMA } from "./schema.ts";
import { pointerOf, type YamlSource } from "./yaml-source.ts";

const VERBS = "probe, sh, http, sql, flip, manual, wait, see";
const STOP_VERBS = "use, probe, http, manual";
const READ_VERBS = "probe, http, sql, see, manual, wait";

/** Notes every place where the plan does not have the shape of the published schema. */
export function checkSchema(source: YamlSource, book: LintBook): void {
  const validate = compileShape(PLAN_SCHEMA);
  if (validate(source.value)) return;
  const said = new Set<string>();
  for (const error of validate.errors ?? []) {
    const text = words(error, source.value);
    if (text === undefined) continue;
    const extra: unknown = error.params["additionalProperty"];
    const at = typeof extra === "string" ? pointerOf(error.instancePath, extra) : error.instancePath;
    if (said.has(`${at} ${text}`)) continue;
    said.add(`${at} ${text}`);
    book.error(source.lineOf(at), at, text);
  }
}

/** What one error of the validator means to the author of a plan; undefined = it only repeats another. */
function words(error: ValidatorError, value: JsonValue): string | undefined {
  const { keyword, schemaPath } = error;
  if (keyword === "if" || keyword === "allOf") return undefined;
  if (/\/(oneOf|anyOf)\/\d+\/required$/.test(schemaPath)) return undefined;
  if (keyword === "oneOf") return choice(error, value);
  if (/\/oneOf\/\d+\//.test(schemaPath)) return undefined;
  if (keyword === "anyOf") return "expected `on` only beside probe or sh, or a manual step that `writes`";
  if (keyword === "additionalProperties") return unknownKey(error);
  if (keyword === "propertyNames") return undefined;
  if (keyword === "required" && error.params["missingProperty"] === "read") {
    return "expected `read: true`: a check only reads, and this request or statement might not";
  }
  if (keyword === "false schema") return "expected `db` only beside sql";
  return `expected ${expectedBy(error)}`;
}

/** Verbs stand where an action does: anything else that has forms to choose from is no object with a verb. */
function choice(error: ValidatorError, value: JsonValue): string {
  const found = at(value, error.instancePath);
  const isForm = ["url", "link", "file", "schema"].some((word) => isJsonObject(found) && word in found);
  if (!isJsonObject(found) || isForm) return "expected one of the forms the plan reference gives for this place";
  if ("then" in found) return `expected exactly one of ${STOP_VERBS}`;
  const readsOnly = /^\/(checks|gates)\/|\/(done_if|evidence)(\/|$)/.test(error.instancePath);
  return `expected exactly one of ${readsOnly ? READ_VERBS : VERBS}`;
}

function at(value: JsonValue, pointer: string): JsonValue | undefined {
  let found: JsonValue | undefined = value;
  for (const token of pointer.split("/").slice(1)) {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(found)) found = found[Number(key)];
    else found = isJsonObject(found) ? found[key] : undefined;
  }
  return found;
}

function unknownKey(error: ValidatorError): string {
  const key = String(error.params["additionalProperty"]);
  if (key === "sh" || key === "flip") {
    return `${key} changes things, and nothing here may: use one of ${READ_VERBS}`;
  }
  return VERBS.split(", ").includes(key) ? `the verb ${key} is not allowed here` : `unknown key ${key}`;
}
