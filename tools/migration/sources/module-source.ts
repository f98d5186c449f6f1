import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { MigrationError, systemCode } from "../model/errors.ts";
import { isJsonObject } from "../model/json.ts";
import { BATCH_RECORDS, type Source } from "./source.ts";

/** Opens a JavaScript module that exports `db`, an object of collections (arrays or iterables of records). */
export async function openModuleSource(path: string, label: string, collections: readonly string[]): Promise<Source> {
  const db = await importDb(path, label);
  const problems = collections
    .filter((name) => !isIterable(db[name]))
    .map((name) => `${label}: expected db[${JSON.stringify(name)}] to be an array, got ${kindOf(db[name])}`);
  if (problems.length > 0) {
    throw new MigrationError("SOURCE_INVALID", {
      message: `The source lacks ${problems.length === 1 ? "a collection" : `${problems.length} collections`}.`,
      problems,
      remedy: `Add it to ${label}, or correct \`source.collection\` in module.json.`,
    });
  }
  return { kind: "module", read: (collection) => batches(db[collection], collection), close: async () => {} };
}

async function importDb(path: string, label: string): Promise<Readonly<Record<string, unknown>>> {
  if (!existsSync(path)) {
    throw new MigrationError("SOURCE_INVALID", {
      message: `The source ${label} does not exist.`,
      remedy: "Correct `source.path` in migration/migration.json.",
    });
  }
  const loaded: unknown = await import(pathToFileURL(path).href).catch((error: unknown) => {
    throw new MigrationError("SOURCE_INVALID", {
      message: `The source ${label} cannot be loaded: ${describeFault(error)}.`,
      remedy: `Mend it; \`node ${label}\` shows the whole error.`,
      cause: error,
    });
  });
  const db = findDb(loaded);
  if (db !== undefined) return db;
  throw new MigrationError("SOURCE_INVALID", {
    message: `The source ${label} does not export \`db\`, an object of collections.`,
    remedy: "Export it: `export const db = { customers: [...] }`.",
  });
}

function findDb(loaded: unknown): Readonly<Record<string, unknown>> | undefined {
  const exported = property(loaded, "db") ?? property(property(loaded, "default"), "db");
  return isJsonObject(exported) ? exported : undefined;
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function isIterable(value: unknown): value is Iterable<unknown> | AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}

function kindOf(value: unknown): string {
  return value === undefined ? "nothing" : value === null ? "null" : typeof value;
}

/** The kind and place of a fault in the source; its message is left out, since it may quote a record. */
function describeFault(error: unknown): string {
  if (!(error instanceof Error)) return `it threw a ${typeof error}`;
  const code = systemCode(error);
  const kind = code === undefined ? error.name : `${error.name} (${code})`;
  const place = /^\s+at .*file:\S*?([^/\s]+:\d+):\d+\)?$/m.exec(error.stack ?? "")?.[1];
  return place === undefined ? kind : `${kind} at ${place}`;
}

async function* batches(collection: unknown, name: string): AsyncGenerator<readonly unknown[]> {
  if (!isIterable(collection)) {
    throw new MigrationError("INTERNAL", {
      message: `The collection ${name} was not checked when the source was opened.`,
    });
  }
  let batch: unknown[] = [];
  let count = 0;
  try {
    for await (const record of collection) {
      count += 1;
      batch.push(record);
      if (batch.length < BATCH_RECORDS) continue;
      yield batch;
      batch = [];
    }
  } catch (error) {
    throw new MigrationError("SOURCE_READ", {
      message: `Reading the collection ${name} failed after ${count} records: ${describeFault(error)}.`,
      remedy: "Mend the source, then run the command again.",
      cause: error,
    });
  }
  if (batch.length > 0) yield batch;
}
