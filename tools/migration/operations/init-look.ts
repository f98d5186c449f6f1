import { piiDetectors } from "../checks/pii-detectors.ts";
import type { SourceConfig } from "../config/source-config.ts";
import type { Catalog, CatalogTable } from "../databases/catalog.ts";
import { rowKey } from "../databases/catalog.ts";
import { CollectionProfile } from "../drafts/collection-profile.ts";
import type { ColumnFacts } from "../drafts/column-profile.ts";
import type { LeftOut } from "../drafts/draft.ts";
import { cellFormOf } from "../model/source-kind.ts";
import { BrokenRecord } from "../model/source-record.ts";
import { legacyIdOf } from "../registry/legacy-id.ts";
import { openSource } from "../sources/open-source.ts";
import type { Source } from "../sources/source.ts";
import { type Context, turn, untilCancelled } from "./context.ts";

/** What reading a table showed. */
export interface TableFacts {
  readonly records: number;
  readonly columns: ReadonlyMap<string, ColumnFacts>;
}

/** A catalog that was held against the records. */
export interface LookedAt {
  /** With columns and a guessed key where the source itself names none. */
  readonly catalog: Catalog;
  readonly facts: ReadonlyMap<string, TableFacts>;
  /** Tables whose records cannot be told apart by their key. */
  readonly unusable: ReadonlyMap<string, Omit<LeftOut, "name">>;
}

/** Reads every table with a key once, read-only and in flat memory. */
export async function lookAt(context: Context, source: SourceConfig, catalog: Catalog): Promise<LookedAt> {
  const isFolder = source.kind === "csv" || source.kind === "jsonl" || source.kind === "json";
  const wanted = catalog.tables.filter((table) => isFolder || (table.kind === "table" && rowKey(table) !== undefined));
  const facts = new Map<string, TableFacts>();
  const unusable = new Map<string, Omit<LeftOut, "name">>();
  const found = new Map<string, CatalogTable>();
  if (wanted.length === 0) return { catalog, facts, unusable };
  const opened = await openSource(
    source,
    context.root,
    wanted.map(({ name }) => name),
  );
  try {
    for (const table of wanted) {
      context.progress.stage(`look at ${table.name}`);
      const looked = await lookAtTable(context, opened, table, isFolder);
      facts.set(table.name, looked.facts);
      found.set(table.name, looked.table);
      if (looked.reason !== undefined) unusable.set(table.name, looked.reason);
    }
    context.progress.end();
  } finally {
    await opened.close();
  }
  return { catalog: { tables: catalog.tables.map((table) => found.get(table.name) ?? table) }, facts, unusable };
}

interface LookedAtTable {
  readonly table: CatalogTable;
  readonly facts: TableFacts;
  readonly reason: Omit<LeftOut, "name"> | undefined;
}

async function lookAtTable(
  context: Context,
  source: Source,
  table: CatalogTable,
  guessKey: boolean,
): Promise<LookedAtTable> {
  const detectors = piiDetectors([]);
  const profile = new CollectionProfile({
    form: cellFormOf(source.kind),
    columns: new Map(
      table.columns.map((column) => [column.name, { ...column, declared: declaredOf(column) }] as const),
    ),
    looksPersonal: (text) => detectors.some((detector) => detector.found(text)),
    guessKey,
  });
  const key = rowKey(table) ?? [];
  let [broken, keyless] = [0, 0];
  for await (const batch of untilCancelled(context, source.read(table.name))) {
    for (const record of batch) {
      if (record instanceof BrokenRecord || !profile.add(record)) broken += 1;
      else if (
        !guessKey &&
        !("legacyId" in legacyIdOf(key.map((name): unknown => Reflect.get(Object(record), name))))
      ) {
        keyless += 1;
      }
    }
    context.progress.advance(batch.length);
    await turn(context);
  }
  const columns = profile.facts();
  const facts = { records: profile.records, columns };
  if (!guessKey) return { table, facts, reason: keyless === 0 ? undefined : withoutKey(keyless, key) };
  const guessed = profile.guessedKey();
  return { table: tableOf(table, columns, guessed), facts, reason: reasonOf(profile.records, broken, guessed) };
}

/** A column without a type can hold anything: what it holds decides. */
function declaredOf({ databaseType, type }: { databaseType: string; type: string }): string | undefined {
  return databaseType === "" ? undefined : type;
}

function withoutKey(count: number, key: readonly string[]): Omit<LeftOut, "name"> {
  const records = count === 1 ? "a record has" : `${count} records have`;
  return {
    why: `${records} a NULL, a binary number or bytes in the key ${key.join(", ")}`,
    remedy: "mend them, or write a module by hand whose `source.query` gives the key as text",
  };
}

function reasonOf(records: number, broken: number, key: string | undefined): Omit<LeftOut, "name"> | undefined {
  if (broken > 0) return { why: `${broken} of its records cannot be read`, remedy: "mend the file and begin anew" };
  if (records === 0)
    return { why: "it has no records, so nothing tells what it would hold", remedy: "nothing is lost" };
  if (key !== undefined) return undefined;
  return {
    why: "none of its first columns tells its records apart",
    remedy: "write a module by hand with a `legacyKey` of several fields",
  };
}

/** The table of a file, as its records show it. */
function tableOf(
  table: CatalogTable,
  columns: ReadonlyMap<string, ColumnFacts>,
  key: string | undefined,
): CatalogTable {
  const rest = {
    databaseType: "",
    type: "string",
    generated: false,
    collation: undefined,
    folds: false,
    labels: undefined,
  };
  return {
    ...table,
    columns: [...columns.keys()].map((name) => ({ name, nullable: name !== key, ...rest })),
    primaryKey: key === undefined ? [] : [key],
  };
}
