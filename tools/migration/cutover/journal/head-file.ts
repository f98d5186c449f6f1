import { closeSync, constants, openSync, readFileSync, writeSync } from "node:fs";
import { systemCode } from "../../model/errors.ts";
import { isJsonObject } from "../../model/json.ts";
import { toStoreError } from "../../stores/atomic-file.ts";
import type { Head } from "./chain.ts";

/** The text of HEAD. */
export function formatHead(head: Head): string {
  return `{"hash":"${head.hash}","seq":${head.seq}}\n`;
}

/** HEAD of a run; undefined where it is missing or not whole, which is repaired, not refused. */
export function readHead(path: string): Head | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw toStoreError(error, "Reading HEAD");
  }
  return parseHead(text);
}

/** The head in `text`, or undefined where the text is not one. */
export function parseHead(text: string): Head | undefined {
  const value = parse(text);
  if (!isJsonObject(value)) return undefined;
  const { seq, hash } = value;
  if (typeof seq !== "number" || !Number.isSafeInteger(seq) || seq < -1) return undefined;
  return typeof hash === "string" && /^[0-9a-f]{64}$/.test(hash) ? { seq, hash } : undefined;
}

/**
 * HEAD of a run, written over in place: one small write into room it already has, so that a full disk does not stop it.
 * It only ever grows, and it is written after its record is durable: it may be behind the journal, never ahead of it.
 */
export class HeadFile {
  readonly #fd: number;

  constructor(path: string) {
    this.#fd = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600);
  }

  write(head: Head): void {
    const bytes = Buffer.from(formatHead(head), "utf8");
    writeSync(this.#fd, bytes, 0, bytes.length, 0);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
