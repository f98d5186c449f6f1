import { closeSync, openSync, writeSync } from "node:fs";

const BUFFER_BYTES = 4 * 1024 * 1024;

/** Writes text to a new file in large pieces. */
export class LineFile {
  readonly #descriptor: number;
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #filled = 0;

  constructor(path: string, mode = 0o644) {
    this.#descriptor = openSync(path, "w", mode);
  }

  /** Adds text; returns its length in bytes. */
  write(text: string): number {
    // Three bytes are the most that one UTF-16 code unit takes.
    if (this.#filled + text.length * 3 > BUFFER_BYTES) this.#flush();
    if (text.length * 3 > BUFFER_BYTES) return writeSync(this.#descriptor, text);
    const length = this.#buffer.write(text, this.#filled);
    this.#filled += length;
    return length;
  }

  close(): void {
    this.#flush();
    closeSync(this.#descriptor);
  }

  #flush(): void {
    for (let at = 0; at < this.#filled; ) at += writeSync(this.#descriptor, this.#buffer, at, this.#filled - at);
    this.#filled = 0;
  }
}
