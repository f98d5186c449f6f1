import type { DatabaseKind } from "../databases/database-kind.ts";
import { quoteIdentifier } from "../databases/identifiers.ts";
import type { ColumnPlan, TablePlan } from "./table-plan.ts";

const TYPES: Readonly<Record<DatabaseKind, Readonly<Record<string, string>>>> = {
  postgres: {
    uuid: "uuid",
    string: "text",
    json: "json",
    boolean: "boolean",
    integer: "bigint",
    number: "double precision",
    bigint: "numeric",
    decimal: "numeric",
    date: "date",
    timestamp: "timestamp",
    timestamptz: "timestamptz",
    bytes: "bytea",
  },
  mysql: {
    uuid: "char(36) CHARACTER SET ascii COLLATE ascii_bin",
    string: "longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    json: "longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    boolean: "boolean",
    integer: "bigint",
    number: "double",
    bigint: "decimal(65,0)",
    decimal: "decimal",
    date: "date",
    timestamp: "datetime(6)",
    timestamptz: "datetime(6)",
    bytes: "longblob",
  },
  sqlite: {
    uuid: "TEXT",
    string: "TEXT",
    json: "TEXT",
    boolean: "INTEGER",
    integer: "INTEGER",
    number: "REAL",
    bigint: "TEXT",
    decimal: "TEXT",
    date: "TEXT",
    timestamp: "TEXT",
    timestamptz: "TEXT",
    bytes: "BLOB",
  },
};

/** The most digits of a DECIMAL, and the most behind its point; MySQL refuses more. */
const MYSQL_DIGITS = { precision: 65, scale: 30 };

/** The statement that makes the table of a module. */
export function createTable(kind: DatabaseKind, table: TablePlan): string {
  const quote = (name: string): string => quoteIdentifier(kind, name);
  const columns = table.columns.map(
    (column) => `${quote(column.name)} ${columnType(kind, column)}${column.required ? " NOT NULL" : ""}`,
  );
  const end = kind === "mysql" ? " ENGINE=InnoDB" : kind === "sqlite" ? " WITHOUT ROWID" : "";
  return `CREATE TABLE ${quote(table.name)} (\n  ${[...columns, `PRIMARY KEY (${quote("id")})`].join(",\n  ")}\n)${end}`;
}

/** The type of a column as an engine writes it. */
export function columnType(kind: DatabaseKind, { type }: ColumnPlan): string {
  const [name = "", precision, scale] = type.split(/[(),]/);
  const own = TYPES[kind][name] ?? "";
  return name === "decimal" && kind !== "sqlite" ? `${own}(${precision},${scale})` : own;
}

/** Why an engine cannot have this table; empty where it can. */
export function tableProblems(kind: DatabaseKind, table: TablePlan): readonly string[] {
  const problems: string[] = [];
  const folded = new Map<string, string>();
  for (const { name, type } of table.columns) {
    const at = `${table.name}.${name}`;
    const low = kind === "postgres" ? name : name.toLowerCase();
    const other = folded.get(low);
    if (other !== undefined)
      problems.push(`${at}: expected names that differ by more than letter case, got ${other} too`);
    folded.set(low, name);
    if (name.includes("\0")) problems.push(`${at}: expected a name without NUL, got one`);
    if (kind !== "sqlite" && Buffer.byteLength(name) > 63) problems.push(`${at}: expected at most 63 bytes, got more`);
    const [kindOf, precision, scale] = type.split(/[(),]/);
    if (kind !== "mysql" || kindOf !== "decimal") continue;
    if (Number(precision) <= MYSQL_DIGITS.precision && Number(scale) <= MYSQL_DIGITS.scale) continue;
    problems.push(`${at}: expected decimal(65,30) at most, got ${type}`);
  }
  return problems;
}
