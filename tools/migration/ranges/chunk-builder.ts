import { createHash, type Hash } from "node:crypto";
import { type ChunkRecord, isFullChunk } from "../integrity/chunks.ts";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";

/** Where a chunk begins: the leaf index and the byte offset in data.jsonl. */
export interface ChunkStart {
  readonly index: number;
  readonly dataOffset: number;
}

/**
 * Makes the chunk records of entities that are given in order. Raw bytes are hashed in long runs: the caller says where an
 * entity ends, and the bytes are taken when a chunk ends or the block is about to be overwritten.
 */
export class ChunkBuilder {
  readonly chunks: ChunkRecord[] = [];
  #index: number;
  #dataOffset: number;
  #count = 0;
  #dataBytes = 0;
  #first = "";
  #data: Hash = createHash("sha256");
  #entities: Hash = createHash("sha256");

  constructor(start: ChunkStart) {
    this.#index = start.index;
    this.#dataOffset = start.dataOffset;
  }

  /**
   * Counts the next entity, `cuts` where its digest ends with three hex digits 0. True where it ends a chunk: the caller then
   * gives the bytes up to it and calls `close`.
   */
  add(cuts: boolean, bytes: number): boolean {
    this.#count += 1;
    this.#dataBytes += bytes;
    return cuts || isFullChunk(this.#count, this.#dataBytes);
  }

  /** True where the next entity begins a chunk. */
  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Names the first entity of the open chunk. */
  begin(id: string): void {
    this.#first = id;
  }

  hashData(bytes: Buffer, from: number, to: number): void {
    if (to > from) this.#data.update(new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from));
  }

  hashEntities(bytes: Buffer, from: number, to: number): void {
    if (to > from) this.#entities.update(new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from));
  }

  /** Ends the open chunk with the entity of this id. */
  close(last: string): void {
    const [count, index] = [this.#count, this.#index];
    this.chunks.push({
      count,
      data: { bytes: this.#dataBytes, offset: this.#dataOffset, sha256: this.#data.digest("hex") },
      entities: {
        bytes: ENTITY_LINE_BYTES * count,
        offset: ENTITY_LINE_BYTES * index,
        sha256: this.#entities.digest("hex"),
      },
      first: this.#first,
      index,
      last,
    });
    this.#index += count;
    this.#dataOffset += this.#dataBytes;
    this.#count = 0;
    this.#dataBytes = 0;
    this.#data = createHash("sha256");
    this.#entities = createHash("sha256");
  }
}
