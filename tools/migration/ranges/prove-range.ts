import type { ChunkRecord } from "../integrity/chunks.ts";
import type { SubtreeHash } from "../integrity/compact-range.ts";
import { ENTITY_LINE_BYTES, MAX_LINE_BYTES } from "../integrity/limits.ts";
import { ChunkBuilder } from "./chunk-builder.ts";
import { DigestLines } from "./digest-lines.ts";
import type { LineDigests } from "./line-digests.ts";
import { proofRoom } from "./proof-room.ts";
import { RangeBlocks } from "./range-blocks.ts";

/** A run of entities that begins where a chunk begins, in the two files of a module. */
export interface EntityRange {
  readonly data: string;
  readonly entities: string;
  /** Name of the data file for messages, relative to the candidate. */
  readonly name: string;
  /** Leaf indexes `[begin, end)`. */
  readonly begin: number;
  readonly end: number;
  /** Bytes of data.jsonl. */
  readonly dataOffset: number;
  readonly dataBytes: number;
  readonly blockBytes?: number;
}

/** What the bytes of a range prove; undefined where they are not what a range must be. */
export interface RangeProof {
  readonly begin: number;
  readonly end: number;
  /** Chunks by content; the last one ends with the range. */
  readonly chunks: readonly ChunkRecord[];
  /** True where the last chunk ends only because the range does. */
  readonly openEnd: boolean;
  readonly subtrees: readonly SubtreeHash[];
}

/** Looks at the content of entities beside the digests; false gives the range up. */
export interface EntityProbe {
  /** Called with each new block, before its lines. */
  block(bytes: Buffer, from: number, to: number): void;
  entities(run: EntityRun): boolean;
}

/** Entities whose lines follow each other in a block. */
export interface EntityRun {
  readonly bytes: Buffer;
  /** Where the first line begins in `bytes`, and where each has its LF. */
  readonly begin: number;
  readonly ends: Int32Array;
  readonly count: number;
  /** Leaf index of the first entity, and the offset of `bytes` in the file. */
  readonly index: number;
  readonly base: number;
  /** Four words for each id by their lines of entities.jsonl. */
  readonly ids: Uint32Array;
}

/**
 * Reads a range once and proves what it holds: every entity has the digest in its line of entities.jsonl, ids ascend, and
 * these are the chunks and the tree. The fast path of all verification and of the read-back; it never words a fault.
 */
export function proveRange(
  range: EntityRange,
  checkCancelled: () => void,
  probe?: EntityProbe,
): RangeProof | undefined {
  const prover = new RangeProver(range, probe);
  try {
    return prover.run(checkCancelled);
  } finally {
    prover.close();
  }
}

class RangeProver {
  readonly #range: EntityRange;
  readonly #probe: EntityProbe | undefined;
  readonly #lines: DigestLines;
  readonly #digests: LineDigests;
  readonly #data: RangeBlocks;
  readonly #chunks: ChunkBuilder;
  #index: number;
  /** First line of the batch, and first byte of the block, that the chunk hashes have not seen. */
  #unhashedLine: number;
  #unhashedByte = 0;

  constructor(range: EntityRange, probe: EntityProbe | undefined) {
    this.#range = range;
    this.#probe = probe;
    this.#index = range.begin;
    this.#unhashedLine = range.begin;
    this.#chunks = new ChunkBuilder({ index: range.begin, dataOffset: range.dataOffset });
    const room = proofRoom();
    const { dataOffset: offset, dataBytes: length, blockBytes = room.block.length } = range;
    const block = blockBytes > room.block.length ? Buffer.allocUnsafe(blockBytes) : room.block.subarray(0, blockBytes);
    this.#digests = room.digests;
    this.#data = new RangeBlocks(range.data, range.name, { offset, length, block });
    try {
      this.#lines = new DigestLines(room, range.entities, range.begin, range.end);
    } catch (error) {
      this.#data.close();
      throw error;
    }
  }

  run(checkCancelled: () => void): RangeProof | undefined {
    const { begin, end } = this.#range;
    let last = "";
    while (this.#data.next()) {
      checkCancelled();
      this.#probe?.block(this.#data.bytes, this.#data.begin, this.#data.end);
      if (!this.#block(this.#data.bytes, this.#data.begin, this.#data.end)) return undefined;
      last = this.#lines.idAt(this.#index - 1);
    }
    if (this.#index !== end || this.#data.rest > 0) return undefined;
    this.#hashLines(end);
    const openEnd = !this.#chunks.isEmpty;
    if (openEnd) this.#chunks.close(last);
    this.#lines.finish();
    return { begin, end, chunks: this.#chunks.chunks, openEnd, subtrees: this.#lines.tree.hashes() };
  }

  close(): void {
    this.#lines.close();
    this.#data.close();
  }

  #block(bytes: Buffer, begin: number, end: number): boolean {
    this.#unhashedByte = begin;
    for (let at = begin; at < end; ) {
      if (this.#index === this.#lines.batchEnd && !this.#nextBatch()) return false;
      const count = this.#digests.hash(bytes, at, end, this.#lines.batchEnd - this.#index);
      if (!this.#lines.haveDigests(this.#index, count) || !this.#entities(bytes, at, count)) return false;
      at = (this.#digests.ends[count - 1] ?? 0) + 1;
    }
    this.#chunks.hashData(bytes, this.#unhashedByte, end);
    return true;
  }

  /** Takes the lines that were hashed last, the first of them at `begin`. */
  #entities(bytes: Buffer, begin: number, count: number): boolean {
    const digests = this.#digests;
    if (!this.#probed(bytes, begin, count)) return false;
    for (let line = 0, at = begin; line < count; line += 1) {
      const lf = digests.ends[line] ?? 0;
      if (lf - at > MAX_LINE_BYTES || !this.#isNext()) return false;
      this.#count(digests.endsWithZeros(line), bytes, lf + 1, lf + 1 - at);
      at = lf + 1;
    }
    return true;
  }

  /** True where the id of the entity is above the last one. */
  #isNext(): boolean {
    return this.#index === this.#range.begin || this.#lines.isAbove(this.#index);
  }

  #probed(bytes: Buffer, begin: number, count: number): boolean {
    if (this.#probe === undefined) return true;
    const [index, base, ids, { ends }] = [
      this.#index,
      this.#data.base,
      this.#lines.idsFrom(this.#index),
      this.#digests,
    ];
    return this.#probe.entities({ bytes, begin, ends, count, index, base, ids });
  }

  /** Takes the entity into its chunk, and ends the chunk where its content says so. */
  #count(cuts: boolean, bytes: Buffer, end: number, length: number): void {
    if (this.#chunks.isEmpty) this.#chunks.begin(this.#lines.idAt(this.#index));
    const ends = this.#chunks.add(cuts, length);
    this.#index += 1;
    if (!ends) return;
    this.#chunks.hashData(bytes, this.#unhashedByte, end);
    this.#unhashedByte = end;
    this.#hashLines(this.#index);
    this.#chunks.close(this.#lines.idAt(this.#index - 1));
  }

  #nextBatch(): boolean {
    this.#hashLines(this.#lines.batchEnd);
    return this.#lines.next();
  }

  /** Gives the lines of the present batch up to leaf `end` to the chunk hash. */
  #hashLines(end: number): void {
    const { bytes, batchBegin } = this.#lines;
    const from = (this.#unhashedLine - batchBegin) * ENTITY_LINE_BYTES;
    this.#chunks.hashEntities(bytes, from, (end - batchBegin) * ENTITY_LINE_BYTES);
    this.#unhashedLine = end;
  }
}
