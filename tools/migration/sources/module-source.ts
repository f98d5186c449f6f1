import { importDb, isIterable } from "./module-reader.ts";
import { readCollection } from "./read-collection.ts";
import type { Source } from "./source.ts";
import { lacks } from "./source-errors.ts";
import type { ModuleRange } from "./source-range.ts";

/** Opens a JavaScript module that exports `db`, an object of collections (arrays or iterables of records). */
export async function openModuleSource(path: string, label: string, collections: readonly string[]): Promise<Source> {
  const db = await importDb(path, label);
  const problems = collections
    .filter((name) => !isIterable(db[name]))
    .map((name) => `${label}: expected db[${JSON.stringify(name)}] to be an array, got ${kindOf(db[name])}`);
  if (problems.length > 0) {
    throw lacks(problems, `Add it to ${label}, or correct \`source.collection\` in module.json.`);
  }
  const ranges = async (collection: string): Promise<readonly ModuleRange[]> => [
    { kind: "module", path, label, collection, mainThreadOnly: true },
  ];
  return {
    kind: "module",
    mainThreadOnly: true,
    ranges,
    read: (collection) => readCollection(ranges(collection)),
    // The records are in memory since the import.
    assertUnchanged: async () => {},
    close: async () => {},
  };
}

function kindOf(value: unknown): string {
  return value === undefined ? "nothing" : value === null ? "null" : typeof value;
}
