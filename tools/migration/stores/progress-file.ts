import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { stringifyChecked } from "../integrity/canonical.ts";
import { sha256Hex } from "../integrity/digest.ts";
import { hasExactKeys } from "../integrity/record-form.ts";
import { parseStrict } from "../integrity/strict-parse.ts";
import { isJsonObject, type JsonObject } from "../model/json.ts";
import { toStoreError, writeFileAtomic, writeFully } from "./atomic-file.ts";

const FILE_MODE = 0o600;
const CHECK_DIGITS = 16;

/** What a progress file holds: what the work is bound to, and the parts of it that are done. */
export interface SavedProgress {
  readonly head: JsonObject;
  readonly parts: readonly JsonObject[];
}

/**
 * Finished parts of a long operation, one JSON line each. A part outlives the process once `add` returned; a power cut may
 * take the last ones, whose work is then done again: each line carries its digest.
 */
export class ProgressFile {
  readonly #path: string;
  readonly #head: string;
  readonly #fd: number;

  /** Replaces the file at `path`, so that a process that still has the old one open adds nothing to this one. */
  constructor(path: string, { head, parts }: SavedProgress) {
    this.#path = path;
    this.#head = stringifyChecked(head);
    writeFileAtomic(path, [`${this.#head}\n`, ...parts.map((part) => partLine(this.#head, part))], { mode: FILE_MODE });
    this.#fd = this.#guard(() => openSync(path, "a"));
  }

  /** Adds a finished part. */
  add(part: JsonObject): void {
    this.#guard(() => {
      writeFully(this.#fd, Buffer.from(partLine(this.#head, part), "utf8"));
    });
  }

  /** Closes the file, which stays. */
  close(): void {
    closeSync(this.#fd);
  }

  #guard<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw toStoreError(error, `Writing ${basename(this.#path)}`);
    }
  }
}

/** Reads a progress file up to the first line that is torn or of another run; undefined where there is none. */
export function readProgress(path: string): SavedProgress | undefined {
  if (!existsSync(path)) return undefined;
  const [first = "", ...rest] = readFileSync(path, "utf8").split("\n");
  const head = parseStrict(first);
  if (!head.ok || !isJsonObject(head.value)) return undefined;
  const parts: JsonObject[] = [];
  for (const line of rest) {
    const part = parsePart(first, line);
    if (part === undefined) break;
    parts.push(part);
  }
  return { head: head.value, parts };
}

/** Removes a progress file that is of no further use. */
export function removeProgress(path: string): void {
  rmSync(path, { force: true });
}

function partLine(head: string, part: JsonObject): string {
  return `${stringifyChecked({ check: checkOf(head, part), part })}\n`;
}

function parsePart(head: string, line: string): JsonObject | undefined {
  const parsed = parseStrict(line);
  if (!parsed.ok || !isJsonObject(parsed.value) || !hasExactKeys(parsed.value, ["check", "part"])) return undefined;
  const { check, part } = parsed.value;
  return isJsonObject(part) && check === checkOf(head, part) ? part : undefined;
}

function checkOf(head: string, part: JsonObject): string {
  return sha256Hex(`${head}\n${stringifyChecked(part)}`).slice(0, CHECK_DIGITS);
}
