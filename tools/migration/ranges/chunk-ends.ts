import { type ChunkRecord, isChunkEnd } from "../integrity/chunks.ts";

/** Compares where the chunks of a range end by content with where their records say so. */
export class ChunkEnds {
  readonly #chunks: readonly ChunkRecord[];
  readonly #isLastOfFile: boolean;
  #at = 0;
  #count = 0;
  #bytes = 0;

  constructor(chunks: readonly ChunkRecord[], isLastOfFile: boolean) {
    this.#chunks = chunks;
    this.#isLastOfFile = isLastOfFile;
  }

  /** True while the entity with this digest and length (LF included) fits the record of its chunk. */
  accepts(sha256Hex: string, entityBytes: number): boolean {
    const chunk = this.#chunks[this.#at];
    if (chunk === undefined) return false;
    this.#count += 1;
    this.#bytes += entityBytes;
    const ends = isChunkEnd(sha256Hex, this.#count, this.#bytes);
    if (this.#count < chunk.count) return !ends;
    const isLast = this.#isLastOfFile && this.#at === this.#chunks.length - 1;
    if (this.#bytes !== chunk.data.bytes || (!ends && !isLast)) return false;
    this.#at += 1;
    this.#count = 0;
    this.#bytes = 0;
    return true;
  }
}
