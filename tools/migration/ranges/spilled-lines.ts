import { closeSync, openSync, readSync } from "node:fs";
import { type Extent, SPILL_HEAD_BYTES } from "./spill.ts";
import { compareWords } from "./uuid-bytes.ts";

/** Reads the extents of a partition one after the other; fewer bytes where a file is shorter. The buffer is reused. */
export function readExtents(extents: readonly Extent[]): Buffer {
  const length = extents.reduce((sum, extent) => sum + extent.length, 0);
  // A new buffer for each partition cost a page fault for every 4 KiB, twice as long as copying the lines.
  if (room.length < length) room = Buffer.allocUnsafe(length);
  const all = room.subarray(0, length);
  let at = 0;
  let open: { readonly path: string; readonly descriptor: number } | undefined;
  try {
    for (const extent of extents) {
      if ("memory" in extent) {
        all.set(new Uint8Array(extent.memory, 0, extent.length), at);
        at += extent.length;
        continue;
      }
      if (open?.path !== extent.path) {
        if (open !== undefined) closeSync(open.descriptor);
        open = { path: extent.path, descriptor: openSync(extent.path, "r") };
      }
      for (let done = 0; done < extent.length; ) {
        const got = readSync(open.descriptor, all, at, extent.length - done, extent.offset + done);
        if (got === 0) return all.subarray(0, 0);
        done += got;
        at += got;
      }
    }
    return all;
  } finally {
    if (open !== undefined) closeSync(open.descriptor);
  }
}

let room = Buffer.alloc(0);

/** Where the lines of a partition lie in its bytes, and the words of their ids. */
export interface SpilledLines {
  readonly offsets: Float64Array;
  readonly lengths: Uint32Array;
  readonly words: Uint32Array;
}

/** Finds the lines of a partition. */
export function findLines(spilled: Buffer, count: number): SpilledLines {
  const lines = {
    offsets: new Float64Array(count),
    lengths: new Uint32Array(count),
    words: new Uint32Array(4 * count),
  };
  let line = 0;
  for (let at = 0; at < spilled.length && line < count; line += 1) {
    const length = spilled.readUInt32LE(at);
    for (let word = 0; word < 4; word += 1) lines.words[4 * line + word] = spilled.readUInt32LE(at + 4 + 4 * word);
    lines.offsets[line] = at + SPILL_HEAD_BYTES;
    lines.lengths[line] = length;
    at += SPILL_HEAD_BYTES + length;
  }
  return lines;
}

/** Longest bucket that is sorted by insertion. */
const INSERTION_LIMIT = 24;

/** Positions in the order of their words: one bucket per line by the first word, then a small sort in each. */
export function sortByWords(words: Uint32Array, count: number): Uint32Array {
  const order = new Uint32Array(count);
  if (count === 0) return order;
  let [least, most] = [words[0] ?? 0, words[0] ?? 0];
  for (let line = 1; line < count; line += 1) {
    const word = words[4 * line] ?? 0;
    if (word < least) least = word;
    if (word > most) most = word;
  }
  const scale = count / (most - least + 1);
  const ends = new Uint32Array(count + 1);
  const bucketOf = (line: number): number => Math.min(count - 1, Math.floor(((words[4 * line] ?? 0) - least) * scale));
  for (let line = 0; line < count; line += 1) ends[bucketOf(line) + 1] = (ends[bucketOf(line) + 1] ?? 0) + 1;
  for (let bucket = 0; bucket < count; bucket += 1) ends[bucket + 1] = (ends[bucket + 1] ?? 0) + (ends[bucket] ?? 0);
  const next = ends.slice(0, count);
  for (let line = 0; line < count; line += 1) {
    const bucket = bucketOf(line);
    order[next[bucket] ?? 0] = line;
    next[bucket] = (next[bucket] ?? 0) + 1;
  }
  for (let bucket = 0; bucket < count; bucket += 1) sortBucket(order, ends[bucket] ?? 0, ends[bucket + 1] ?? 0, words);
  return order;
}

function sortBucket(order: Uint32Array, from: number, to: number, words: Uint32Array): void {
  if (to - from > INSERTION_LIMIT) {
    order.subarray(from, to).sort((a, b) => compareWords(words, 4 * a, words, 4 * b));
    return;
  }
  for (let at = from + 1; at < to; at += 1) {
    const line = order[at] ?? 0;
    let hole = at;
    while (hole > from && compareWords(words, 4 * (order[hole - 1] ?? 0), words, 4 * line) > 0) {
      order[hole] = order[hole - 1] ?? 0;
      hole -= 1;
    }
    order[hole] = line;
  }
}
