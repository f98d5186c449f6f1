import { resolve } from "node:path";
import type { ServerConfig } from "../databases/server-place.ts";
import type { CsvFormat } from "../model/csv-format.ts";
import type { SourceKind } from "../model/source-kind.ts";
import type { Wanted } from "./collection.ts";
import type { Source } from "./source.ts";

/** Where a source is, as the configuration has it. */
export type SourcePlace = FilePlace | ServerConfig;

/** A source in a file or folder. */
export interface FilePlace {
  readonly kind: Exclude<SourceKind, ServerConfig["kind"]>;
  readonly path: string;
  readonly csv?: CsvFormat;
}

/**
 * Opens a source read-only and checks that it has every collection; SOURCE_INVALID names all that are missing. The
 * driver of a kind is loaded only when it is used.
 */
export async function openSource(
  place: SourcePlace,
  root: string,
  collections: readonly (string | Wanted)[],
): Promise<Source> {
  const wanted = distinct(collections);
  const names = wanted.map(({ name }) => name);
  switch (place.kind) {
    case "module": {
      const { openModuleSource } = await import("./module-source.ts");
      return openModuleSource(resolve(root, place.path), place.path, names);
    }
    case "jsonl": {
      const { openJsonlSource } = await import("./jsonl-source.ts");
      return openJsonlSource(resolve(root, place.path), place.path, names);
    }
    case "json": {
      const { openJsonSource } = await import("./json-source.ts");
      return openJsonSource(resolve(root, place.path), place.path, names);
    }
    case "csv": {
      const { openCsvSource } = await import("./csv-source.ts");
      return openCsvSource(resolve(root, place.path), place.path, wanted, place.csv ?? {});
    }
    case "sqlite": {
      const { openSqliteSource } = await import("./sqlite-source.ts");
      return openSqliteSource(resolve(root, place.path), place.path, wanted);
    }
    case "postgres": {
      const { openPostgresSource } = await import("./postgres-source.ts");
      return openPostgresSource(place, { root }, wanted);
    }
    case "mysql": {
      const { openMysqlSource } = await import("./mysql-source.ts");
      return openMysqlSource(place, { root }, wanted);
    }
  }
}

/** Two modules may read one collection; the first says how. */
function distinct(collections: readonly (string | Wanted)[]): readonly Wanted[] {
  const known = new Map<string, Wanted>();
  for (const one of collections) {
    const wanted = typeof one === "string" ? { name: one, query: undefined, key: [] } : one;
    if (!known.has(wanted.name)) known.set(wanted.name, wanted);
  }
  return [...known.values()];
}
