/** A file opened for one pass from begin to end. */
export interface OpenedFile {
  /** Fills a part of `target` and returns how many bytes it got; 0 at the end. */
  read(target: Uint8Array, begin: number, length: number): number;
  close(): void;
}

/** Bytes read from a file at a time, unless told otherwise. */
export const DEFAULT_BLOCK_SIZE_BYTES = 65_536;

/**
 * A moving view of a file: blocks are added at the end, and what lies before `keepFrom` may be forgotten,
 * so memory is bounded by one element and two blocks. Positions count from the begin of the file.
 */
export class ByteWindow {
  readonly #file: OpenedFile;
  readonly #blockSizeBytes: number;
  #buffer: Buffer;
  #base = 0;
  #length = 0;

  constructor(file: OpenedFile, blockSizeBytes: number) {
    this.#file = file;
    this.#blockSizeBytes = blockSizeBytes;
    this.#buffer = Buffer.allocUnsafeSlow(2 * blockSizeBytes);
  }

  /** The bytes now in view; index 0 is file offset `base`. Valid until the next `fill`. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** File offset of the first byte in view. */
  get base(): number {
    return this.#base;
  }

  /** File offset after the last byte in view. */
  get end(): number {
    return this.#base + this.#length;
  }

  /** Reads one more block; everything from offset `keepFrom` stays in view. False at the end of the file. */
  fill(keepFrom: number): boolean {
    this.#makeRoom(keepFrom - this.#base);
    const count = this.#file.read(this.#buffer, this.#length, this.#blockSizeBytes);
    this.#length += count;
    return count > 0;
  }

  /** The bytes from offset `begin` to `end`, both in view; valid until the next `fill`. */
  slice(begin: number, end: number): Buffer {
    return this.#buffer.subarray(begin - this.#base, end - this.#base);
  }

  #makeRoom(forgettable: number): void {
    const wanted = this.#blockSizeBytes;
    if (this.#buffer.length - this.#length >= wanted) return;
    const kept = this.#length - forgettable;
    // Doubling where the kept part is large keeps the copying linear in the file's size.
    const target =
      kept * 2 > this.#buffer.length || this.#buffer.length - kept < wanted
        ? Buffer.allocUnsafeSlow(Math.max(2 * this.#buffer.length, kept + wanted))
        : this.#buffer;
    this.#buffer.copy(target, 0, forgettable, this.#length);
    this.#buffer = target;
    this.#base += forgettable;
    this.#length = kept;
  }
}
