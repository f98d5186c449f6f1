import { createHash, type Hash } from "node:crypto";
import type { ByteSpan, ChunkRecord } from "../integrity/chunks.ts";
import { type FindingSink, finding } from "../model/finding.ts";
import { DAMAGED, type SecondRead } from "./second-read.ts";

/** Compares the raw bytes of one file, given block by block in order, with the digests of a chunk list. */
export class ChunkVerifier {
  readonly #which: "data" | "entities";
  readonly #chunks: readonly ChunkRecord[];
  readonly #place: { readonly module: string; readonly file: string };
  readonly #sink: FindingSink;
  readonly #second: SecondRead;
  #hash: Hash = createHash("sha256");
  #at = 0;

  constructor(
    which: "data" | "entities",
    chunks: readonly ChunkRecord[],
    place: { readonly module: string; readonly file: string },
    sink: FindingSink,
    second: SecondRead,
  ) {
    this.#which = which;
    this.#chunks = chunks;
    this.#place = place;
    this.#sink = sink;
    this.#second = second;
  }

  /** Takes the next bytes; they must follow the ones before without a gap. */
  update(block: Uint8Array, offset: number): void {
    let from = 0;
    for (;;) {
      const chunk = this.#chunks[this.#at];
      if (chunk === undefined) return;
      const span = chunk[this.#which];
      const upTo = Math.min(block.length, span.offset + span.bytes - offset);
      this.#hash.update(block.subarray(from, upTo));
      from = upTo;
      if (offset + from < span.offset + span.bytes) return;
      this.#close(chunk);
    }
  }

  #close(chunk: ChunkRecord): void {
    const span = chunk[this.#which];
    const got = this.#hash.digest("hex");
    if (got !== span.sha256) this.#report(span, got);
    this.#hash = createHash("sha256");
    this.#at += 1;
  }

  #report(span: ByteSpan, got: string): void {
    const place = { ...this.#place, chunk: this.#at, offset: span.offset };
    const again = this.#second.sha256({ place, length: span.bytes });
    const digests = { expected: span.sha256, got };
    if (again === span.sha256) this.#sink(finding("TRANSIENT_READ", { ...place, ...digests }));
    else this.#sink(finding("CHUNK_DIGEST", { ...place, ...digests, rule: DAMAGED }));
  }
}
