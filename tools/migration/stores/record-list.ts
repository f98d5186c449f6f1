import { closeSync, openSync, readSync } from "node:fs";
import { MigrationError } from "../model/errors.ts";
import { toStoreError, writeFully } from "./atomic-file.ts";
import type { SpillFolder } from "./spill-folder.ts";

/** Bytes before each record: its length. */
const HEADER_BYTES = 4;
const BLOCK_BYTES = 64 * 1024;
const SMALLEST_BYTES = 1024;

/** Byte records in the order they were added: the last 64 KiB in memory, what is before them in a private file. */
export class RecordList {
  readonly #folder: SpillFolder;
  #path: string | undefined;
  #fileBytes = 0;
  #buffer = Buffer.allocUnsafeSlow(SMALLEST_BYTES);
  #used = 0;

  constructor(folder: SpillFolder) {
    this.#folder = folder;
  }

  /** Takes a copy of a record; `DISK_FULL`, `NOT_WRITABLE` or `IO` where it cannot be kept. */
  add(record: Uint8Array): void {
    const size = HEADER_BYTES + record.length;
    if (this.#used + size > BLOCK_BYTES) this.#flush();
    if (this.#used + size > this.#buffer.length) this.#grow(this.#used + size);
    this.#buffer.writeUInt32LE(record.length, this.#used);
    this.#buffer.set(record, this.#used + HEADER_BYTES);
    this.#used += size;
    if (this.#used > BLOCK_BYTES) this.#flush();
  }

  /** Every record, each a view until the next one; may be read again and again. `IO` where the file is not as written. */
  *records(): Generator<Buffer> {
    const block = Buffer.allocUnsafeSlow(Math.min(BLOCK_BYTES, this.#fileBytes));
    for (let at = 0; at < this.#fileBytes; ) {
      const part = this.#read(at, block);
      const end = yield* recordsIn(part);
      if (end > 0) {
        at += end;
        continue;
      }
      const size = HEADER_BYTES + part.readUInt32LE(0);
      yield this.#read(at, Buffer.allocUnsafeSlow(size)).subarray(HEADER_BYTES);
      at += size;
    }
    yield* recordsIn(this.#buffer.subarray(0, this.#used));
  }

  #grow(least: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(least, Math.min(BLOCK_BYTES, 2 * this.#buffer.length)));
    this.#buffer.copy(grown, 0, 0, this.#used);
    this.#buffer = grown;
  }

  #flush(): void {
    this.#guard("Spilling records", () => {
      // Opened for each block, so that any number of lists leaves no file open.
      const fd = openSync(this.#own(), this.#fileBytes === 0 ? "wx" : "a", 0o600);
      try {
        writeFully(fd, this.#buffer.subarray(0, this.#used));
      } finally {
        closeSync(fd);
      }
    });
    this.#fileBytes += this.#used;
    this.#used = 0;
    if (this.#buffer.length > BLOCK_BYTES) this.#buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  #own(): string {
    this.#path ??= this.#folder.newFile();
    return this.#path;
  }

  /** Fills `target` from `at` of the file on, as far as the file goes. */
  #read(at: number, target: Buffer): Buffer {
    const block = target.subarray(0, this.#fileBytes - at);
    return this.#guard("Reading spilled records", () => {
      const fd = openSync(this.#own(), "r");
      try {
        for (let filled = 0; filled < block.length; ) {
          const read = readSync(fd, block, filled, block.length - filled, at + filled);
          if (read === 0) throw new MigrationError("IO", { message: "A file of spilled records became shorter." });
          filled += read;
        }
      } finally {
        closeSync(fd);
      }
      return block;
    });
  }

  #guard<T>(doing: string, action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw toStoreError(error, doing);
    }
  }
}

/** The records that lie wholly in a block; returns where the first one begins that does not. */
function* recordsIn(block: Buffer): Generator<Buffer, number> {
  let at = 0;
  while (at + HEADER_BYTES <= block.length) {
    const end = at + HEADER_BYTES + block.readUInt32LE(at);
    if (end > block.length) break;
    yield block.subarray(at + HEADER_BYTES, end);
    at = end;
  }
  return at;
}
