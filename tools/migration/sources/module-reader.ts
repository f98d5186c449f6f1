import { pathToFileURL } from "node:url";
import { isMainThread } from "node:worker_threads";
import { importModule } from "../files/import-module.ts";
import { MigrationError, systemCode } from "../model/errors.ts";
import { isJsonObject } from "../model/json.ts";
import { BrokenRecord } from "../model/source-record.ts";
import type { ValueBatch } from "./record-batch.ts";
import { doesNotExist } from "./source-errors.ts";
import type { ModuleRange } from "./source-range.ts";
import { statSource } from "./stat-source.ts";

/** Reads a collection of a module; only in the main thread, where the module was checked and its state lives. */
export async function* readModuleRange(range: ModuleRange, batchRecords: number): AsyncGenerator<ValueBatch> {
  if (!isMainThread) {
    throw new MigrationError("INTERNAL", { message: `${range.label} can be read by the main thread only.` });
  }
  const db = await importDb(range.path, range.label);
  for await (const rows of batches(db[range.collection], range.collection, batchRecords)) yield { rows };
}

/** Loads the `db` of a JavaScript module; SOURCE_INVALID where it cannot be loaded or exports none. */
export async function importDb(path: string, label: string): Promise<Readonly<Record<string, unknown>>> {
  const stat = statSource(path, label);
  if (stat === undefined) throw doesNotExist(label);
  // Loading a pipe would wait for ever, deaf to signals.
  if (!stat.isFile()) {
    throw new MigrationError("SOURCE_INVALID", {
      message: `The source ${label} is not a file: got ${stat.isDirectory() ? "a folder" : "another kind of file"}.`,
      remedy: "Correct `source.path` in migration/migration.json.",
    });
  }
  const loaded = await importModule(pathToFileURL(path).href).catch((error: unknown) => {
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

/** True for what can be read as a collection of records. */
export function isIterable(value: unknown): value is Iterable<unknown> | AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}

/** The kind and place of a fault in the source; its message is left out, since it may quote a record. */
function describeFault(error: unknown): string {
  if (!(error instanceof Error)) return `it threw a ${typeof error}`;
  const code = systemCode(error);
  const kind = code === undefined ? error.name : `${error.name} (${code})`;
  const place = /^\s+at .*file:\S*?([^/\s]+:\d+):\d+\)?$/m.exec(error.stack ?? "")?.[1];
  return place === undefined ? kind : `${kind} at ${place}`;
}

async function* batches(collection: unknown, name: string, batchRecords: number): AsyncGenerator<readonly unknown[]> {
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
      batch.push(isPlain(record) ? record : NOT_PLAIN);
      if (batch.length < batchRecords) continue;
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

const NOT_PLAIN = new BrokenRecord("SOURCE_RECORD_TYPE", {
  expected: "a plain object: own, enumerable data properties with text keys",
  got: "an object of a class, or with accessors, symbols or hidden properties",
});

/** False for an object that would lose something on its way: a class, accessors, symbol keys, hidden properties. */
function isPlain(record: unknown): boolean {
  if (typeof record !== "object" || record === null || Array.isArray(record)) return true;
  const prototype: unknown = Object.getPrototypeOf(record);
  if (prototype !== null && prototype !== Object.prototype) return false;
  return Reflect.ownKeys(record).every((key) => {
    const property = Reflect.getOwnPropertyDescriptor(record, key);
    return typeof key === "string" && property?.enumerable === true && "value" in property;
  });
}
