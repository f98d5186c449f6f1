import type { Catalog } from "../databases/catalog.ts";
import { openPostgres, type PostgresSession } from "../databases/postgres-session.ts";
import { resolveServer, type ServerConfig, type Surroundings } from "../databases/server-place.ts";
import type { Wanted } from "./collection.ts";
import { findPostgresCollection, type PostgresCollection } from "./postgres-collection.ts";
import { readCollection } from "./read-collection.ts";
import type { Source } from "./source.ts";
import { lacks } from "./source-errors.ts";
import type { PostgresRange } from "./source-range.ts";

/** From this version on a part of a table can be read by the place of its rows without reading the rest. */
const TID_RANGE_VERSION = 140_000;

/**
 * Opens a PostgreSQL database: one REPEATABLE READ, READ ONLY transaction takes the snapshot, exports it, and stays open
 * as long as the source. Every reader, in whatever thread, imports that snapshot, so all of them see one state however
 * long they read and whoever writes meanwhile. A collection is a table, a view, `schema.name`, or a query.
 */
export async function openPostgresSource(
  config: ServerConfig,
  surroundings: Surroundings,
  collections: readonly Wanted[],
): Promise<Source> {
  const place = resolveServer(config, surroundings);
  const session = await openPostgres(place, { readOnly: true, code: "SOURCE_INVALID" });
  try {
    await session.run("Beginning", "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
    const [snapshot] = await session.rows(
      "Taking a snapshot",
      "SELECT pg_export_snapshot(), current_setting('server_version_num')",
    );
    const known = await findAll(session, collections);
    return new PostgresSource(session, known, snapshot?.[0] ?? "", Number(snapshot?.[1]) >= TID_RANGE_VERSION);
  } catch (error) {
    await session.close();
    throw error;
  }
}

async function findAll(
  session: PostgresSession,
  collections: readonly Wanted[],
): Promise<ReadonlyMap<string, PostgresCollection>> {
  const known = new Map<string, PostgresCollection>();
  const catalogs = new Map<string, Catalog>();
  const problems: string[] = [];
  for (const wanted of collections) {
    const found = await findPostgresCollection(session, catalogs, wanted, problems);
    if (found !== undefined) known.set(wanted.name, found);
  }
  if (problems.length > 0) throw lacks(problems, namesText(catalogs.get(session.place.schema)));
  return known;
}

const NAMES_SHOWN = 20;

function namesText(catalog: Catalog | undefined): string {
  const names = (catalog?.tables ?? []).map(({ name }) => name);
  const there = names.length === 0 ? "nothing" : names.slice(0, NAMES_SHOWN).join(", ");
  const more = names.length > NAMES_SHOWN ? ", …" : "";
  return `The schema has ${there}${more}. Correct \`source\` in module.json, or mend the database.`;
}

class PostgresSource implements Source {
  readonly kind = "postgres";
  readonly mainThreadOnly = false;
  readonly #session: PostgresSession;
  readonly #known: ReadonlyMap<string, PostgresCollection>;
  readonly #snapshot: string;
  readonly #canCut: boolean;

  constructor(
    session: PostgresSession,
    known: ReadonlyMap<string, PostgresCollection>,
    snapshot: string,
    canCut: boolean,
  ) {
    this.#session = session;
    this.#known = known;
    this.#snapshot = snapshot;
    this.#canCut = canCut;
  }

  /** One part is in the order of the key; several are cut by the place of the rows, which needs no sorting. */
  async ranges(collection: string, parts: number): Promise<readonly PostgresRange[]> {
    const found = this.#known.get(collection);
    if (found === undefined) throw new TypeError(`the collection ${collection} was not asked for when opening`);
    const { from, columns, cells, orderBy, order, heap } = found;
    const base = {
      kind: "postgres",
      place: this.#session.place,
      label: this.#session.place.label,
      snapshot: this.#snapshot,
      collection,
      columns,
      cells,
      mainThreadOnly: false,
    } as const;
    const blocks = heap === undefined || parts <= 1 || !this.#canCut ? [] : await this.#cut(heap, parts);
    if (blocks.length <= 1) {
      const select = `SELECT * FROM ${from}${orderBy === "" ? "" : ` ORDER BY ${orderBy}`}`;
      return [{ ...base, select, order, repeatable: order.length > 0 }];
    }
    return blocks.map(([begin, end]) => {
      const last = end === undefined ? "" : ` AND ctid < '(${end},0)'`;
      const select = `SELECT * FROM ${from} WHERE ctid >= '(${begin},0)'${last}`;
      return { ...base, select, order: [], repeatable: true };
    });
  }

  read(collection: string): AsyncIterable<readonly unknown[]> {
    return readCollection(this.ranges(collection, 1));
  }

  // Every reader has the snapshot of the opening, whatever was written since.
  async assertUnchanged(): Promise<void> {}

  async close(): Promise<void> {
    await this.#session.close();
  }

  /** Half-open ranges of blocks; the last is open, for the table may have grown since. */
  async #cut(heap: string, parts: number): Promise<readonly (readonly [number, number | undefined])[]> {
    const sql = `SELECT max(pg_relation_size(relid)) / current_setting('block_size')::int
      FROM (SELECT $1::regclass AS relid UNION SELECT relid FROM pg_partition_tree($1::regclass)) AS parts`;
    const [row] = await this.#session.rows("Measuring", sql, [heap]);
    const blocks = Number(row?.[0] ?? 0);
    const count = Math.max(1, Math.min(Math.floor(parts), blocks));
    const bound = (index: number): number => Math.floor((blocks * index) / count);
    return Array.from({ length: count }, (_, at) => [bound(at), at === count - 1 ? undefined : bound(at + 1)] as const);
  }
}
