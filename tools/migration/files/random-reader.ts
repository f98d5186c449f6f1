import { closeSync, openSync, readSync } from "node:fs";
import { guardRead } from "./guard-read.ts";

/** Reads spans of one file into memory that the next span takes again. */
export class RandomReader {
  readonly #path: string;
  readonly #name: string;
  #descriptor: number | undefined;
  #memory: Buffer = Buffer.alloc(0);

  /** `name` stands for the file in messages; it is opened by the first read. */
  constructor(path: string, name: string) {
    this.#path = path;
    this.#name = name;
  }

  /** The bytes of a span, fewer where the file ends before; a view that the next read overwrites. */
  read(offset: number, length: number): Buffer {
    if (this.#memory.length < length) this.#memory = Buffer.allocUnsafeSlow(length);
    return guardRead(this.#name, () => {
      this.#descriptor ??= openSync(this.#path, "r");
      let done = 0;
      while (done < length) {
        const got = readSync(this.#descriptor, this.#memory, done, length - done, offset + done);
        if (got === 0) break;
        done += got;
      }
      return this.#memory.subarray(0, done);
    });
  }

  close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
