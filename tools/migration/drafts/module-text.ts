import type { JsonObject, JsonValue } from "../model/json.ts";
import type { ColumnFacts } from "./column-profile.ts";
import type { FieldDraft, ModuleDraft } from "./draft.ts";
import { isPersonalName } from "./personal-names.ts";

/** What was found in the columns of a module, by field name, and the number of its records. */
export interface ModuleFacts {
  readonly records: number;
  readonly fields: ReadonlyMap<string, ColumnFacts>;
}

const GUESS = "class guessed by init";
const NO_ZERO = "(0|[1-9][0-9]*)";
const DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}";

/** The content of module.json of a draft. */
export function moduleContent(module: ModuleDraft, facts: ModuleFacts): JsonObject {
  const fields = module.fields.map((field) => [field.name, ruleOf(field, facts)] as const);
  const [only] = module.key;
  return {
    format: "candor-module/1",
    source: { collection: module.collection },
    legacyKey: module.key.length === 1 && only !== undefined ? only : module.key,
    schemaVersion: 1,
    // A table that is empty today may be so tomorrow.
    ...(facts.records === 0 ? { allowEmpty: true } : {}),
    fields: Object.fromEntries([...fields, ["schemaVersion", { value: 1 }]]),
  };
}

function ruleOf({ name, columns, ref }: FieldDraft, facts: ModuleFacts): JsonObject {
  const [column = ""] = columns;
  if (columns.length > 1) return { ref: ref ?? "", parts: columns };
  if (ref !== undefined) return { from: column, ref };
  const type = facts.fields.get(name)?.type;
  return type === undefined ? { from: column } : { from: column, type };
}

/** The content of schema.json of a draft. */
export function schemaContent(module: ModuleDraft, facts: ModuleFacts): JsonObject {
  const required = module.fields.filter((field) => isAlways(field, facts)).map(({ name }) => name);
  const properties = module.fields.map((field) => [field.name, propertyOf(field, facts)] as const);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: module.collection,
    type: "object",
    additionalProperties: false,
    required: ["id", ...required, "schemaVersion"],
    properties: Object.fromEntries([
      ["id", { type: "string", format: "uuid", pii: 0 }],
      ...properties,
      ["schemaVersion", { type: "integer", minimum: 1, pii: 0 }],
    ]),
  };
}

/** Where the source promises nothing, what it holds today decides. */
function isAlways(field: FieldDraft, facts: ModuleFacts): boolean {
  if (field.required) return true;
  const nulls = facts.fields.get(field.name)?.nulls;
  return field.declared === undefined && field.ref === undefined && facts.records > 0 && nulls === 0;
}

function propertyOf(field: FieldDraft, facts: ModuleFacts): JsonObject {
  if (field.ref !== undefined) return { type: "string", format: "uuid", ref: field.ref, pii: 1, $comment: GUESS };
  const found = facts.fields.get(field.name);
  const isEnum = found?.isLabelled === true && field.labels !== undefined && found.type === "string";
  const form = isEnum ? { type: "string", enum: field.labels ?? [] } : typeSchema(found?.type);
  return { ...form, ...classOf(field, found), $comment: GUESS };
}

/** The guessed class of a field. */
export function classOf(field: FieldDraft, found: ColumnFacts | undefined): { pii: number; residency?: string } {
  const isPersonal = field.ref === undefined && (found?.isPersonal === true || isPersonalName(field.name));
  return isPersonal ? { pii: 2, residency: "local" } : { pii: 1 };
}

/** The schema of a canonical type; of no type, anything. */
export function typeSchema(type: string | undefined): Record<string, JsonValue> {
  if (type === undefined) return {};
  if (type.endsWith("[]")) return { type: "array", items: orNull(typeSchema(type.slice(0, -2))) };
  const [name = "", first = "", second = "0"] = type.split(/[(),]/);
  if (name === "string" && first !== "") return { type: "string", maxLength: Number(first) };
  if (name === "decimal" && first !== "")
    return { type: "string", pattern: decimalPattern(Number(first), Number(second)) };
  return SCHEMAS[name] ?? {};
}

const SCHEMAS: Readonly<Record<string, Record<string, JsonValue>>> = {
  string: { type: "string" },
  integer: { type: "integer" },
  bigint: { type: "string", pattern: `^-?${NO_ZERO}$` },
  number: { type: "number" },
  decimal: { type: "string", pattern: `^-?${NO_ZERO}(\\.[0-9]+)?$` },
  boolean: { type: "boolean" },
  date: { type: "string", format: "date" },
  time: { type: "string", pattern: "^[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,6})?)?$" },
  timestamp: {
    type: "string",
    pattern: `^${DAY}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})?$`,
  },
  timestamptz: { type: "string", pattern: `^${DAY}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,6})?Z$` },
  uuid: { type: "string", format: "uuid" },
  bytes: { type: "string" },
  json: {},
};

function decimalPattern(precision: number, scale: number): string {
  const whole = precision > scale ? `(0|[1-9][0-9]{0,${precision - scale - 1}})` : "0";
  return scale === 0 ? `^-?${whole}$` : `^-?${whole}\\.[0-9]{${scale}}$`;
}

function orNull(schema: Record<string, JsonValue>): JsonObject {
  const { type } = schema;
  return typeof type === "string" ? { ...schema, type: [type, "null"] } : schema;
}
