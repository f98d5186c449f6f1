import type Database from "better-sqlite3";
import { compareCodeUnits } from "../integrity/order.ts";
import type { Catalog, CatalogColumn, CatalogForeignKey, CatalogTable } from "./catalog.ts";

/** Reads the tables and views of an SQLite database; tables of the engine itself are left out. */
export function readSqliteCatalog(db: Database.Database): Catalog {
  const sql =
    "SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'view', 'virtual') AND name NOT LIKE 'sqlite!_%' ESCAPE '!'";
  const found = db.prepare<[], [string, string]>(sql).raw().all();
  return {
    tables: found
      .map(([name, type]) => readSqliteTable(db, name, type === "view" ? "view" : "table"))
      .sort((a, b) => compareCodeUnits(a.name, b.name)),
  };
}

/** Reads one table or view. */
export function readSqliteTable(db: Database.Database, name: string, kind: "table" | "view"): CatalogTable {
  const columns = db
    .prepare<[string], [string, string, number, number, number]>(
      'SELECT name, type, "notnull", pk, hidden FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid',
    )
    .raw()
    .all(name);
  const keys = columns.filter(([, , , pk]) => pk > 0).sort((a, b) => a[3] - b[3]);
  const collations = collationsOf(db, name);
  const required = new Set(columns.filter(([, , notNull, pk]) => notNull === 1 || pk > 0).map(([column]) => column));
  return {
    schema: undefined,
    name,
    kind,
    columns: columns.map(([column, type, notNull, pk, hidden]): CatalogColumn => {
      const collation = collations.get(column);
      return {
        name: column,
        databaseType: type,
        type: sqliteType(type),
        nullable: notNull === 0 && pk === 0,
        generated: hidden > 1,
        collation,
        folds: collation !== undefined && collation.toUpperCase() !== "BINARY",
        labels: undefined,
      };
    }),
    primaryKey: keys.map(([column]) => column),
    uniqueKeys: uniqueKeysOf(db, name).filter((key) => key.every((column) => required.has(column))),
    foreignKeys: foreignKeysOf(db, name),
  };
}

/**
 * The canonical type that a declared type of SQLite speaks of. SQLite itself enforces hardly any, so a value may be of
 * another kind; that is a finding then.
 */
export function sqliteType(declared: string): string {
  const text = declared.toUpperCase().trim();
  const sized = /^(?:DECIMAL|NUMERIC|NUMBER|DEC)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)$/.exec(text);
  if (sized !== null) return `decimal(${sized[1] ?? ""},${sized[2] ?? "0"})`;
  if (/BIGINT|INT8|UNSIGNED BIG/.test(text)) return "bigint";
  if (/INT/.test(text)) return "integer";
  if (/CHAR|CLOB|TEXT|STRING/.test(text)) return "string";
  if (/BLOB|BINARY|BYTEA/.test(text)) return "bytes";
  if (/REAL|FLOA|DOUB/.test(text)) return "number";
  if (/BOOL/.test(text)) return "boolean";
  if (/TIMESTAMPTZ|WITH TIME ZONE/.test(text)) return "timestamptz";
  if (/DATETIME|TIMESTAMP/.test(text)) return "timestamp";
  if (/^DATE\b/.test(text)) return "date";
  if (/^TIME\b/.test(text)) return "time";
  if (/JSON/.test(text)) return "json";
  if (/UUID|GUID/.test(text)) return "uuid";
  return /DEC|NUM|MONEY/.test(text) ? "decimal" : "string";
}

function collationsOf(db: Database.Database, table: string): ReadonlyMap<string, string> {
  const sql =
    "SELECT x.name, x.coll FROM pragma_index_list(?) AS l, pragma_index_xinfo(l.name) AS x WHERE x.key = 1 AND x.name IS NOT NULL AND l.origin IN ('pk', 'u')";
  return new Map(db.prepare<[string], [string, string]>(sql).raw().all(table));
}

function uniqueKeysOf(db: Database.Database, table: string): string[][] {
  const sql =
    "SELECT l.name, x.name FROM pragma_index_list(?) AS l, pragma_index_info(l.name) AS x WHERE l.\"unique\" = 1 AND l.partial = 0 AND l.origin <> 'pk' ORDER BY l.name, x.seqno";
  const keys = new Map<string, (string | null)[]>();
  for (const [index, column] of db.prepare<[string], [string, string | null]>(sql).raw().all(table)) {
    keys.set(index, [...(keys.get(index) ?? []), column]);
  }
  // An expression has no name; such an index says nothing of columns.
  return [...keys.values()].filter((key): key is string[] => !key.includes(null));
}

function foreignKeysOf(db: Database.Database, table: string): CatalogForeignKey[] {
  const sql = 'SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(?) ORDER BY id DESC, seq';
  const keys = new Map<number, { target: string; from: string[]; to: (string | null)[] }>();
  for (const [id, target, from, to] of db
    .prepare<[string], [number, string, string, string | null]>(sql)
    .raw()
    .all(table)) {
    const key = keys.get(id) ?? { target, from: [], to: [] };
    key.from.push(from);
    key.to.push(to);
    keys.set(id, key);
  }
  return [...keys.values()].map(({ target, from, to }) => ({
    columns: from,
    targetSchema: undefined,
    target,
    targetColumns: to.includes(null) ? primaryKeyOf(db, target) : to.map(String),
  }));
}

function primaryKeyOf(db: Database.Database, table: string): string[] {
  const sql = "SELECT name FROM pragma_table_xinfo(?) WHERE pk > 0 ORDER BY pk";
  return db.prepare<[string], string>(sql).pluck().all(table);
}
