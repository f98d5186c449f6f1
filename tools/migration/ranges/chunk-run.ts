import type { ChunkRecord } from "../integrity/chunks.ts";
import { CompactRange, type SubtreeHash } from "../integrity/compact-range.ts";
import { ID_AT } from "../integrity/lanes/line-lanes.ts";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";
import { ChunkBuilder, type ChunkStart } from "./chunk-builder.ts";
import { BATCH_LEAVES, TreeBatch } from "./tree-batch.ts";

const ID_BYTES = 36;

let batch: TreeBatch | undefined;

/**
 * Makes the chunks and the tree of entities that are on their way to the disk, part by part and in order. Where a run
 * begins in the middle of a module, its first chunk is not known before the first digest that ends one.
 */
export class ChunkRun {
  #begin: ChunkStart;
  /** Undefined before the first chunk. */
  #chunks: ChunkBuilder | undefined;
  /** Over the chunks that ended, and over the entities behind them. */
  #tree: CompactRange;
  #open: CompactRange;
  #index: number;
  #dataOffset: number;
  #end: ChunkStart;
  #data: Buffer = Buffer.alloc(0);
  #entities: Buffer = Buffer.alloc(0);
  /** Lines and bytes of the present part, and those of them that hashes have seen. */
  #line = 0;
  #byte = 0;
  #hashedLine = 0;
  #hashedByte = 0;

  /** Begins with the entity at `start`. */
  constructor(start: ChunkStart) {
    this.#index = start.index;
    this.#dataOffset = start.dataOffset;
    this.#begin = start;
    this.#end = start;
    this.#tree = new CompactRange(start.index);
    this.#open = new CompactRange(start.index);
    if (start.index === 0) this.#start();
  }

  /** Takes the lines of the next part and those of entities.jsonl; they are read when `add` has told of them. */
  enter(data: Buffer, entities: Buffer): void {
    this.#data = data;
    this.#entities = entities;
    this.#line = 0;
    this.#byte = 0;
    this.#hashedLine = 0;
    this.#hashedByte = 0;
  }

  /** Takes the next entity of the part, whose line has so many bytes; `cuts` where its digest ends with three hex digits 0. */
  add(cuts: boolean, bytes: number): void {
    if (this.#chunks?.isEmpty === true) this.#chunks.begin(this.#idAt(this.#line));
    this.#line += 1;
    this.#byte += bytes;
    this.#index += 1;
    this.#dataOffset += bytes;
    if (this.#chunks === undefined) {
      if (cuts) this.#start();
    } else if (this.#chunks.add(cuts, bytes)) this.#close(this.#chunks);
  }

  /** Ends the part: its buffers may then be used again. */
  leave(): void {
    if (this.#chunks !== undefined) this.#hash(this.#chunks);
  }

  /** The chunks from the first known beginning to the last end. */
  finish(): {
    readonly begin: ChunkStart;
    readonly end: ChunkStart;
    readonly chunks: readonly ChunkRecord[];
    readonly subtrees: readonly SubtreeHash[];
  } {
    const end = this.#chunks === undefined ? this.#begin : this.#end;
    return { begin: this.#begin, end, chunks: this.#chunks?.chunks ?? [], subtrees: this.#tree.hashes() };
  }

  #start(): void {
    const start = { index: this.#index, dataOffset: this.#dataOffset };
    this.#begin = start;
    this.#end = start;
    this.#chunks = new ChunkBuilder(start);
    this.#tree = new CompactRange(start.index);
    this.#open = new CompactRange(start.index);
    this.#hashedLine = this.#line;
    this.#hashedByte = this.#byte;
  }

  #close(chunks: ChunkBuilder): void {
    this.#hash(chunks);
    chunks.close(this.#idAt(this.#line - 1));
    this.#tree.merge(this.#open);
    this.#open = new CompactRange(this.#tree.end);
    this.#end = { index: this.#index, dataOffset: this.#dataOffset };
  }

  #idAt(line: number): string {
    const from = line * ENTITY_LINE_BYTES + ID_AT;
    return this.#entities.toString("latin1", from, from + ID_BYTES);
  }

  /** Gives the lines that hashes have not seen to the chunk and to the tree. */
  #hash(chunks: ChunkBuilder): void {
    const lines = this.#entities;
    chunks.hashData(this.#data, this.#hashedByte, this.#byte);
    chunks.hashEntities(lines, this.#hashedLine * ENTITY_LINE_BYTES, this.#line * ENTITY_LINE_BYTES);
    batch ??= new TreeBatch();
    while (this.#hashedLine < this.#line) {
      const free = BATCH_LEAVES - (this.#open.end % BATCH_LEAVES);
      const count = Math.min(free, this.#line - this.#hashedLine);
      const begin = this.#hashedLine * ENTITY_LINE_BYTES;
      lines.copy(batch.lines, 0, begin, begin + count * ENTITY_LINE_BYTES);
      batch.appendTo(this.#open, count);
      this.#hashedLine += count;
    }
    this.#hashedByte = this.#byte;
  }
}
