import { resolve } from "node:path";
import type { SourceKind } from "../model/source-kind.ts";
import type { Source } from "./source.ts";

/** Where a source is; `path` as the configuration has it. */
export interface SourcePlace {
  readonly kind: SourceKind;
  readonly path: string;
}

/**
 * Opens a source read-only and checks that it has every collection; SOURCE_INVALID names all that are missing. The
 * driver of a kind is loaded only when it is used.
 */
export async function openSource(place: SourcePlace, root: string, collections: readonly string[]): Promise<Source> {
  const path = resolve(root, place.path);
  const wanted = [...new Set(collections)];
  switch (place.kind) {
    case "module": {
      const { openModuleSource } = await import("./module-source.ts");
      return openModuleSource(path, place.path, wanted);
    }
    case "jsonl": {
      const { openJsonlSource } = await import("./jsonl-source.ts");
      return openJsonlSource(path, place.path, wanted);
    }
    case "sqlite": {
      const { openSqliteSource } = await import("./sqlite-source.ts");
      return openSqliteSource(path, place.path, wanted);
    }
  }
}
