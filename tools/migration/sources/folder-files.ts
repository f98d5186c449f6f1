import { closeSync, openSync, statSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../model/errors.ts";
import { stampOf } from "./file-stamp.ts";
import { changed, doesNotExist, lacks } from "./source-errors.ts";
import { statSource } from "./stat-source.ts";

/** A folder in which every collection is a file of one kind. */
export class FolderFiles {
  readonly #path: string;
  readonly #label: string;
  readonly #extension: string;
  readonly #files: readonly string[];
  readonly #stamp: string;

  /** SOURCE_INVALID names every collection that has no file which can be read. */
  constructor(path: string, label: string, extension: string, collections: readonly string[]) {
    this.#path = path;
    this.#label = label;
    this.#extension = extension;
    if (statSource(path, label)?.isDirectory() !== true) throw doesNotExist(`${label} (a folder)`);
    const problems = collections.flatMap((name) => this.#findProblem(name));
    if (problems.length > 0) {
      throw lacks(problems, `Add the files to ${label}, or correct \`source.collection\` in module.json.`);
    }
    this.#files = collections.map((name) => this.pathOf(name));
    this.#stamp = stampOf(this.#files);
  }

  /** Absolute path of the file of a collection. */
  pathOf(collection: string): string {
    return join(this.#path, `${collection}.${this.#extension}`);
  }

  /** The same as a person wrote it, for messages. */
  labelOf(collection: string): string {
    return `${this.#label}/${collection}.${this.#extension}`;
  }

  /** SOURCE_READ where a file is not what it was when it was opened. */
  async assertUnchanged(): Promise<void> {
    if (stampOf(this.#files) !== this.#stamp) throw changed(this.#label);
  }

  #findProblem(name: string): string[] {
    const expected = `${this.labelOf(name)}: expected a file that can be read, got`;
    if (/[/\\\0]/.test(name)) return [`${JSON.stringify(name)}: expected a name without slashes, got one with a slash`];
    const file = this.pathOf(name);
    try {
      const stat = statSync(file, { throwIfNoEntry: false });
      if (stat === undefined) return [`${expected} no such file`];
      if (!stat.isFile()) return [`${expected} ${stat.isDirectory() ? "a folder" : "another kind of file"}`];
      closeSync(openSync(file, "r"));
      return [];
    } catch (error) {
      return [`${expected} ${systemCode(error) ?? "an unknown error"}`];
    }
  }
}
