import { closeSync, openSync } from "node:fs";
import { writeFully } from "../stores/atomic-file.ts";

/** Where lines of one partition lie in a spill file. */
export interface Extent {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/** What a spill holds of each partition. */
export interface SpillResult {
  readonly extents: readonly (readonly Extent[])[];
  /** Lines and bytes of lines (LF included) by partition. */
  readonly counts: readonly number[];
  readonly dataBytes: readonly number[];
}

/** Bytes before a line in a spill: its length and the four words of its id. */
export const SPILL_HEAD_BYTES = 20;
const BUFFER_BYTES = 64 * 1024;

/**
 * Spreads lines over partitions by the first word of their id, in one private file per task: what goes to memory is one
 * buffer per partition, whatever the size of the source.
 */
export class Spill {
  readonly #path: string;
  readonly #bounds: Uint32Array;
  readonly #descriptor: number;
  readonly #buffers: Buffer[];
  readonly #filled: number[];
  readonly #extents: Extent[][];
  readonly #counts: number[];
  readonly #dataBytes: number[];
  #offset = 0;

  /** `bounds[p]` is the first word at which partition p + 1 begins. */
  constructor(path: string, bounds: Uint32Array) {
    const partitions = bounds.length + 1;
    this.#path = path;
    this.#bounds = bounds;
    this.#descriptor = openSync(path, "wx", 0o600);
    this.#buffers = Array.from({ length: partitions }, () => Buffer.allocUnsafe(BUFFER_BYTES));
    this.#filled = new Array<number>(partitions).fill(0);
    this.#extents = Array.from({ length: partitions }, () => []);
    this.#counts = new Array<number>(partitions).fill(0);
    this.#dataBytes = new Array<number>(partitions).fill(0);
  }

  add(words: Uint32Array, bytes: Buffer, from: number, to: number): void {
    const partition = this.#partitionOf(words[0] ?? 0);
    const length = to - from;
    if ((this.#filled[partition] ?? 0) + SPILL_HEAD_BYTES + length > BUFFER_BYTES) this.#flush(partition);
    if (SPILL_HEAD_BYTES + length > BUFFER_BYTES) this.#addLarge(partition, words, bytes.subarray(from, to));
    else {
      const buffer = this.#buffers[partition] ?? Buffer.alloc(0);
      const at = this.#filled[partition] ?? 0;
      writeHead(buffer, at, length, words);
      bytes.copy(buffer, at + SPILL_HEAD_BYTES, from, to);
      this.#filled[partition] = at + SPILL_HEAD_BYTES + length;
    }
    this.#counts[partition] = (this.#counts[partition] ?? 0) + 1;
    this.#dataBytes[partition] = (this.#dataBytes[partition] ?? 0) + length + 1;
  }

  /** Writes what is left and tells where everything lies. */
  finish(): SpillResult {
    for (let partition = 0; partition < this.#buffers.length; partition += 1) this.#flush(partition);
    closeSync(this.#descriptor);
    return { extents: this.#extents, counts: this.#counts, dataBytes: this.#dataBytes };
  }

  #partitionOf(word: number): number {
    let low = 0;
    let high = this.#bounds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#bounds[middle] ?? 0) <= word) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #flush(partition: number): void {
    const filled = this.#filled[partition] ?? 0;
    if (filled === 0) return;
    this.#write(partition, (this.#buffers[partition] ?? Buffer.alloc(0)).subarray(0, filled));
    this.#filled[partition] = 0;
  }

  #addLarge(partition: number, words: Uint32Array, line: Buffer): void {
    const head = Buffer.alloc(SPILL_HEAD_BYTES);
    writeHead(head, 0, line.length, words);
    this.#write(partition, Buffer.concat([head, line]));
  }

  #write(partition: number, bytes: Buffer): void {
    writeFully(this.#descriptor, bytes);
    this.#extents[partition]?.push({ path: this.#path, offset: this.#offset, length: bytes.length });
    this.#offset += bytes.length;
  }
}

function writeHead(buffer: Buffer, at: number, length: number, words: Uint32Array): void {
  buffer.writeUInt32LE(length, at);
  for (let word = 0; word < 4; word += 1) buffer.writeUInt32LE(words[word] ?? 0, at + 4 + 4 * word);
}
