import type Database from "better-sqlite3";
import { rowKey } from "../databases/catalog.ts";
import { quoteIdentifier } from "../databases/identifiers.ts";
import { readSqliteTable } from "../databases/sqlite-catalog.ts";
import { findLost, type Wanted, withoutKey } from "./collection.ts";
import { foldedSql, isEnforced } from "./folded-keys.ts";
import type { KeyColumn } from "./key-order.ts";

/** What SQLite knows of a table, view or query. */
export interface SqliteCollection {
  /** What stands behind FROM. */
  readonly from: string;
  readonly columns: readonly string[];
  /** A name of the rowid that no column hides; undefined where there is none. */
  readonly rowid: string | undefined;
  /** True where the order of rowid is that of the key. */
  readonly rowidIsKey: boolean;
  /** Columns of the key, by which rows are put in order; empty where none is known. */
  readonly order: readonly KeyColumn[];
}

/** A name in double quotes, safe in any statement. */
export function quoted(name: string): string {
  return quoteIdentifier("sqlite", name);
}

/** Looks a collection up by its exact name, or what a query gives; a text says what is wrong with it. */
export function findCollection(db: Database.Database, wanted: Wanted): SqliteCollection | string {
  if (wanted.query !== undefined) return findQuery(db, wanted, wanted.query);
  const found = db
    .prepare<[string], [string, number]>("SELECT type, wr FROM pragma_table_list WHERE schema = 'main' AND name = ?")
    .raw()
    .get(wanted.name);
  if (found === undefined) return `a table or view ${JSON.stringify(wanted.name)}, got none of that name`;
  const [type, withoutRowid] = found;
  const table = readSqliteTable(db, wanted.name, type === "view" ? "view" : "table");
  const columns = table.columns.map(({ name }) => name);
  const key = rowKey(table);
  if (type === "table" && key === undefined && wanted.key.length > 0) {
    return `a primary key of ${wanted.name}, got none${withoutKey("SQLite")}`;
  }
  const from = quoted(wanted.name);
  const problem = findFault(db, { from, columns, wanted, isEnforced: isEnforced(table, wanted.key) });
  if (problem !== undefined) return problem;
  const taken = new Set(columns.map((column) => column.toLowerCase()));
  const rowid = ["rowid", "_rowid_", "oid"].find((word) => !taken.has(word));
  const isRowidTable = type === "table" && withoutRowid === 0;
  const order = orderOf(columns, [...wanted.key, ...(key ?? [])]);
  const rowidIsKey = isRowidTable && (order.length === 0 || isAlias(db, wanted.name, order));
  return { from, columns, rowid: isRowidTable ? rowid : undefined, rowidIsKey, order };
}

function findQuery(db: Database.Database, wanted: Wanted, query: string): SqliteCollection | string {
  const from = `(${query}\n) AS q`;
  const columns = db
    .prepare(`SELECT * FROM ${from} LIMIT 0`)
    .columns()
    .map(({ name }) => name);
  const problem = findFault(db, { from, columns, wanted, isEnforced: false });
  return problem ?? { from, columns, rowid: undefined, rowidIsKey: false, order: orderOf(columns, wanted.key) };
}

function orderOf(columns: readonly string[], names: readonly string[]): readonly KeyColumn[] {
  const known = [...new Set(names)].filter((name) => columns.includes(name));
  return known.map((name) => ({ at: columns.indexOf(name), name }));
}

/** True where the first column of the order is the rowid by another name: an INTEGER PRIMARY KEY. */
function isAlias(db: Database.Database, table: string, [first]: readonly KeyColumn[]): boolean {
  const sql = "SELECT name, type FROM pragma_table_info(?) WHERE pk > 0";
  const keys = db.prepare<[string], [string, string]>(sql).raw().all(table);
  // `INTEGER PRIMARY KEY DESC` is the one exception; it has an index of its own.
  const indexed = "SELECT count(*) FROM pragma_index_list(?) WHERE origin = 'pk'";
  const isOwn = db.prepare<[string], number>(indexed).pluck().get(table) === 0;
  return keys.length === 1 && isOwn && keys[0]?.[0] === first?.name && keys[0]?.[1].toUpperCase() === "INTEGER";
}

interface Candidate {
  readonly from: string;
  readonly columns: readonly string[];
  readonly wanted: Wanted;
  readonly isEnforced: boolean;
}

function findFault(db: Database.Database, { from, columns, wanted, isEnforced }: Candidate): string | undefined {
  const lost = findLost(columns, wanted);
  if (lost !== undefined) return `of ${wanted.name} ${lost}`;
  if (wanted.key.length === 0 || isEnforced || !mayFold(db, wanted.query)) return undefined;
  const keys = wanted.key.map(quoted);
  const bytes = keys.map((key) => `${key} COLLATE BINARY`);
  const sql = foldedSql(from, keys, bytes);
  return db.prepare(sql).get() === undefined
    ? undefined
    : `of ${wanted.name} legacy keys that its collation tells apart, got two that it takes for one: read it by a query with COLLATE BINARY`;
}

/** Collations other than BINARY are always named, in a definition or in the query. */
function mayFold(db: Database.Database, query: string | undefined): boolean {
  const named = "SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%collate%'";
  return /collate/i.test(query ?? "") || db.prepare<[], number>(named).pluck().get() !== 0;
}

/** The names of all tables and views, for a message. */
export function collectionNames(db: Database.Database): readonly string[] {
  const sql =
    "SELECT name FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name";
  return db.prepare<[], string>(sql).pluck().all();
}
