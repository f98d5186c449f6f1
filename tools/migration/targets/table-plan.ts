import { isJsonObject, type JsonObject, type JsonValue } from "../model/json.ts";
import type { ModuleDefinition } from "../model/module.ts";

/**
 * What a column of a target holds. `text` and `json` are as they stand in the entity; a canonical type is brought into the
 * engine's own and back without a change.
 */
export interface ColumnPlan {
  readonly name: string;
  /** A canonical type, or `json` for what has parts, may be null or is of more than one kind: its canonical JSON. */
  readonly type: string;
  readonly required: boolean;
  /** Module that it points at. */
  readonly ref: string | undefined;
}

/** A table for the entities of a module; its primary key is `id`. */
export interface TablePlan {
  readonly name: string;
  readonly columns: readonly ColumnPlan[];
}

/** Canonical types whose values an engine's own type gives back exactly as they were. */
const EXACT = /^(?:bigint|date|timestamp|timestamptz|bytes|decimal\(\d+,\d+\))$/;

/** The table of a module: a column for each property of its schema, `id` first. */
export function planTable(module: ModuleDefinition): TablePlan {
  const properties = objectIn(module.schema, "properties");
  const required = new Set(listIn(module.schema, "required"));
  const names = ["id", ...Object.keys(properties).filter((name) => name !== "id")];
  const columns = names.map((name): ColumnPlan => {
    const property = objectIn(properties, name);
    const ref = typeof property["ref"] === "string" && property["type"] === "string" ? property["ref"] : undefined;
    return { name, type: typeOf(name, property, module), required: required.has(name), ref };
  });
  return { name: module.name, columns };
}

function typeOf(name: string, property: JsonObject, module: ModuleDefinition): string {
  if (name === "id") return "uuid";
  const { type, format } = property;
  if (type === "boolean" || type === "integer" || type === "number") return type;
  if (type !== "string") return "json";
  if (format === "uuid") return "uuid";
  // A mapper function may make something else of a value than the rule of its field says.
  const field = module.mapper === undefined ? module.fields.find((one) => one.name === name) : undefined;
  const declared = field?.value === undefined && field?.ref === undefined ? field?.type : undefined;
  return declared !== undefined && EXACT.test(declared) ? declared : "string";
}

function objectIn(value: JsonObject, name: string): JsonObject {
  const part = Object.hasOwn(value, name) ? value[name] : undefined;
  return isJsonObject(part) ? part : {};
}

function listIn(value: JsonObject, name: string): readonly JsonValue[] {
  const part = value[name];
  return Array.isArray(part) ? part : [];
}
