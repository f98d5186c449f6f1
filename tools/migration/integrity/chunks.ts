import { createHash, type Hash } from "node:crypto";
import type { ByteSpan, ChunkRecord } from "./chunk-record.ts";
import { entityLine } from "./digest.ts";
import { CHUNK_MAX_BYTES, CHUNK_MAX_ENTITIES, ENTITY_LINE_BYTES } from "./limits.ts";

export { type ByteSpan, type ChunkRecord, chunkLine, findChunkGap, parseChunkLine } from "./chunk-record.ts";

/** True where a chunk ends behind the entity of this digest, `count` and `dataBytes` with it counted (FORMATS.md, section 4). */
export function isChunkEnd(sha256Hex: string, count: number, dataBytes: number): boolean {
  return cutsChunk(sha256Hex) || isFullChunk(count, dataBytes);
}

/** True where an entity of this digest ends a chunk wherever that began. */
export function cutsChunk(sha256Hex: string): boolean {
  return sha256Hex.endsWith("000");
}

/** True where a chunk of so many entities and data bytes ends whatever the digest of the last one. */
export function isFullChunk(count: number, dataBytes: number): boolean {
  return count >= CHUNK_MAX_ENTITIES || dataBytes >= CHUNK_MAX_BYTES;
}

/** Where a chunk begins: the leaf index and the byte offset in data.jsonl. */
export interface ChunkStart {
  readonly index: number;
  readonly dataOffset: number;
}

/** Cuts the entities of a module, given in order, into content-defined chunks and hashes their bytes. */
export class ChunkCutter {
  #index: number;
  #dataOffset: number;
  #open: OpenChunk | undefined;

  /** Begins at the start of the files, or at `start`, which must be the start of a chunk. */
  constructor(start: ChunkStart = { index: 0, dataOffset: 0 }) {
    this.#index = start.index;
    this.#dataOffset = start.dataOffset;
  }

  /** Adds the next entity with the bytes of its line, LF left out; returns the chunk that ends with it. */
  add(id: string, sha256Hex: string, line: Uint8Array): ChunkRecord | undefined {
    this.#open ??= new OpenChunk(id);
    this.#open.add(id, sha256Hex, line);
    return isChunkEnd(sha256Hex, this.#open.count, this.#open.dataBytes) ? this.end() : undefined;
  }

  /** Ends the open chunk with the file; undefined where the last entity already ended one. */
  end(): ChunkRecord | undefined {
    const record = this.#open?.close(this.#index, this.#dataOffset);
    this.#open = undefined;
    if (record === undefined) return undefined;
    this.#index += record.count;
    this.#dataOffset += record.data.bytes;
    return record;
  }
}

class OpenChunk {
  readonly #data: Hash = createHash("sha256");
  readonly #entities: Hash = createHash("sha256");
  readonly #first: string;
  #last: string;
  count = 0;
  dataBytes = 0;

  constructor(first: string) {
    this.#first = first;
    this.#last = first;
  }

  add(id: string, sha256Hex: string, line: Uint8Array): void {
    this.#data.update(line).update("\n");
    this.#entities.update(entityLine(id, sha256Hex) + "\n");
    this.#last = id;
    this.count++;
    this.dataBytes += line.length + 1;
  }

  close(index: number, dataOffset: number): ChunkRecord {
    const entityBytes = ENTITY_LINE_BYTES * this.count;
    return {
      count: this.count,
      data: span(this.dataBytes, dataOffset, this.#data),
      entities: span(entityBytes, ENTITY_LINE_BYTES * index, this.#entities),
      first: this.#first,
      index,
      last: this.#last,
    };
  }
}

function span(bytes: number, offset: number, hash: Hash): ByteSpan {
  return { bytes, offset, sha256: hash.digest("hex") };
}
