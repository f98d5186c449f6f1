import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { type StagedFile, stageFile, toStoreError } from "../stores/atomic-file.ts";

/** Modes of a file and of the folders made for it. */
export interface TextMode {
  readonly file: number;
  readonly folder?: number;
}

/** Registries are the project's own files, committed and read by people. */
export const COMMITTED: TextMode = { file: 0o644 };
/** What lies in the report folder is for this user alone. */
export const PRIVATE: TextMode = { file: 0o600, folder: 0o700 };

/** Writes a file of the project whole or not at all, making its folders. */
export function writeText(root: string, file: string, text: Iterable<string>, mode: TextMode): void {
  stageText(root, file, text, mode).publish();
}

/** The same, but it takes its place only when it is published. */
export function stageText(root: string, file: string, text: Iterable<string>, mode: TextMode): StagedFile {
  const path = join(root, file);
  try {
    mkdirSync(dirname(path), { recursive: true, ...(mode.folder === undefined ? {} : { mode: mode.folder }) });
    return stageFile(path, text, { mode: mode.file });
  } catch (error) {
    throw toStoreError(error, `Writing ${file}`);
  }
}
