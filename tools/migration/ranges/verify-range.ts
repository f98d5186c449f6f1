import { hash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import type { ChunkRecord } from "../integrity/chunks.ts";
import { CompactRange, type SubtreeHash } from "../integrity/compact-range.ts";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";
import { moduleFiles } from "../stores/module-files.ts";
import { ChunkEnds } from "./chunk-ends.ts";
import { ChunkHasher } from "./chunk-hasher.ts";
import { RangeBlocks } from "./range-blocks.ts";
import { BATCH_LEAVES, TreeBatch } from "./tree-batch.ts";
import { compareWords, readUuid } from "./uuid-bytes.ts";

/** A run of whole chunks of one module. */
export interface ChunkRange {
  readonly input: string;
  readonly module: string;
  readonly chunks: readonly ChunkRecord[];
  /** True where the last chunk is the last of the module. */
  readonly isLast: boolean;
}

/** What a range proved, or that it is for the authority to look at. */
export type RangeResult =
  | { readonly clean: false }
  | {
      readonly clean: true;
      readonly begin: number;
      readonly end: number;
      readonly subtrees: readonly SubtreeHash[];
    };

/** Looks at the content of each entity beside the digests: `id` holds its four words; false hands the range over. */
export interface EntityProbe {
  /** Called with each new block, before its lines; false where its bytes are not UTF-8. */
  block(bytes: Buffer, from: number, to: number): boolean;
  entity(bytes: Buffer, from: number, to: number, index: number, offset: number, id: Uint32Array): boolean;
}

const HEAD = Buffer.from('{"id":"', "latin1");
const MIDDLE = Buffer.from('","sha256":"', "latin1");
const TAIL = Buffer.from('"}\n', "latin1");
const ID_AT = HEAD.length;
const MIDDLE_AT = ID_AT + 36;
const DIGEST_AT = MIDDLE_AT + MIDDLE.length;
const TAIL_AT = DIGEST_AT + 64;

const batch = new TreeBatch();

/**
 * Proves that the digests, order, chunks and tree of a range are as recorded: the fast path of every verification. It
 * never words a fault: whatever it does not accept is looked at again by the sequential scan, which does.
 */
export function verifyRange(range: ChunkRange, checkCancelled: () => void, probe?: EntityProbe): RangeResult {
  const verifier = new RangeVerifier(range, probe);
  try {
    return verifier.run(checkCancelled);
  } finally {
    verifier.close();
  }
}

class RangeVerifier {
  readonly #range: ChunkRange;
  readonly #probe: EntityProbe | undefined;
  readonly #begin: number;
  readonly #end: number;
  readonly #entities: number;
  readonly #entityHasher: ChunkHasher;
  readonly #dataHasher: ChunkHasher;
  readonly #ends: ChunkEnds;
  readonly #data: RangeBlocks;
  readonly #tree: CompactRange;
  /** Words of the id before, and of this one. */
  readonly #ids = new Uint32Array(8);
  /** Lines of the present batch as text, for comparing 64 hex digits without making a string. */
  #text = "";
  #index: number;
  #batchBegin = 0;
  #batchEnd = 0;

  constructor(range: ChunkRange, probe: EntityProbe | undefined) {
    const { chunks, input, module } = range;
    const [first, last] = [chunks[0], chunks.at(-1)];
    if (first === undefined || last === undefined) throw new TypeError("a range of no chunks");
    this.#range = range;
    this.#probe = probe;
    this.#begin = first.index;
    this.#end = last.index + last.count;
    this.#index = first.index;
    this.#batchBegin = first.index;
    this.#batchEnd = first.index;
    this.#tree = new CompactRange(first.index);
    this.#entityHasher = new ChunkHasher(chunks.map((chunk) => chunk.entities));
    this.#dataHasher = new ChunkHasher(chunks.map((chunk) => chunk.data));
    this.#ends = new ChunkEnds(chunks, range.isLast);
    const files = moduleFiles(input, module);
    this.#entities = openSync(files.entities, "r");
    const length = last.data.offset + last.data.bytes - first.data.offset;
    this.#data = new RangeBlocks(
      files.data,
      `${module}/data.jsonl`,
      { offset: first.data.offset, length },
      (bytes, from, to) => this.#dataHasher.update(bytes, from, to),
    );
  }

  run(checkCancelled: () => void): RangeResult {
    while (this.#data.next()) {
      checkCancelled();
      const { bytes, begin, end } = this.#data;
      if (this.#probe !== undefined && !this.#probe.block(bytes, begin, end)) return { clean: false };
      if (!this.#lines(bytes, begin, end)) return { clean: false };
    }
    if (this.#index !== this.#end || this.#data.rest > 0) return { clean: false };
    this.#endBatch();
    const proved =
      this.#dataHasher.clean && this.#dataHasher.done && this.#entityHasher.clean && this.#entityHasher.done;
    if (!proved) return { clean: false };
    return { clean: true, begin: this.#begin, end: this.#end, subtrees: this.#tree.hashes() };
  }

  close(): void {
    closeSync(this.#entities);
    this.#data.close();
  }

  #lines(bytes: Buffer, begin: number, end: number): boolean {
    const { buffer, byteOffset } = bytes;
    let at = begin;
    while (at < end) {
      const lf = bytes.indexOf(10, at);
      if (this.#index === this.#batchEnd && !this.#nextBatch()) return false;
      const digest = hash("sha256", new Uint8Array(buffer, byteOffset + at, lf - at), "hex");
      if (!this.#entityLine(this.#index - this.#batchBegin, digest)) return false;
      if (!this.#ends.accepts(digest, lf + 1 - at)) return false;
      if (this.#probe !== undefined) {
        const offset = this.#data.base + at;
        if (!this.#probe.entity(bytes, at, lf, this.#index, offset, this.#ids.subarray(4))) return false;
      }
      this.#ids.copyWithin(0, 4);
      this.#index += 1;
      at = lf + 1;
    }
    return true;
  }

  /** True where the line of entities.jsonl has its form, this digest, and an id above the one before. */
  #entityLine(line: number, digest: string): boolean {
    const at = line * ENTITY_LINE_BYTES;
    if (!this.#text.startsWith(digest, at + DIGEST_AT)) return false;
    const bytes = batch.lines;
    if (!readUuid(bytes, at + ID_AT, this.#ids, 4)) return false;
    if (!has(bytes, at, HEAD) || !has(bytes, at + MIDDLE_AT, MIDDLE) || !has(bytes, at + TAIL_AT, TAIL)) return false;
    return this.#index === this.#begin || compareWords(this.#ids, 0, this.#ids, 4) < 0;
  }

  /** Hashes the finished batch and reads the next lines of entities.jsonl, up to a multiple of the batch size. */
  #nextBatch(): boolean {
    this.#endBatch();
    const count = Math.min(this.#end - this.#index, BATCH_LEAVES - (this.#index % BATCH_LEAVES));
    if (count <= 0) return false;
    const length = count * ENTITY_LINE_BYTES;
    for (let got = 0; got < length; ) {
      const read = readSync(this.#entities, batch.lines, got, length - got, this.#index * ENTITY_LINE_BYTES + got);
      if (read === 0) return false;
      got += read;
    }
    this.#entityHasher.update(batch.lines, 0, length);
    this.#text = batch.lines.toString("latin1", 0, length);
    this.#batchBegin = this.#index;
    this.#batchEnd = this.#index + count;
    return this.#edges();
  }

  #endBatch(): void {
    if (this.#batchEnd > this.#batchBegin) batch.appendTo(this.#tree, this.#batchEnd - this.#batchBegin);
    this.#batchBegin = this.#batchEnd;
  }

  /** True where the records of the chunks that begin or end in this batch name the right ids. */
  #edges(): boolean {
    for (const chunk of this.#range.chunks) {
      const last = chunk.index + chunk.count - 1;
      if (this.#holds(chunk.index) && !this.#hasId(chunk.index, chunk.first)) return false;
      if (this.#holds(last) && !this.#hasId(last, chunk.last)) return false;
    }
    return true;
  }

  #holds(index: number): boolean {
    return index >= this.#batchBegin && index < this.#batchEnd;
  }

  #hasId(index: number, id: string): boolean {
    return this.#text.startsWith(id, (index - this.#batchBegin) * ENTITY_LINE_BYTES + ID_AT);
  }
}

function has(bytes: Buffer, at: number, literal: Buffer): boolean {
  for (let byte = 0; byte < literal.length; byte += 1) if (bytes[at + byte] !== literal[byte]) return false;
  return true;
}
