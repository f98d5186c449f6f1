import { compareCodeUnits } from "../integrity/order.ts";
import { byFirst, type Catalog, type CatalogColumn, type CatalogForeignKey, type CatalogTable } from "./catalog.ts";
import { quoteText } from "./identifiers.ts";
import type { MysqlSession } from "./mysql-session.ts";

const TABLES = "SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?";
const COLUMNS = `SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, EXTRA, COLLATION_NAME
  FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? ORDER BY TABLE_NAME, ORDINAL_POSITION`;
const KEYS = `SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS
  WHERE TABLE_SCHEMA = ? AND NON_UNIQUE = 0 ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`;
const FOREIGN_KEYS = `SELECT TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME,
    REFERENCED_COLUMN_NAME
  FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = ? AND REFERENCED_TABLE_NAME IS NOT NULL
  ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION`;
/** MariaDB keeps JSON as text with a check of this form. */
const JSON_CHECKS = `SELECT TABLE_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = ?`;

type Cells = readonly (string | null)[];

/** Reads the tables and views of the database of a session. */
export async function readMysqlCatalog(session: MysqlSession): Promise<Catalog> {
  const { database } = session.place;
  const ask = (sql: string): Promise<readonly Cells[]> =>
    session.rows(
      "Reading the catalog",
      sql.replace("?", () => quoteText(database)),
    );
  const relations = await ask(TABLES);
  const columns = byFirst(await ask(COLUMNS));
  const keys = byFirst(await ask(KEYS));
  const foreignKeys = byFirst(await ask(FOREIGN_KEYS));
  // MySQL itself has no TABLE_NAME there, and a type of its own for JSON.
  const checks = byFirst(await ask(JSON_CHECKS).catch(() => []));
  const tables = relations.map(([name = null, type]): CatalogTable => {
    const clauses = (checks.get(name) ?? []).map(([, clause]) => clause ?? "");
    const own = (columns.get(name) ?? []).map((cells) => columnOf(cells, clauses));
    const unique = keysOf(keys.get(name) ?? []);
    const required = new Set(own.filter(({ nullable }) => !nullable).map((column) => column.name));
    return {
      schema: database,
      name: name ?? "",
      kind: TABLE_TYPES.has(type ?? "") ? "table" : "view",
      columns: own,
      primaryKey: unique.get("PRIMARY") ?? [],
      uniqueKeys: [...unique]
        .filter(([index, names]) => index !== "PRIMARY" && names.every((one) => required.has(one)))
        .map(([, names]) => names),
      foreignKeys: foreignKeysOf(foreignKeys.get(name) ?? []),
    };
  });
  return { tables: tables.sort((a, b) => compareCodeUnits(a.name, b.name)) };
}

/** A table of MariaDB that keeps its history is one too. */
const TABLE_TYPES = new Set(["BASE TABLE", "SYSTEM VERSIONED"]);

function columnOf([, name, type, nullable, extra, collation]: Cells, checks: readonly string[]): CatalogColumn {
  const isJson = checks.some((clause) => clause.toLowerCase() === `json_valid(\`${(name ?? "").toLowerCase()}\`)`);
  return {
    name: name ?? "",
    databaseType: type ?? "",
    type: isJson ? "json" : mysqlType(type ?? ""),
    nullable: nullable !== "NO",
    generated: /GENERATED/.test(extra ?? "") && !/DEFAULT_GENERATED/.test(extra ?? ""),
    collation: collation ?? undefined,
    folds: collation !== null && collation !== undefined && !NO_FOLD.test(collation),
    labels: labelsOf(type ?? ""),
  };
}

/** `utf8mb4_bin` itself takes `a` and `a` with a blank behind it for equal. */
const NO_FOLD = /^binary$|_nopad_bin$|_0900_bin$/;

/** The catalog doubles quotes and writes other characters with a backslash, whatever the session is set to. */
function labelsOf(type: string): string[] | undefined {
  if (!type.startsWith("enum(")) return undefined;
  const plain = (label: string): string =>
    label.replace(/''|\\(.)/gs, (_, escaped?: string) => (escaped === undefined ? "'" : (ESCAPES[escaped] ?? escaped)));
  return [...type.matchAll(/'((?:[^'\\]|''|\\.)*)'/gs)].map(([, label = ""]) => plain(label));
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "0": "\0", Z: "\u001a" };

function keysOf(rows: readonly Cells[]): Map<string, string[]> {
  const keys = new Map<string, (string | null)[]>();
  for (const [, index, column, part] of rows) {
    // A key over the first characters of a column, or over an expression, says nothing of whole values.
    const name = part === null ? (column ?? null) : null;
    keys.set(index ?? "", [...(keys.get(index ?? "") ?? []), name]);
  }
  return new Map([...keys].filter((one): one is [string, string[]] => !one[1].includes(null)));
}

function foreignKeysOf(rows: readonly Cells[]): CatalogForeignKey[] {
  return [...byFirst(rows.map(([, ...rest]) => rest)).values()].map((parts) => ({
    columns: parts.map(([, column]) => column ?? ""),
    targetSchema: parts[0]?.[2] ?? undefined,
    target: parts[0]?.[3] ?? "",
    targetColumns: parts.map((part) => part[4] ?? ""),
  }));
}

/** The canonical type of a type of MySQL or MariaDB as COLUMN_TYPE prints it; `string` for any other. */
export function mysqlType(printed: string): string {
  const [word = ""] = printed.split(/[( ]/);
  const size = /\((\d+)(?:,(\d+))?\)/.exec(printed);
  if (word === "decimal") return `decimal(${size?.[1] ?? "10"},${size?.[2] ?? "0"})`;
  if (word === "char" || word === "varchar") {
    return Number(size?.[1]) <= 65535 ? `string(${size?.[1] ?? ""})` : "string";
  }
  return TYPES[word] ?? "string";
}

const TYPES: Readonly<Record<string, string>> = {
  tinyint: "integer",
  smallint: "integer",
  mediumint: "integer",
  int: "integer",
  year: "integer",
  bigint: "bigint",
  float: "number",
  double: "number",
  date: "date",
  time: "time",
  datetime: "timestamp",
  timestamp: "timestamptz",
  json: "json",
  uuid: "uuid",
  binary: "bytes",
  varbinary: "bytes",
  tinyblob: "bytes",
  blob: "bytes",
  mediumblob: "bytes",
  longblob: "bytes",
  geometry: "bytes",
  point: "bytes",
  linestring: "bytes",
  polygon: "bytes",
  multipoint: "bytes",
  multilinestring: "bytes",
  multipolygon: "bytes",
  geometrycollection: "bytes",
  // As MySQL 8 prints it.
  geomcollection: "bytes",
  vector: "bytes",
};
