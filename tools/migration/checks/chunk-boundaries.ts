import { type ChunkRecord, isChunkEnd } from "../integrity/chunks.ts";
import { type FindingSink, finding } from "../model/finding.ts";

/** Compares where chunks should end by their content with where the list says they end; reports the first difference. */
export class ChunkBoundaries {
  readonly #chunks: readonly ChunkRecord[];
  readonly #place: { readonly module: string; readonly file: string };
  readonly #sink: FindingSink;
  #at = 0;
  #count = 0;
  #dataBytes = 0;
  #first = "";
  #last = "";
  #differs = false;

  constructor(
    chunks: readonly ChunkRecord[],
    place: { readonly module: string; readonly file: string },
    sink: FindingSink,
  ) {
    this.#chunks = chunks;
    this.#place = place;
    this.#sink = sink;
  }

  /** Takes the next line of entities.jsonl and the length of its entity with LF, in bytes. */
  add(id: string, sha256: string, entityBytes: number): void {
    if (this.#count === 0) this.#first = id;
    this.#last = id;
    this.#count += 1;
    this.#dataBytes += entityBytes;
    if (isChunkEnd(sha256, this.#count, this.#dataBytes)) this.#close();
  }

  /** Ends the last chunk with the file. */
  end(): void {
    if (this.#count > 0) this.#close();
    if (!this.#differs && this.#at < this.#chunks.length) this.#report("no further chunk", "one more");
  }

  #close(): void {
    const chunk = this.#chunks[this.#at];
    if (!this.#differs) {
      if (chunk === undefined) this.#report("a chunk", "none");
      else if (chunk.count !== this.#count || chunk.first !== this.#first || chunk.last !== this.#last) {
        this.#report(
          `${this.#count} entities from ${this.#first} to ${this.#last}`,
          `${chunk.count} from ${chunk.first} to ${chunk.last}`,
        );
      }
    }
    this.#at += 1;
    this.#count = 0;
    this.#dataBytes = 0;
  }

  #report(expected: string, got: string): void {
    this.#differs = true;
    this.#sink(finding("CHUNK_BOUNDARY", { ...this.#place, chunk: this.#at, expected, got }));
  }
}
