import { compileShape, expectedBy, type ValidatorError } from "../../config/schema-compiler.ts";
import type { LintBook } from "./lint-book.ts";
import { PLAN_SCHEMA } from "./schema.ts";
import { pointerOf, type YamlSource } from "./yaml-source.ts";

const VERBS = "probe, sh, http, sql, flip, manual, wait, see";
const READ_VERBS = "probe, http, sql, see, manual, wait";

/** Notes every place where the plan does not have the shape of the published schema. */
export function checkSchema(source: YamlSource, book: LintBook): void {
  const validate = compileShape(PLAN_SCHEMA);
  if (validate(source.value)) return;
  const said = new Set<string>();
  for (const error of validate.errors ?? []) {
    const text = words(error);
    if (text === undefined) continue;
    const extra: unknown = error.params["additionalProperty"];
    const at = typeof extra === "string" ? pointerOf(error.instancePath, extra) : error.instancePath;
    if (said.has(`${at} ${text}`)) continue;
    said.add(`${at} ${text}`);
    book.error(source.lineOf(at), at, text);
  }
}

/** What one error of the validator means to the author of a plan; undefined = it only repeats another. */
function words(error: ValidatorError): string | undefined {
  const { keyword, schemaPath } = error;
  if (keyword === "if" || keyword === "allOf") return undefined;
  if (/\/(oneOf|anyOf)\/\d+\/required$/.test(schemaPath)) return undefined;
  if (keyword === "oneOf") return choice(error);
  if (/\/oneOf\/\d+\//.test(schemaPath)) return undefined;
  if (keyword === "anyOf") return "expected `on` only beside probe or sh";
  if (keyword === "additionalProperties") return unknownKey(error);
  if (keyword === "propertyNames") return undefined;
  if (keyword === "required" && error.params["missingProperty"] === "read") {
    return "expected `read: true`: a check only reads, and this request or statement might not";
  }
  if (keyword === "false schema") return "expected `db` only beside sql";
  return `expected ${expectedBy(error)}`;
}

function choice(error: ValidatorError): string {
  const branches: unknown = error.schema;
  const verbs = Array.isArray(branches) ? branches.map(onlyRequired) : [];
  if (verbs.length > 0 && verbs.every((verb) => verb !== undefined))
    return `expected exactly one of ${verbs.join(", ")}`;
  return "expected one of the forms the plan reference gives for this place";
}

function onlyRequired(branch: unknown): string | undefined {
  if (typeof branch !== "object" || branch === null || Object.keys(branch).length !== 1) return undefined;
  const required: unknown = Reflect.get(branch, "required");
  return Array.isArray(required) ? required.join(" and ") : undefined;
}

function unknownKey(error: ValidatorError): string {
  const key = String(error.params["additionalProperty"]);
  if ((key === "sh" || key === "flip") && error.schemaPath.includes("check")) {
    return `${key} changes things, and nothing here may: use one of ${READ_VERBS}`;
  }
  return VERBS.split(", ").includes(key) ? `the verb ${key} is not allowed here` : `unknown key ${key}`;
}
