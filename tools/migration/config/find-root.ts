import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { PROJECT } from "./paths.ts";

/** The nearest folder at or above `start` that holds a migration.json; undefined when there is none. */
export function findRoot(start: string): string | undefined {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (existsSync(join(folder, PROJECT.migration))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}
