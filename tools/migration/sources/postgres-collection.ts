import { type Catalog, type CatalogTable, rowKey } from "../databases/catalog.ts";
import { quoteIdentifier, quoteTable } from "../databases/identifiers.ts";
import { readPostgresCatalog } from "../databases/postgres-catalog.ts";
import type { PostgresSession } from "../databases/postgres-session.ts";
import { MigrationError } from "../model/errors.ts";
import { findLost, type Wanted, withoutKey } from "./collection.ts";
import { foldedSql, isEnforced } from "./folded-keys.ts";
import type { KeyColumn } from "./key-order.ts";
import type { CellKind, ScalarKind } from "./source-range.ts";

/** What a source knows of a table, view or query of PostgreSQL. */
export interface PostgresCollection {
  /** What stands behind FROM. */
  readonly from: string;
  readonly columns: readonly string[];
  readonly cells: readonly CellKind[];
  /** What stands behind ORDER BY; empty where no key is known. */
  readonly orderBy: string;
  readonly order: readonly KeyColumn[];
  /** The quoted name of a table that can be cut by the place of its rows; undefined for views and queries. */
  readonly heap: string | undefined;
}

/** Looks a collection up; what is wrong with it is added to `problems`. */
export async function findPostgresCollection(
  session: PostgresSession,
  catalogs: Map<string, Catalog>,
  wanted: Wanted,
  problems: string[],
): Promise<PostgresCollection | undefined> {
  const table = wanted.query === undefined ? await findTable(session, catalogs, wanted.name) : undefined;
  const expected = `${session.place.label}: expected`;
  if (wanted.query === undefined && table === undefined) {
    problems.push(`${expected} a table or view ${JSON.stringify(wanted.name)}, got none of that name`);
    return undefined;
  }
  if (table?.kind === "table" && rowKey(table) === undefined) {
    problems.push(`${expected} a primary key of ${wanted.name}, got none${withoutKey("PostgreSQL")}`);
    return undefined;
  }
  const from = table === undefined ? `(${wanted.query ?? ""}\n) AS q` : quoteTable("postgres", table);
  const columns = await describe(session, from, wanted.name, problems);
  if (columns === undefined) return undefined;
  const names = columns.map(({ name }) => name);
  const lost = findLost(names, wanted);
  if (lost !== undefined) problems.push(`${expected} of ${wanted.name} ${lost}`);
  if (lost === undefined && folds(table, wanted) && (await isFolded(session, from, wanted))) {
    problems.push(`${expected} of ${wanted.name} ${FOLDED}`);
  }
  const keys = [...new Set([...wanted.key, ...((table && rowKey(table)) ?? [])])].filter((name) =>
    names.includes(name),
  );
  const order = keys.map((name): KeyColumn => ({ at: names.indexOf(name), name }));
  return {
    from,
    columns: names,
    cells: columns.map(({ kind }) => kind),
    orderBy: order.map(({ at, name }) => byBytes(quoteIdentifier("postgres", name), columns[at])).join(),
    order,
    heap: table?.kind === "table" ? from : undefined,
  };
}

/** The exact name in the schema of the place; else, where it has a point, the name behind it in the schema before it. */
async function findTable(
  session: PostgresSession,
  catalogs: Map<string, Catalog>,
  name: string,
): Promise<CatalogTable | undefined> {
  const catalogOf = async (schema: string): Promise<Catalog> => {
    const known = catalogs.get(schema) ?? (await readPostgresCatalog(session, schema));
    catalogs.set(schema, known);
    return known;
  };
  const here = (await catalogOf(session.place.schema)).tables.find((table) => table.name === name);
  const point = name.indexOf(".");
  if (here !== undefined || point < 1) return here;
  return (await catalogOf(name.slice(0, point))).tables.find((table) => table.name === name.slice(point + 1));
}

const FOLDED =
  'legacy keys that its collation tells apart, got two that it takes for one: read it by a query with COLLATE "C"';

/** True where the collation of a key may take two texts for one, which only some collations and citext do. */
function folds(table: CatalogTable | undefined, { key }: Wanted): boolean {
  if (table === undefined || isEnforced(table, key)) return false;
  return table.columns.some((column) => column.folds && key.includes(column.name));
}

async function isFolded(session: PostgresSession, from: string, { name, key }: Wanted): Promise<boolean> {
  const keys = key.map((one) => quoteIdentifier("postgres", one));
  const bytes = keys.map((one) => `${one}::text COLLATE "C"`);
  return (await session.rows(`Looking at ${name}`, foldedSql(from, keys, bytes))).length > 0;
}

interface Column {
  readonly name: string;
  readonly typeId: string;
  readonly kind: CellKind;
}

async function describe(
  session: PostgresSession,
  from: string,
  name: string,
  problems: string[],
): Promise<readonly Column[] | undefined> {
  const action = `Looking at ${name}`;
  // An error ends a transaction, and with it the snapshot; a savepoint keeps it.
  await session.run(action, "SAVEPOINT look");
  try {
    const found = await session.columns(action, `SELECT * FROM ${from} LIMIT 0`);
    const ids = [...new Set(found.map(({ typeId }) => String(typeId)))];
    const kinds = await kindsOf(session, ids);
    await session.run(action, "RELEASE SAVEPOINT look");
    return found.map((column) => ({
      name: column.name,
      typeId: String(column.typeId),
      kind: kinds.get(String(column.typeId)) ?? "text",
    }));
  } catch (error) {
    if (!(error instanceof MigrationError) || error.code === "CONNECTION_LOST") throw error;
    await session.run(action, "ROLLBACK TO SAVEPOINT look");
    problems.push(error.message);
    return undefined;
  }
}

const SCALARS: Readonly<Record<string, ScalarKind>> = {
  "16": "boolean",
  "17": "bytes",
  "20": "integer",
  "21": "integer",
  "23": "integer",
  "26": "integer",
  "700": "float",
  "701": "float",
};

async function kindsOf(session: PostgresSession, ids: readonly string[]): Promise<ReadonlyMap<string, CellKind>> {
  const sql = `SELECT t.oid::text, coalesce(nullif(e.typbasetype, 0), e.oid)::text, e.typdelim
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_type e ON e.oid = t.typelem
    WHERE t.typcategory = 'A' AND t.oid = ANY(string_to_array($1, ',')::oid[])`;
  const arrays = await session.rows("Reading types", sql, [ids.join()]);
  const kinds = new Map<string, CellKind>(Object.entries(SCALARS));
  for (const [id, element, delimiter] of arrays) {
    kinds.set(id ?? "", { element: SCALARS[element ?? ""] ?? "text", delimiter: delimiter ?? "," });
  }
  return kinds;
}

const UUID_TYPE = "2950";

/** Integers, bytes and UUIDs are in the order of their bytes by themselves; everything else is ordered as its text. */
function byBytes(column: string, described: Column | undefined): string {
  const kind = described?.kind;
  if (kind === "integer" || kind === "bytes" || described?.typeId === UUID_TYPE) return column;
  return `${column}::text COLLATE "C"`;
}
