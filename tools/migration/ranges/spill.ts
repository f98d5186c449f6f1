import { closeSync, openSync } from "node:fs";
import { writeFully } from "../stores/atomic-file.ts";
import { mapRoom, REGIONS_BYTES } from "./map-room.ts";
import { PieceList, type SpillPieces } from "./pieces.ts";

/** Where a spill may leave its lines. */
export interface SpillPlace {
  readonly path: string;
  /** `bounds[p]` is the first word at which partition p + 1 begins. */
  readonly bounds: Uint32Array;
  /** How much may still be kept in memory, by all spills together; see `allocateLineMemory`. */
  readonly memory: SharedArrayBuffer;
}

const MEMORY_UNIT_BYTES = 1024;

/** The right of all spills together to keep `bytes` in memory instead of writing them to their files. */
export function allocateLineMemory(bytes: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(4);
  new Int32Array(memory)[0] = Math.min(2 ** 31 - 1, Math.floor(bytes / MEMORY_UNIT_BYTES));
  return memory;
}

/** What a spill holds of each partition. */
export interface SpillResult {
  readonly pieces: SpillPieces;
  /** Lines and bytes of lines (LF included) by partition. */
  readonly counts: Uint32Array;
  readonly dataBytes: Float64Array;
}

/** Where the lines of a range go. */
export interface LineSink {
  /** Holds the reserved place; another one after a `reserve`. */
  readonly bytes: Buffer;
  /** The same bytes. */
  readonly view: DataView;
  /** Where in `bytes` a line of at most `most` bytes goes whose id begins with this word. */
  reserve(word: number, most: number): number;
  /** Keeps the line that was written to the reserved place. */
  commit(words: Uint32Array, length: number): void;
}

/** Takes lines that nobody wants to keep: those of a dry run. */
export class Scratch implements LineSink {
  bytes = mapRoom().lines;
  view = viewOf(this.bytes);

  reserve(_word: number, most: number): number {
    if (this.bytes.length < most) {
      this.bytes = Buffer.allocUnsafe(most);
      this.view = viewOf(this.bytes);
    }
    return 0;
  }

  commit(): void {}
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Bytes before a line in a spill: its length and the four words of its id. */
export const SPILL_HEAD_BYTES = 20;
const MOST_REGION_BYTES = 64 * 1024;
const LEAST_REGION_BYTES = 8 * 1024;

/** False while a spill of this thread has the lines of its room. */
let isFree = true;

/**
 * Spreads lines over partitions by the first word of their id, in one private file per task: what goes to memory is one
 * region of `bytes` per partition, whatever the size of the source. A line is written where it will stay: `reserve` gives
 * its place, `commit` keeps it.
 */
export class Spill implements LineSink {
  /** The regions of all partitions; grows where a line is larger than a region. */
  bytes: Buffer;
  /** The same bytes. */
  view: DataView;
  /** True where the regions are in the room of the thread: fresh ones for each task stay resident until they are collected. */
  readonly #isInRoom: boolean;
  readonly #path: string;
  readonly #bounds: Uint32Array;
  readonly #regionBytes: number;
  /** Where the regions end: a line that fits into none goes behind them. */
  readonly #regionsEnd: number;
  /** Of the file, which is made when the first lines go to it. */
  #descriptor: number | undefined;
  readonly #memory: Int32Array;
  readonly #filled: Uint32Array;
  readonly #pieces = new PieceList();
  readonly #counts: Uint32Array;
  readonly #dataBytes: Float64Array;
  #partition = 0;
  /** Where the reserved line begins. */
  #at = 0;
  #offset = 0;

  constructor({ path, bounds, memory }: SpillPlace) {
    const partitions = bounds.length + 1;
    this.#path = path;
    this.#bounds = bounds;
    this.#memory = new Int32Array(memory);
    this.#regionBytes = Math.max(
      LEAST_REGION_BYTES,
      Math.min(MOST_REGION_BYTES, Math.floor(REGIONS_BYTES / partitions)),
    );
    this.#regionsEnd = this.#regionBytes * partitions;
    const { lines } = mapRoom();
    this.#isInRoom = isFree && this.#regionsEnd <= lines.length;
    this.bytes = this.#isInRoom ? lines : Buffer.allocUnsafeSlow(this.#regionsEnd);
    if (this.#isInRoom) isFree = false;
    this.view = viewOf(this.bytes);
    this.#filled = new Uint32Array(partitions);
    this.#counts = new Uint32Array(partitions);
    this.#dataBytes = new Float64Array(partitions);
  }

  /** Where in `bytes` a line of at most `most` bytes goes whose id begins with this word. */
  reserve(word: number, most: number): number {
    this.#partition = this.#partitionOf(word);
    if ((this.#filled[this.#partition] ?? 0) + SPILL_HEAD_BYTES + most > this.#regionBytes)
      this.#flush(this.#partition);
    const regions = this.#regionsEnd;
    const isLarge = SPILL_HEAD_BYTES + most > this.#regionBytes;
    if (isLarge && this.bytes.length < regions + SPILL_HEAD_BYTES + most) {
      this.bytes = Buffer.concat([this.bytes], regions + SPILL_HEAD_BYTES + most);
      this.view = viewOf(this.bytes);
    }
    const begin = isLarge ? regions : this.#regionBytes * this.#partition + (this.#filled[this.#partition] ?? 0);
    this.#at = begin + SPILL_HEAD_BYTES;
    return this.#at;
  }

  /** Keeps the line that was written to the reserved place. */
  commit(words: Uint32Array, length: number): void {
    const partition = this.#partition;
    const begin = this.#at - SPILL_HEAD_BYTES;
    writeHead(this.bytes, begin, length, words);
    if (begin >= this.#regionsEnd) {
      this.#write(partition, this.bytes.subarray(begin, this.#at + length));
    } else this.#filled[partition] = (this.#filled[partition] ?? 0) + SPILL_HEAD_BYTES + length;
    this.#counts[partition] = (this.#counts[partition] ?? 0) + 1;
    this.#dataBytes[partition] = (this.#dataBytes[partition] ?? 0) + length + 1;
  }

  /** Writes what is left and tells where everything lies. */
  finish(): SpillResult {
    for (let partition = 0; partition < this.#filled.length; partition += 1) this.#flush(partition);
    this.close();
    const pieces = this.#pieces.byPartition(this.#counts.length);
    return { pieces, counts: this.#counts, dataBytes: this.#dataBytes };
  }

  /** Closes the file, whose lines are whole only after `finish`, and leaves the regions to the next spill. */
  close(): void {
    if (this.#isInRoom && this.bytes.length > 0) isFree = true;
    this.bytes = Buffer.alloc(0);
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
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
    const begin = this.#regionBytes * partition;
    this.#write(partition, this.bytes.subarray(begin, begin + filled));
    this.#filled[partition] = 0;
  }

  #write(partition: number, bytes: Buffer): void {
    if (this.#takeMemory(bytes.length)) {
      const memory = new SharedArrayBuffer(bytes.length);
      new Uint8Array(memory).set(bytes);
      this.#pieces.add(partition, memory, 0, bytes.length);
      return;
    }
    this.#descriptor ??= openSync(this.#path, "wx", 0o600);
    writeFully(this.#descriptor, bytes);
    this.#pieces.add(partition, this.#path, this.#offset, bytes.length);
    this.#offset += bytes.length;
  }

  /** What was taken is not given back: a region that does not fit now goes to the disk. */
  #takeMemory(bytes: number): boolean {
    const units = Math.ceil(bytes / MEMORY_UNIT_BYTES);
    if ((this.#memory[0] ?? 0) < units) return false;
    if (Atomics.sub(this.#memory, 0, units) >= units) return true;
    Atomics.add(this.#memory, 0, units);
    return false;
  }
}

function writeHead(bytes: Buffer, at: number, length: number, words: Uint32Array): void {
  putWord(bytes, at, length);
  for (let word = 0; word < 4; word += 1) putWord(bytes, at + 4 + 4 * word, words[word] ?? 0);
}

/** Little-endian, byte by byte: a call to writeUInt32LE costs as much as the line's digest. */
function putWord(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}
