import { closeSync, openSync, readSync } from "node:fs";
import { basename } from "node:path";
import { guardRead } from "../files/guard-read.ts";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";
import { proofRoom } from "./proof-room.ts";
import { placesOf, type SharedIds } from "./shared-id-memory.ts";
import { BATCH_LEAVES } from "./tree-batch.ts";

/** Some lines of a module's entities.jsonl whose ids go to the shared words. */
export interface IdsRange {
  readonly path: string;
  readonly begin: number;
  readonly end: number;
  readonly ids: SharedIds;
}

const WORDS = 4;

/** Puts the ids of lines `[begin, end)` into their places; false where a line has none. */
export function readIds(range: IdsRange, checkCancelled: () => void): boolean {
  return guardRead(basename(range.path), () => readPlaces(range, checkCancelled));
}

function readPlaces(range: IdsRange, checkCancelled: () => void): boolean {
  const { words } = placesOf(range.ids);
  const { lanes, batch, ids } = proofRoom();
  const descriptor = openSync(range.path, "r");
  try {
    for (let line = range.begin; line < range.end; ) {
      checkCancelled();
      const count = Math.min(BATCH_LEAVES, range.end - line);
      const got = readSync(descriptor, batch.lines, 0, count * ENTITY_LINE_BYTES, line * ENTITY_LINE_BYTES);
      const whole = Math.floor(got / ENTITY_LINE_BYTES);
      if (whole === 0 || lanes.ids(batch.lines.byteOffset, ids.byteOffset, whole) !== 0) return false;
      words.set(ids.subarray(0, WORDS * whole), WORDS * line);
      line += whole;
    }
    return true;
  } finally {
    closeSync(descriptor);
  }
}
