import { type Catalog, type CatalogTable, rowKey } from "../databases/catalog.ts";
import { quoteIdentifier, quoteTable, quoteText } from "../databases/identifiers.ts";
import type { MysqlField, MysqlSession } from "../databases/mysql-session.ts";
import { MigrationError } from "../model/errors.ts";
import { findLost, type Wanted, withoutKey } from "./collection.ts";
import { foldedSql, isEnforced } from "./folded-keys.ts";
import type { KeyColumn } from "./key-order.ts";
import { type MysqlKind, mysqlKind } from "./mysql-cells.ts";

/** What a source knows of a table, view or query of MySQL. */
export interface MysqlCollection {
  readonly columns: readonly string[];
  readonly cells: readonly { readonly kind: MysqlKind; readonly width: number }[];
  readonly select: string;
  readonly order: readonly KeyColumn[];
}

/** Looks a collection up; what is wrong with it is added to `problems`. */
export async function findMysqlCollection(
  session: MysqlSession,
  catalog: Catalog,
  wanted: Wanted,
  problems: string[],
): Promise<MysqlCollection | undefined> {
  const { label, database } = session.place;
  const { name, query } = wanted;
  const table = query === undefined ? catalog.tables.find((one) => one.name === name) : undefined;
  const expected = `${label}: expected`;
  if (query === undefined && table === undefined) {
    problems.push(`${expected} a table or view ${JSON.stringify(name)}, got none of that name`);
    return undefined;
  }
  if (table?.kind === "table") {
    const problem = await tableProblem(session, table, database);
    if (problem !== undefined) {
      problems.push(`${expected} ${problem}`);
      return undefined;
    }
  }
  const from = table === undefined ? `(${query ?? ""}\n) AS q` : quoteTable("mysql", table);
  try {
    return await describe(session, { from, table, wanted }, problems);
  } catch (error) {
    if (!(error instanceof MigrationError) || error.code === "CONNECTION_LOST") throw error;
    problems.push(error.message);
    return undefined;
  }
}

/** A table must have a key, and an engine that knows snapshots: another one would show what is written meanwhile. */
async function tableProblem(session: MysqlSession, table: CatalogTable, database: string): Promise<string | undefined> {
  if (rowKey(table) === undefined) return `a primary key of ${table.name}, got none${withoutKey("MySQL")}`;
  const sql = `SELECT t.ENGINE, e.TRANSACTIONS FROM information_schema.TABLES t
    LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
    WHERE t.TABLE_SCHEMA = ${quoteText(database)} AND t.TABLE_NAME = ${quoteText(table.name)}`;
  const [row] = await session.rows(`Looking at ${table.name}`, sql);
  if (row?.[1] === "YES") return undefined;
  return `an engine with snapshots for ${table.name}, such as InnoDB, got ${row?.[0] ?? "none"}`;
}

interface Described {
  readonly from: string;
  readonly table: CatalogTable | undefined;
  readonly wanted: Wanted;
}

async function describe(
  session: MysqlSession,
  { from, table, wanted }: Described,
  problems: string[],
): Promise<MysqlCollection> {
  const action = `Looking at ${wanted.name}`;
  const fields = await fieldsOf(session, action, from, table);
  const columns = fields.map(({ name }) => name);
  const lost = findLost(columns, wanted);
  if (lost !== undefined) problems.push(`${session.place.label}: expected of ${wanted.name} ${lost}`);
  const cells = fields.map((field) => ({ kind: mysqlKind(field), width: field.length }));
  const keys = [...new Set([...wanted.key, ...((table && rowKey(table)) ?? [])])].filter((name) =>
    columns.includes(name),
  );
  const order = keys.map((name): KeyColumn => ({ at: columns.indexOf(name), name }));
  const bytesOf = ({ at, name }: KeyColumn): string => byBytes(quoteIdentifier("mysql", name), cells[at]?.kind);
  const list = columns.map((name, at) => selected(quoteIdentifier("mysql", name), cells[at]?.kind));
  const select = `SELECT ${list.join()} FROM ${from}`;
  const orderBy = order.map(bytesOf).join();
  const texts = order.filter(({ at, name }) => wanted.key.includes(name) && cells[at]?.kind === "text");
  if (texts.length > 0 && lost === undefined && !isEnforced(table, wanted.key)) {
    const names = order
      .filter(({ name }) => wanted.key.includes(name))
      .map(({ name }) => quoteIdentifier("mysql", name));
    const { rows } = await session.query(action, foldedSql(from, names, texts.map(bytesOf)));
    if (rows.length > 0) problems.push(`${session.place.label}: expected of ${wanted.name} ${FOLDED}`);
  }
  return { columns, cells, order, select: orderBy === "" ? select : `${select} ORDER BY ${orderBy}` };
}

const FOLDED =
  "legacy keys that its collation tells apart, got two that it takes for one: read it by a query with COLLATE utf8mb4_nopad_bin (MariaDB) or utf8mb4_0900_bin (MySQL)";

/** `*` leaves invisible columns out, which nobody may lose; a column that may not be read still fails by it. */
async function fieldsOf(
  session: MysqlSession,
  action: string,
  from: string,
  table: CatalogTable | undefined,
): Promise<readonly MysqlField[]> {
  const { fields } = await session.query(action, `SELECT * FROM ${from} LIMIT 0`);
  const seen = new Set(fields.map(({ name }) => name));
  const hidden = (table?.columns ?? []).filter(({ name }) => !seen.has(name));
  if (hidden.length === 0) return fields;
  const names = hidden.map(({ name }) => quoteIdentifier("mysql", name));
  return (await session.query(action, `SELECT *, ${names.join()} FROM ${from} LIMIT 0`)).fields;
}

/** FLOAT is printed with six digits; as a DOUBLE it is printed whole. */
function selected(column: string, kind: MysqlKind | undefined): string {
  return kind === "single" ? `${column} + 0e0` : column;
}

/** Integers and bytes are in the order of their bytes by themselves; everything else is ordered as the bytes of its text. */
function byBytes(column: string, kind: MysqlKind | undefined): string {
  return kind === "integer" || kind === "bytes" ? column : `CAST(CONVERT(${column} USING utf8mb4) AS BINARY)`;
}
