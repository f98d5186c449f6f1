import { readMysqlCatalog } from "../databases/mysql-catalog.ts";
import { type MysqlSession, openMysql } from "../databases/mysql-session.ts";
import { resolveServer, type ServerConfig, type Surroundings } from "../databases/server-place.ts";
import type { Wanted } from "./collection.ts";
import { findMysqlCollection, type MysqlCollection } from "./mysql-collection.ts";
import { keepSession, leaveSession } from "./mysql-reader.ts";
import { readCollection } from "./read-collection.ts";
import type { Source } from "./source.ts";
import { lacks } from "./source-errors.ts";
import type { MysqlRange } from "./source-range.ts";

const NAMES_SHOWN = 20;

/**
 * Opens a MySQL or MariaDB database: one read-only transaction WITH CONSISTENT SNAPSHOT, in which everything is read. The
 * engine has no way to give that snapshot to another connection, and several snapshots would be of several moments; so
 * one connection reads all, in the main thread, and when it breaks there is nothing to go on with.
 */
export async function openMysqlSource(
  config: ServerConfig,
  surroundings: Surroundings,
  collections: readonly Wanted[],
): Promise<Source> {
  const place = resolveServer(config, surroundings);
  const session = await openMysql(place, { readOnly: true, code: "SOURCE_INVALID" });
  try {
    // Keys of any length are sorted by all of their bytes.
    await session.query("Beginning", "SET SESSION max_sort_length = 8388608");
    await session.query("Beginning", "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    await session.query("Taking a snapshot", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
    return new MysqlSource(session, await findAll(session, collections));
  } catch (error) {
    await session.close();
    throw error;
  }
}

async function findAll(
  session: MysqlSession,
  collections: readonly Wanted[],
): Promise<ReadonlyMap<string, MysqlCollection>> {
  const catalog = await readMysqlCatalog(session);
  const known = new Map<string, MysqlCollection>();
  const problems: string[] = [];
  for (const wanted of collections) {
    const found = await findMysqlCollection(session, catalog, wanted, problems);
    if (found !== undefined) known.set(wanted.name, found);
  }
  if (problems.length === 0) return known;
  const names = catalog.tables.map(({ name }) => name);
  const there = names.length === 0 ? "nothing" : names.slice(0, NAMES_SHOWN).join(", ");
  const more = names.length > NAMES_SHOWN ? ", …" : "";
  throw lacks(problems, `The database has ${there}${more}. Correct \`source\` in module.json, or mend the database.`);
}

class MysqlSource implements Source {
  readonly kind = "mysql";
  readonly mainThreadOnly = true;
  readonly #session: MysqlSession;
  readonly #known: ReadonlyMap<string, MysqlCollection>;
  readonly #number: number;

  constructor(session: MysqlSession, known: ReadonlyMap<string, MysqlCollection>) {
    this.#session = session;
    this.#known = known;
    this.#number = keepSession(session);
  }

  async ranges(collection: string): Promise<readonly MysqlRange[]> {
    const found = this.#known.get(collection);
    if (found === undefined) throw new TypeError(`the collection ${collection} was not asked for when opening`);
    const { label } = this.#session.place;
    return [{ kind: "mysql", label, collection, session: this.#number, mainThreadOnly: true, ...found }];
  }

  read(collection: string): AsyncIterable<readonly unknown[]> {
    return readCollection(this.ranges(collection));
  }

  // Everything is read in the snapshot of the opening, whatever was written since.
  async assertUnchanged(): Promise<void> {}

  async close(): Promise<void> {
    leaveSession(this.#number);
    await this.#session.close();
  }
}
