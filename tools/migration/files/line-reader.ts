import { closeSync, openSync, readSync } from "node:fs";
import { MAX_LINE_BYTES } from "../integrity/limits.ts";
import { MigrationError, systemCode } from "../model/errors.ts";

const BLOCK_BYTES = 512 * 1024;
const LF = 10;
const EMPTY = Buffer.alloc(0);

/** One line of a file, without its LF. */
export interface Line {
  /** A view that the following `next()` overwrites; empty where the line is too long. */
  readonly line: Buffer;
  /** Byte offset of the line in the file. */
  readonly offset: number;
  /** Number of the line, from 1. */
  readonly number: number;
  /** True for a last line without LF. */
  readonly torn: boolean;
  readonly tooLong: boolean;
}

/** How a file is read. */
export interface LineReaderOptions {
  readonly blockBytes?: number;
  readonly maxLineBytes?: number;
  /** Byte offset at which reading begins; the first line is what is left of it there. */
  readonly begin?: number;
  /** Receives the raw bytes in order, each block before its lines; the block is reused afterwards. */
  readonly onBlock?: (block: Buffer, offset: number) => void;
}

/** Reads a file line by line in flat memory. */
export class LineReader {
  readonly #name: string;
  readonly #maxLineBytes: number;
  readonly #onBlock: ((block: Buffer, offset: number) => void) | undefined;
  readonly #buffer: Buffer;
  #fd: number | undefined;
  #block: Buffer = EMPTY;
  /** Next unread byte in the block. */
  #at = 0;
  /** Offset in the file of the byte after the block. */
  #end: number;
  #number = 0;
  /** The begun line, where it spans blocks; grows to the longest one met, at most to the limit. */
  #carry: Buffer = EMPTY;

  /** Opens `path`; `name` stands for it in messages. UNVERIFIABLE when that fails. */
  constructor(path: string, name: string, options: LineReaderOptions = {}) {
    this.#name = name;
    this.#maxLineBytes = options.maxLineBytes ?? MAX_LINE_BYTES;
    this.#onBlock = options.onBlock;
    this.#end = options.begin ?? 0;
    this.#buffer = Buffer.allocUnsafe(options.blockBytes ?? BLOCK_BYTES);
    this.#fd = this.#guard(() => openSync(path, "r"));
  }

  /** The next line, or undefined after the last; UNVERIFIABLE when the file cannot be read. */
  next(): Line | undefined {
    const offset = this.#end - this.#block.length + this.#at;
    let carried = 0;
    for (;;) {
      const lf = this.#block.indexOf(LF, this.#at);
      if (lf !== -1) return this.#lineTo(lf, offset, carried);
      carried = this.#carryTo(this.#block.length, carried);
      if (this.#readBlock()) continue;
      return carried === 0 ? undefined : this.#makeLine(this.#carry.subarray(0, carried), offset, carried, true);
    }
  }

  /** Closes the file; may be called again. */
  close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) closeSync(fd);
  }

  #lineTo(lf: number, offset: number, carried: number): Line {
    const start = this.#at;
    const length = carried === 0 ? lf - start : this.#carryTo(lf, carried);
    this.#at = lf + 1;
    const view = carried === 0 ? this.#block.subarray(start, lf) : this.#carry.subarray(0, length);
    return this.#makeLine(view, offset, length, false);
  }

  #makeLine(view: Buffer, offset: number, length: number, torn: boolean): Line {
    this.#number++;
    const tooLong = length > this.#maxLineBytes;
    return { line: tooLong ? EMPTY : view, offset, number: this.#number, torn, tooLong };
  }

  /** Appends the block up to `stop` to the begun line; beyond the limit bytes are counted and dropped. */
  #carryTo(stop: number, carried: number): number {
    const total = carried + stop - this.#at;
    if (total <= this.#maxLineBytes) {
      if (total > this.#carry.length) this.#growCarry(total, carried);
      this.#block.copy(this.#carry, carried, this.#at, stop);
    }
    this.#at = stop;
    return total;
  }

  #growCarry(needed: number, carried: number): void {
    const grown = Buffer.allocUnsafe(Math.min(this.#maxLineBytes, Math.max(needed, this.#carry.length * 2)));
    this.#carry.copy(grown, 0, 0, carried);
    this.#carry = grown;
  }

  /** False at the end of the file, wherever that is by now. */
  #readBlock(): boolean {
    const fd = this.#fd;
    if (fd === undefined)
      throw new MigrationError("INTERNAL", { message: `${this.#name} was read after it was closed.` });
    const length = this.#guard(() => readSync(fd, this.#buffer, 0, this.#buffer.length, this.#end));
    this.#block = this.#buffer.subarray(0, length);
    this.#at = 0;
    if (length === 0) return false;
    this.#onBlock?.(this.#block, this.#end);
    this.#end += length;
    return true;
  }

  #guard<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      const message = `${this.#name} cannot be read (${systemCode(error) ?? "unknown error"}).`;
      throw new MigrationError("UNVERIFIABLE", {
        message,
        remedy: "Check the file and its disk, then repeat.",
        cause: error,
      });
    }
  }
}
