import { closeSync, openSync, readSync } from "node:fs";
import { basename } from "node:path";
import { readUuid } from "../compiled/byte-formats.ts";
import { guardRead } from "../files/guard-read.ts";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";

/** Some lines of a module's entities.jsonl whose ids go to the shared words. */
export interface IdsRange {
  readonly path: string;
  readonly begin: number;
  readonly end: number;
  readonly words: SharedArrayBuffer;
}

const LINES_PER_READ = 4096;
const ID_AT = 7;

/** Puts the ids of lines `[begin, end)` into their places; false where a line has none. */
export function readIds(range: IdsRange, checkCancelled: () => void): boolean {
  return guardRead(basename(range.path), () => readPlaces(range, checkCancelled));
}

function readPlaces(range: IdsRange, checkCancelled: () => void): boolean {
  const words = new Uint32Array(range.words);
  const block = Buffer.allocUnsafe(LINES_PER_READ * ENTITY_LINE_BYTES);
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  const descriptor = openSync(range.path, "r");
  try {
    for (let line = range.begin; line < range.end; ) {
      checkCancelled();
      const count = Math.min(LINES_PER_READ, range.end - line);
      const got = readSync(descriptor, block, 0, count * ENTITY_LINE_BYTES, line * ENTITY_LINE_BYTES);
      if (got < ENTITY_LINE_BYTES) return false;
      const whole = Math.floor(got / ENTITY_LINE_BYTES);
      for (let at = 0; at < whole; at += 1) {
        if (!readUuid(view, at * ENTITY_LINE_BYTES + ID_AT, words, 4 * (line + at))) return false;
      }
      line += whole;
    }
    return true;
  } finally {
    closeSync(descriptor);
  }
}
