import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { PROJECT } from "../config/paths.ts";
import { prettyJson } from "../drafts/pretty.ts";
import { MigrationError, systemCode } from "../model/errors.ts";
import { toStoreError } from "../stores/atomic-file.ts";
import { FileWriter } from "../stores/file-writer.ts";

/** A file that `init` writes. */
export interface NewFile {
  /** From the project folder. */
  readonly file: string;
  readonly content: object;
}

const SHOWN = 20;

/** PROJECT_EXISTS where there is a project already, or a file or registry in the place of a new one. */
export function assertNothingThere(root: string, files: readonly NewFile[]): void {
  const wanted = [PROJECT.migration, PROJECT.lock, ...files.map(({ file }) => file), ...registriesOf(files)];
  const there = [...new Set(wanted)].filter((file) => existsSync(join(root, file)));
  if (there.length === 0) return;
  throw new MigrationError("PROJECT_EXISTS", {
    message: "There is a project here already, or a part of one; init never writes over a file.",
    problems: there.slice(0, SHOWN).map((file) => `${file}: expected no such file, got one`),
    remedy: "Begin in another folder with --root DIR.",
  });
}

/** Writes the files and then does `rest`; on any failure takes away again what was written, the registries too. */
export async function writeNewFiles(root: string, files: readonly NewFile[], rest: () => Promise<void>): Promise<void> {
  const made: string[] = registriesOf(files).map((file) => join(root, file));
  const folders: string[] = [];
  try {
    for (const { file, content } of files) {
      const path = join(root, file);
      const first = mkdirSync(dirname(path), { recursive: true });
      if (first !== undefined) folders.push(first);
      const writer = new FileWriter(path);
      made.push(path);
      writer.write(prettyJson(content));
      writer.close();
    }
    await rest();
  } catch (error) {
    for (const path of made) rmSync(path, { force: true });
    // Made by this run, so nothing else can be in them.
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    throw systemCode(error) === undefined ? error : toStoreError(error, "Writing the project");
  }
}

function registriesOf(files: readonly NewFile[]): readonly string[] {
  return files.flatMap(({ file }) => {
    const module = /^modules\/(.+)\/module\.json$/.exec(file)?.[1];
    return module === undefined ? [] : [`${PROJECT.mapping}/${module}.json`, `${PROJECT.mapping}/${module}.jsonl`];
  });
}
