import { hash } from "node:crypto";
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";
import { DigestText } from "./digest-text.ts";
import { type Extent, SPILL_HEAD_BYTES } from "./spill.ts";
import { compareWords } from "./uuid-bytes.ts";

/** The spilled lines of one partition and where they go in the two files of their module. */
export interface PartitionTask {
  readonly extents: readonly Extent[];
  readonly count: number;
  readonly dataBytes: number;
  readonly data: string;
  readonly entities: string;
  /** Leaf index and byte offset of the partition's first entity. */
  readonly index: number;
  readonly dataOffset: number;
}

/** Where the first chunk that begins inside a partition begins; undefined where none does. */
export interface PartitionResult {
  readonly clean: boolean;
  readonly chunkStart: { readonly index: number; readonly dataOffset: number } | undefined;
}

/** Sorts the lines of a partition by id and writes them, with their digests, to their final place. */
export function writePartition(task: PartitionTask, checkCancelled: () => void): PartitionResult {
  const spilled = readExtents(task.extents);
  const lines = findLines(spilled, task.count);
  const order = sortByWords(lines.words, task.count);
  checkCancelled();
  const data = Buffer.allocUnsafe(task.dataBytes);
  const entities = new DigestText(task.count);
  let at = 0;
  let chunkStart: PartitionResult["chunkStart"];
  for (let rank = 0; rank < task.count; rank += 1) {
    const line = order[rank] ?? 0;
    if (rank > 0 && compareWords(lines.words, 4 * (order[rank - 1] ?? 0), lines.words, 4 * line) >= 0) {
      return { clean: false, chunkStart: undefined };
    }
    const from = lines.offsets[line] ?? 0;
    const length = lines.lengths[line] ?? 0;
    spilled.copy(data, at, from, from + length);
    const digest = hash("sha256", new Uint8Array(data.buffer, data.byteOffset + at, length), "hex");
    data[at + length] = 10;
    at += length + 1;
    entities.add(lines.words, 4 * line, digest);
    if (chunkStart === undefined && digest.endsWith("000")) {
      chunkStart = { index: task.index + rank + 1, dataOffset: task.dataOffset + at };
    }
  }
  writeAt(task.data, data, task.dataOffset);
  writeAt(task.entities, entities.bytes, ENTITY_LINE_BYTES * task.index);
  return { clean: at === task.dataBytes, chunkStart };
}

function readExtents(extents: readonly Extent[]): Buffer {
  const all = Buffer.allocUnsafe(extents.reduce((sum, extent) => sum + extent.length, 0));
  let at = 0;
  let open: { readonly path: string; readonly descriptor: number } | undefined;
  try {
    for (const extent of extents) {
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

interface SpilledLines {
  readonly offsets: Float64Array;
  readonly lengths: Uint32Array;
  readonly words: Uint32Array;
}

function findLines(spilled: Buffer, count: number): SpilledLines {
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
function sortByWords(words: Uint32Array, count: number): Uint32Array {
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

function writeAt(path: string, bytes: Buffer, offset: number): void {
  const descriptor = openSync(path, "r+");
  try {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(descriptor, bytes, done, bytes.length - done, offset + done);
    }
  } finally {
    closeSync(descriptor);
  }
}
