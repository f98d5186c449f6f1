import type { DatabaseKind } from "../databases/database-kind.ts";
import { canonicalize } from "../integrity/canonical.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import type { ColumnPlan, TablePlan } from "./table-plan.ts";

/** A value as a target takes it: what the engine then says of it is what it was. */
export type Cell = null | boolean | number | bigint | string | Uint8Array;

/** An entity as a row, or the field that the engine cannot hold exactly. */
export type RowResult = { readonly row: readonly Cell[] } | { readonly field: string; readonly problem: string };

/** Makes rows of entities for an engine. */
export function rowWriter(kind: DatabaseKind, table: TablePlan): (entity: JsonObject) => RowResult {
  const encoders = table.columns.map((column) => ({ column, encode: encoder(kind, column) }));
  return (entity) => {
    const row: Cell[] = [];
    for (const { column, encode } of encoders) {
      const value = Object.hasOwn(entity, column.name) ? entity[column.name] : undefined;
      const cell = value === undefined ? null : encode(value);
      if (cell === undefined) return { field: column.name, problem: problemOf(kind, column) };
      row.push(cell);
    }
    return { row };
  };
}

/** The cell of a value; undefined where the engine would make something else of it. */
type Encoder = (value: JsonValue) => Cell | undefined;

function encoder(kind: DatabaseKind, { type }: ColumnPlan): Encoder {
  const [name = "", precision = "", scale = ""] = type.split(/[(),]/);
  const text = textEncoder(kind);
  if (name === "json") return (value) => canonicalPart(value);
  if (name === "boolean") return (value) => (typeof value === "boolean" ? value : undefined);
  if (name === "integer") return (value) => (Number.isSafeInteger(value) ? BigInt(Number(value)) : undefined);
  if (name === "number") return (value) => (typeof value === "number" ? value : undefined);
  if (name === "bytes") return bytesOf;
  if (kind === "sqlite") return text;
  if (name === "decimal") return matching(decimalForm(Number(precision), Number(scale)));
  if (name === "bigint") return matching(kind === "mysql" ? /^(?:0|-?[1-9]\d{0,64})$/ : /^(?:0|-?[1-9]\d{0,999})$/);
  if (name === "date") return matching(/^(?!0000)\d{4}-\d\d-\d\d$/);
  if (name === "timestamp") return moment("");
  if (name === "timestamptz") return moment("Z");
  return text;
}

function textEncoder(kind: DatabaseKind): Encoder {
  return (value) => {
    if (typeof value !== "string") return undefined;
    return kind === "postgres" && value.includes("\0") ? undefined : value;
  };
}

function matching(form: RegExp): Encoder {
  return (value) => (typeof value === "string" && form.test(value) ? value : undefined);
}

function decimalForm(precision: number, scale: number): RegExp {
  const whole = precision > scale ? `(?:0|[1-9]\\d{0,${precision - scale - 1}})` : "0";
  const fraction = scale === 0 ? "" : `\\.\\d{${scale}}`;
  // No engine knows a negative zero.
  return new RegExp(`^(?!-[0.]*$)-?${whole}${fraction}$`);
}

/** A timestamp with exactly this end, no zero at the end of its fraction, and a blank for the T. */
function moment(end: "" | "Z"): Encoder {
  const form = new RegExp(`^((?!0000)\\d{4}-\\d\\d-\\d\\d)T(\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{0,5}[1-9])?)${end}$`);
  return (value) => {
    const [, day, time] = (typeof value === "string" ? form.exec(value) : null) ?? [];
    return day === undefined || time === undefined ? undefined : `${day} ${time}`;
  };
}

function bytesOf(value: JsonValue): Cell | undefined {
  if (typeof value !== "string") return undefined;
  const bytes = Buffer.from(value, "base64");
  return bytes.toString("base64") === value ? bytes : undefined;
}

function canonicalPart(value: JsonValue): string {
  return canonicalize([value]).slice(1, -1);
}

function problemOf(kind: DatabaseKind, { type }: ColumnPlan): string {
  const name = kind === "postgres" ? "PostgreSQL" : kind === "mysql" ? "MySQL" : "SQLite";
  return `${name} cannot hold it exactly as ${type}`;
}
