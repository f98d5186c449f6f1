import { isJsonObject, type JsonObject } from "../model/json.ts";
import type { FieldDefinition, InvariantDefinition, ModuleDefinition } from "../model/module.ts";
import type { Problems } from "./problems.ts";
import { assertCompiles } from "./schema-compiler.ts";

const TWO_FIELDS = new Set(["less", "lessOrEqual", "equal", "notEqual"]);
const ONE_FIELD_AND_VALUE = new Set(["minimum", "maximum"]);

/** Notes where module.json and schema.json of one module do not fit each other or promise nothing. */
export function checkModule(module: ModuleDefinition, folder: string, problems: Problems): void {
  checkSchema(module.schema, `${folder}/schema.json`, problems);
  const properties = isJsonObject(module.schema["properties"]) ? module.schema["properties"] : {};
  for (const field of module.fields) checkField(field, module, properties, { file: `${folder}/module.json`, problems });
  checkRequired(module, properties, `${folder}/module.json`, problems);
  for (const invariant of module.invariants) {
    checkInvariant(invariant, properties, `${folder}/module.json`, problems);
  }
}

function checkSchema(schema: JsonObject, file: string, problems: Problems): void {
  try {
    assertCompiles(schema);
  } catch (error) {
    problems.add(file, "", "a valid JSON Schema 2020-12", error instanceof Error ? error.message : String(error));
    return;
  }
  if (schema["type"] !== "object") problems.add(file, "/type", '"object"', JSON.stringify(schema["type"] ?? null));
  if (schema["additionalProperties"] !== false) {
    problems.add(file, "/additionalProperties", "false", JSON.stringify(schema["additionalProperties"] ?? null));
  }
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  for (const name of ["id", "schemaVersion"]) {
    if (!required.includes(name)) problems.add(file, "/required", JSON.stringify(name), "a list without it");
  }
}

interface Where {
  readonly file: string;
  readonly problems: Problems;
}

function checkField(field: FieldDefinition, module: ModuleDefinition, properties: JsonObject, where: Where): void {
  const at = `/fields/${field.name}`;
  if (field.name === "id") where.problems.add(where.file, at, "no rule: the id comes from the registry", "a rule");
  if (properties[field.name] === undefined && module.mapper === undefined) {
    where.problems.add(where.file, at, "a property of schema.json", "a field that the schema does not know");
  }
  const annotated = module.references.find((reference) => reference.path[0] === field.name && isDirect(reference.path));
  if (annotated?.target !== field.ref && module.mapper === undefined) {
    const expected = annotated === undefined ? "no reference, as schema.json says" : `ref ${annotated.target}`;
    where.problems.add(where.file, `${at}/ref`, expected, field.ref ?? "no ref");
  }
}

/** A reference that a field rule can produce: the field itself or the elements of its array. */
function isDirect(path: readonly string[]): boolean {
  return path.length === 1 || (path.length === 2 && path[1] === "*");
}

function checkRequired(module: ModuleDefinition, properties: JsonObject, file: string, problems: Problems): void {
  if (module.mapper !== undefined) return;
  const given = new Set(module.fields.map((field) => field.name));
  for (const name of Object.keys(properties)) {
    if (name === "id" || given.has(name)) continue;
    problems.add(file, `/fields/${name}`, "a rule for this property of schema.json", "none");
  }
}

function checkInvariant(rule: InvariantDefinition, properties: JsonObject, file: string, problems: Problems): void {
  const at = `/invariants/${rule.name}`;
  for (const name of rule.fields) {
    if (properties[name] === undefined) problems.add(file, at, "fields of schema.json", JSON.stringify(name));
  }
  const count = rule.fields.length;
  if (TWO_FIELDS.has(rule.rule) && count !== 2) problems.add(file, at, "two fields", `${count}`);
  if (ONE_FIELD_AND_VALUE.has(rule.rule)) {
    if (count !== 1) problems.add(file, at, "one field", `${count}`);
    if (rule.value === undefined) problems.add(file, at, "a value to compare with", "none");
  } else if (rule.value !== undefined) {
    problems.add(file, at, "no value", "a value that the rule does not use");
  }
  if (rule.rule === "requires" && count < 2) problems.add(file, at, "two fields or more", `${count}`);
}
