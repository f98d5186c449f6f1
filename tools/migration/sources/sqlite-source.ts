import { systemCode } from "../model/errors.ts";
import type { Wanted } from "./collection.ts";
import { readCollection } from "./read-collection.ts";
import type { Source } from "./source.ts";
import { changed, lacks } from "./source-errors.ts";
import type { SqliteRange } from "./source-range.ts";
import { collectionNames, findCollection, type SqliteCollection } from "./sqlite-collection.ts";
import { type DatabasePlace, guardSqlite, SqliteConnection } from "./sqlite-connection.ts";
import { assertReadable } from "./sqlite-files.ts";

const NAMES_SHOWN = 20;

/**
 * Opens an SQLite database read-only; a collection is a table, a view or a query. The source holds one read transaction until it
 * is closed, and readers of ranges hold their own. SQLite can share one snapshot among connections only by an interface
 * that the driver does not have, so the snapshots are proved equal instead: `data_version` of the source's connection
 * changes with every commit of anybody, and a reader refuses a stamp other than that of the opening. In rollback-journal
 * mode the held transaction also keeps writers from committing at all.
 */
export async function openSqliteSource(path: string, label: string, collections: readonly Wanted[]): Promise<Source> {
  assertReadable(path, label);
  const place: DatabasePlace = { path, label };
  const connection = new SqliteConnection(place, "SOURCE_INVALID");
  try {
    const known = guardSqlite(label, "SOURCE_INVALID", () => findAll(connection, label, collections));
    return new SqliteSource(place, connection, known);
  } catch (error) {
    connection.close();
    throw error;
  }
}

class SqliteSource implements Source {
  readonly kind = "sqlite";
  readonly mainThreadOnly = false;
  readonly #place: DatabasePlace;
  readonly #connection: SqliteConnection;
  readonly #known: ReadonlyMap<string, SqliteCollection>;
  readonly #stamp: string;
  readonly #dataVersion: unknown;

  constructor(place: DatabasePlace, connection: SqliteConnection, known: ReadonlyMap<string, SqliteCollection>) {
    this.#place = place;
    this.#connection = connection;
    this.#known = known;
    this.#dataVersion = connection.db.pragma("data_version", { simple: true });
    this.#stamp = connection.stamp;
  }

  /** One part is in the order of the key; several are cut by rowid. */
  async ranges(collection: string, parts: number): Promise<readonly SqliteRange[]> {
    const found = this.#known.get(collection);
    if (found === undefined) throw new TypeError(`the collection ${collection} was not asked for when opening`);
    const { columns, from, rowid, rowidIsKey, order } = found;
    const base = { kind: "sqlite", ...this.#place, collection, columns, from, stamp: this.#stamp } as const;
    if (rowid === undefined || (parts <= 1 && !rowidIsKey)) {
      return [{ ...base, order, rowids: undefined, mainThreadOnly: false }];
    }
    return this.#cut(from, rowid, parts).map(([begin, end]) => ({
      ...base,
      order: [],
      rowids: { name: rowid, begin, end },
      mainThreadOnly: false,
    }));
  }

  read(collection: string): AsyncIterable<readonly unknown[]> {
    return readCollection(this.ranges(collection, 1));
  }

  async assertUnchanged(): Promise<void> {
    const { label } = this.#place;
    const version = guardSqlite(label, "SOURCE_READ", () => this.#connection.nextDataVersion());
    if (version !== this.#dataVersion || this.#connection.stamp !== this.#stamp) throw changed(label);
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  /** Half-open rowid ranges of equal width; two scalar queries, since one with both min and max reads the table. */
  #cut(table: string, rowid: string, parts: number): readonly (readonly [bigint, bigint])[] {
    const sql = `SELECT (SELECT min(${rowid}) FROM ${table}), (SELECT max(${rowid}) FROM ${table})`;
    const [first, last] = guardSqlite(
      this.#place.label,
      "SOURCE_READ",
      () => this.#connection.db.prepare<[], [bigint | null, bigint | null]>(sql).raw().safeIntegers().get() ?? [],
    );
    if (typeof first !== "bigint" || typeof last !== "bigint") return [];
    const span = last - first + 1n;
    const wanted = BigInt(Math.max(1, Math.floor(parts)));
    const count = wanted < span ? wanted : span;
    const bound = (index: number): bigint => first + (span * BigInt(index)) / count;
    return Array.from({ length: Number(count) }, (_, index) => [bound(index), bound(index + 1)] as const);
  }
}

function findAll(
  connection: SqliteConnection,
  label: string,
  collections: readonly Wanted[],
): ReadonlyMap<string, SqliteCollection> {
  const { db } = connection;
  const known = new Map<string, SqliteCollection>();
  const problems: string[] = [];
  for (const wanted of collections) {
    try {
      const found = findCollection(db, wanted);
      if (typeof found === "string") problems.push(`${label}: expected ${found}`);
      else known.set(wanted.name, found);
    } catch (error) {
      // A view over a table that is gone can be looked up only in vain.
      const what = wanted.query === undefined ? "a table or view" : "a query";
      const got = systemCode(error) ?? "unknown error";
      problems.push(`${label}: expected ${what} ${JSON.stringify(wanted.name)}, got one that cannot be read (${got})`);
    }
  }
  if (problems.length === 0) return known;
  const names = collectionNames(db);
  const more = names.length > NAMES_SHOWN ? ", …" : "";
  const there = names.length === 0 ? "nothing" : names.slice(0, NAMES_SHOWN).join(", ") + more;
  throw lacks(problems, `The database has ${there}. Correct \`source\` in module.json, or mend the database.`);
}
