import { createHash, type Hash } from "node:crypto";
import type { ByteSpan } from "../integrity/chunks.ts";

/** Compares raw bytes, given in order, with the digests of adjoining spans. */
export class ChunkHasher {
  readonly #spans: readonly ByteSpan[];
  #at = 0;
  #left: number;
  #hash: Hash = createHash("sha256");
  #clean = true;

  constructor(spans: readonly ByteSpan[]) {
    this.#spans = spans;
    this.#left = spans[0]?.bytes ?? 0;
  }

  /** True while every span that ended had its recorded digest. */
  get clean(): boolean {
    return this.#clean;
  }

  /** True once every span has ended. */
  get done(): boolean {
    return this.#at === this.#spans.length;
  }

  update(bytes: Buffer, from: number, to: number): void {
    let at = from;
    while (at < to && this.#at < this.#spans.length) {
      const stop = Math.min(to, at + this.#left);
      this.#hash.update(new Uint8Array(bytes.buffer, bytes.byteOffset + at, stop - at));
      this.#left -= stop - at;
      at = stop;
      if (this.#left === 0) this.#close();
    }
  }

  #close(): void {
    if (this.#hash.digest("hex") !== this.#spans[this.#at]?.sha256) this.#clean = false;
    this.#at += 1;
    this.#left = this.#spans[this.#at]?.bytes ?? 0;
    this.#hash = createHash("sha256");
  }
}
