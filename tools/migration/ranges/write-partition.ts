import { hash } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { copyText } from "../compiled/byte-copy.ts";
import type { ChunkRecord } from "../integrity/chunks.ts";
import type { SubtreeHash } from "../integrity/compact-range.ts";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";
import type { ChunkStart } from "./chunk-builder.ts";
import { ChunkRun } from "./chunk-run.ts";
import { DigestText } from "./digest-text.ts";
import type { Pieces } from "./pieces.ts";
import { findLines, readPieces, sortByWords } from "./spilled-lines.ts";
import { compareWords } from "./uuid-bytes.ts";

/** The spilled lines of one partition and where they go in the two files of their module. */
export interface PartitionTask {
  readonly pieces: Pieces;
  readonly count: number;
  readonly dataBytes: number;
  readonly data: string;
  readonly entities: string;
  /** Leaf index and byte offset of the partition's first entity. */
  readonly index: number;
  readonly dataOffset: number;
}

/** What was written of adjoining partitions; else the build is for the authority. */
export type PartitionsResult =
  | { readonly clean: false }
  | {
      readonly clean: true;
      /** Where the first chunk that surely begins here begins, and the last that ends here ends. */
      readonly begin: ChunkStart;
      readonly end: ChunkStart;
      /** The chunks between the two, and the tree over them, of what was in memory when it was written. */
      readonly chunks: readonly ChunkRecord[];
      readonly subtrees: readonly SubtreeHash[];
    };

const UNCLEAN: PartitionsResult = { clean: false };
/**
 * Bytes of one write: the kernel takes pages of that size for them. 512 MiB took 0.11 to 0.17 s of the system in pieces of
 * 16 to 128 KiB and 0.39 to 1.1 s in pieces of 4 MiB, where memory was warm (ext4, Linux 6.18).
 */
const WRITE_BYTES = 128 * 1024;
/** Longest line that is copied without a call. */
const SHORT_LINE_BYTES = 1024;

/** Sorts the lines of each partition by id and writes them, with their digests, to their final place. */
export function writePartitions(tasks: readonly PartitionTask[], checkCancelled: () => void): PartitionsResult {
  const [first] = tasks;
  if (first === undefined) return UNCLEAN;
  const run = new ChunkRun({ index: first.index, dataOffset: first.dataOffset });
  for (const task of tasks) {
    checkCancelled();
    if (!writePartition(task, run)) return UNCLEAN;
  }
  return { clean: true, ...run.finish() };
}

/** Reused from partition to partition, like the bytes that are read. */
let written = Buffer.alloc(0);
const entities = new DigestText();

function writePartition(task: PartitionTask, run: ChunkRun): boolean {
  const { count, dataBytes } = task;
  const spilled = readPieces(task.pieces);
  const { words, offsets, lengths } = findLines(spilled, count);
  const order = sortByWords(words, count);
  if (written.length < dataBytes) written = Buffer.allocUnsafe(dataBytes);
  const data = written.subarray(0, dataBytes);
  const [from, to] = [viewOf(spilled), viewOf(data)];
  entities.begin(count);
  run.enter(data, entities);
  let at = 0;
  for (let rank = 0; rank < count; rank += 1) {
    const line = order[rank] ?? 0;
    if (rank > 0 && compareWords(words, 4 * (order[rank - 1] ?? 0), words, 4 * line) >= 0) return false;
    const begin = offsets[line] ?? 0;
    const length = lengths[line] ?? 0;
    if (at + length >= dataBytes || begin + length > spilled.length) return false;
    if (length < SHORT_LINE_BYTES) copyText(from, begin, begin + length, to, at);
    else spilled.copy(data, at, begin, begin + length);
    const digest = hash("sha256", new Uint8Array(data.buffer, data.byteOffset + at, length), "hex");
    data[at + length] = 10;
    at += length + 1;
    entities.add(words, 4 * line, digest);
    run.add(digest, length + 1);
  }
  if (at !== dataBytes) return false;
  run.leave();
  writeAt(task.data, data, task.dataOffset);
  writeAt(task.entities, entities.bytes, ENTITY_LINE_BYTES * task.index);
  return true;
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function writeAt(path: string, bytes: Buffer, offset: number): void {
  const descriptor = openSync(path, "r+");
  try {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(descriptor, bytes, done, Math.min(WRITE_BYTES, bytes.length - done), offset + done);
    }
  } finally {
    closeSync(descriptor);
  }
}
