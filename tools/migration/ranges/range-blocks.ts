import { closeSync, openSync, readSync } from "node:fs";
import { guardRead } from "../files/guard-read.ts";
import { MAX_LINE_BYTES } from "../integrity/limits.ts";

const LF = 10;
const BLOCK_BYTES = 512 * 1024;

/** Bytes of a file, and in which portions they are read. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
  /** Where bytes are read to; a larger buffer takes its place for a longer line. */
  readonly block?: Buffer;
}

/** Reads a byte range of a file in blocks that end with whole lines. */
export class RangeBlocks {
  /** Holds the present block in `[begin, end)`; reused. */
  bytes: Buffer;
  begin = 0;
  end = 0;
  /** Offset in the file of `bytes[0]`. */
  base: number;
  readonly #name: string;
  readonly #limit: number;
  #descriptor: number | undefined;
  #filled = 0;

  /** Opens `path` for bytes `[offset, offset + length)`; UNVERIFIABLE where it cannot be read. */
  constructor(path: string, name: string, range: ByteRange) {
    this.bytes = range.block ?? Buffer.allocUnsafe(BLOCK_BYTES);
    this.#name = name;
    this.base = range.offset;
    this.#limit = range.offset + range.length;
    this.#descriptor = guardRead(name, () => openSync(path, "r"));
  }

  /** Makes the next block of whole lines; false at the end of the range, or where a line does not end in it or is too long. */
  next(): boolean {
    const rest = this.#filled - this.end;
    this.bytes.copyWithin(0, this.end, this.#filled);
    this.base += this.end;
    this.begin = 0;
    this.#filled = rest;
    for (;;) {
      if (this.#filled > MAX_LINE_BYTES) {
        this.end = 0;
        return false;
      }
      if (this.#filled === this.bytes.length) this.bytes = Buffer.concat([this.bytes], this.bytes.length * 2);
      const from = this.#filled;
      if (!this.#read()) {
        this.end = 0;
        return false;
      }
      const last = this.bytes.subarray(from, this.#filled).lastIndexOf(LF);
      if (last < 0) continue;
      this.end = from + last + 1;
      return true;
    }
  }

  /** Bytes after the last whole line that `next` could not make a block of. */
  get rest(): number {
    return this.#filled - this.end;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #read(): boolean {
    const at = this.base + this.#filled;
    const want = Math.min(this.bytes.length - this.#filled, this.#limit - at);
    const got =
      want <= 0 ? 0 : guardRead(this.#name, () => readSync(this.#descriptor ?? -1, this.bytes, this.#filled, want, at));
    this.#filled += got;
    return got > 0;
  }
}
