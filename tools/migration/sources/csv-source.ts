import { loadDriver } from "../databases/drivers.ts";
import type { CsvFormat } from "../model/csv-format.ts";
import { MigrationError } from "../model/errors.ts";
import { findLost, type Wanted } from "./collection.ts";
import { readCsvHeader } from "./csv-reader.ts";
import { FolderFiles } from "./folder-files.ts";
import { readCollection } from "./read-collection.ts";
import type { Source } from "./source.ts";
import { lacks } from "./source-errors.ts";
import type { CsvRange } from "./source-range.ts";

/** Opens a folder in which the collection `x` is the file `x.csv`, whose first line names the columns. */
export async function openCsvSource(
  path: string,
  label: string,
  collections: readonly Wanted[],
  format: CsvFormat,
): Promise<Source> {
  await loadDriver("csv-parse", "Reading CSV");
  const names = collections.map(({ name }) => name);
  const files = new FolderFiles(path, label, "csv", names);
  const problems: string[] = [];
  const known = new Map<string, CsvRange>();
  for (const wanted of collections) {
    const place = { path: files.pathOf(wanted.name), label: files.labelOf(wanted.name), collection: wanted.name };
    try {
      const columns = await readCsvHeader(place, format);
      const lost = columns.includes("") ? "a name of every column, got none of one" : findLost(columns, wanted);
      if (lost !== undefined) problems.push(`${place.label}: expected ${lost}`);
      known.set(wanted.name, { kind: "csv", ...place, format, columns, mainThreadOnly: false });
    } catch (error) {
      if (!(error instanceof MigrationError) || error.code !== "SOURCE_READ") throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0) throw lacks(problems, "Mend the first line of the file, or `source.csv` in migration.json.");
  const ranges = async (collection: string): Promise<readonly CsvRange[]> => {
    const found = known.get(collection);
    if (found === undefined) throw new TypeError(`the collection ${collection} was not asked for when opening`);
    return [found];
  };
  return {
    kind: "csv",
    mainThreadOnly: false,
    ranges,
    read: (collection) => readCollection(ranges(collection)),
    assertUnchanged: () => files.assertUnchanged(),
    close: async () => {},
  };
}
