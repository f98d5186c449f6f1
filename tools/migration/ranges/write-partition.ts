import { closeSync, openSync, writeSync } from "node:fs";
import type { ChunkRecord } from "../integrity/chunks.ts";
import type { SubtreeHash } from "../integrity/compact-range.ts";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";
import type { ChunkStart } from "./chunk-builder.ts";
import { ChunkRun } from "./chunk-run.ts";
import type { Pieces } from "./pieces.ts";
import { SPILL_HEAD_BYTES } from "./spill.ts";
import { bytesOfPieces, findLines, readPieces, sortByWords } from "./spilled-lines.ts";
import { MOST_SPILLED_BYTES, writeRoom } from "./write-room.ts";

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

function writePartition(task: PartitionTask, run: ChunkRun): boolean {
  const { pieces, count, dataBytes } = task;
  const spilledBytes = bytesOfPieces(pieces);
  // Without their heads, and with an LF each.
  if (spilledBytes - count * SPILL_HEAD_BYTES + count !== dataBytes) return false;
  if (spilledBytes > MOST_SPILLED_BYTES) return false;
  const room = writeRoom(spilledBytes);
  const spilled = room.spilled.subarray(0, spilledBytes);
  const lines = readPieces(pieces, spilled) ? findLines(spilled, count) : undefined;
  if (lines === undefined) return false;
  const order = sortByWords(lines.words, count);
  return withFile(task.data, task.dataOffset, (writeData) =>
    withFile(task.entities, ENTITY_LINE_BYTES * task.index, (writeEntities) => {
      for (let rank = 0; rank < count; ) {
        const next = room.next(lines, order, rank, run);
        if (next === undefined) return false;
        writeData(next.data);
        writeEntities(next.entities);
        rank += next.count;
      }
      return true;
    }),
  );
}

/** Calls `action` with a function that writes to the file, one piece behind the other from `offset` on. */
function withFile(path: string, offset: number, action: (write: (bytes: Buffer) => void) => boolean): boolean {
  const descriptor = openSync(path, "r+");
  let end = offset;
  try {
    return action((bytes) => {
      for (let done = 0; done < bytes.length; ) {
        const wrote = writeSync(descriptor, bytes, done, Math.min(WRITE_BYTES, bytes.length - done), end);
        done += wrote;
        end += wrote;
      }
    });
  } finally {
    closeSync(descriptor);
  }
}
