import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../model/errors.ts";
import { fsyncDirectory, toStoreError, writeFileAtomic } from "./atomic-file.ts";
import { FileWriter } from "./file-writer.ts";
import { isPidAlive } from "./owner.ts";

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/**
 * The report of one command, `<reports>/latest-<name>/`. The old one goes when the command starts and the new one
 * comes when it ends, so that a report is never that of an earlier run.
 */
export class ReportFolder {
  readonly #reports: string;
  readonly #name: string;
  readonly #building: string;
  readonly #lines: FileWriter;

  /** Removes the old report and opens a private folder for the new one; `linesName` is the file that grows. */
  constructor(reports: string, command: string, linesName = "findings.jsonl") {
    this.#reports = reports;
    this.#name = `latest-${command}`;
    this.#building = join(reports, `.${this.#name}-${process.pid}`);
    try {
      mkdirSync(reports, { recursive: true, mode: FOLDER_MODE });
      chmodSync(reports, FOLDER_MODE);
      this.#sweep();
      this.#removeOld();
      mkdirSync(this.#building, { mode: FOLDER_MODE });
      this.#lines = new FileWriter(join(this.#building, linesName), FILE_MODE);
    } catch (error) {
      throw toStoreError(error, `Opening the report ${this.#name}`);
    }
  }

  /** Appends one line to the file that grows. */
  addLine(line: string): void {
    this.#lines.write(`${line}\n`);
  }

  /** Writes the other files and shows the report under its fixed name. */
  publish(files: Readonly<Record<string, string>>): void {
    try {
      this.#lines.close();
      for (const [name, text] of Object.entries(files)) {
        writeFileAtomic(join(this.#building, name), text, { mode: FILE_MODE });
      }
      this.#takePlace();
      fsyncDirectory(this.#reports);
    } catch (error) {
      throw toStoreError(error, `Writing the report ${this.#name}`);
    }
  }

  /** Gives the report up; there is then none of this command. */
  discard(): void {
    rmSync(this.#building, { recursive: true, force: true });
  }

  /** The same command may end twice at a time: each takes the other's place, and the report is that of the last. */
  #takePlace(): void {
    for (;;) {
      this.#removeOld();
      try {
        renameSync(this.#building, join(this.#reports, this.#name));
        return;
      } catch (error) {
        if (!isAnotherThere(error)) throw error;
      }
    }
  }

  #removeOld(): void {
    const aside = join(this.#reports, `.old-${this.#name}-${process.pid}`);
    try {
      renameSync(join(this.#reports, this.#name), aside);
    } catch (error) {
      if (systemCode(error) === "ENOENT") return;
      throw error;
    }
    rmSync(aside, { recursive: true, force: true });
  }

  #sweep(): void {
    for (const name of readdirSync(this.#reports)) {
      const pid = /^\.(?:old-)?latest-.*-(\d+)$/.exec(name)?.[1];
      if (pid !== undefined && (Number(pid) === process.pid || !isPidAlive(Number(pid)))) {
        rmSync(join(this.#reports, name), { recursive: true, force: true });
      }
    }
  }
}

/** Whether a folder could not be renamed because another one has come into that place. */
function isAnotherThere(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOTEMPTY" || code === "EEXIST";
}
