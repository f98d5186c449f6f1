import type Database from "better-sqlite3";

/** What SQLite knows about a table or view. */
export interface SqliteCollection {
  readonly columns: readonly string[];
  /** A name of the rowid that no column hides; undefined for views, virtual tables and tables without rowid. */
  readonly rowid: string | undefined;
}

/** A name in double quotes, safe in any statement. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Looks a table or view up by its exact name; undefined where there is none. */
export function findCollection(db: Database.Database, name: string): SqliteCollection | undefined {
  const found = db
    .prepare<[string], [string, number]>("SELECT type, wr FROM pragma_table_list WHERE schema = 'main' AND name = ?")
    .raw()
    .get(name);
  if (found === undefined) return undefined;
  const [type, withoutRowid] = found;
  const columns = db
    .prepare<[string], string>("SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid")
    .pluck()
    .all(name);
  const taken = new Set(columns.map((column) => column.toLowerCase()));
  const rowid = ["rowid", "_rowid_", "oid"].find((word) => !taken.has(word));
  return { columns, rowid: type === "table" && withoutRowid === 0 ? rowid : undefined };
}

/** The names of all tables and views, for a message. */
export function collectionNames(db: Database.Database): readonly string[] {
  const sql =
    "SELECT name FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name";
  return db.prepare<[], string>(sql).pluck().all();
}
