import { writeFully } from "./atomic-file.ts";

const BUFFER_BYTES = 512 * 1024;

/** Collects small writes to an open file into large ones; system errors pass through. */
export class BufferedOutput {
  readonly #fd: number;
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #used = 0;
  #bytes = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Bytes taken so far, those not yet flushed included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Appends UTF-8 text or bytes. */
  write(text: string | Uint8Array): void {
    if (typeof text === "string") this.#writeText(text);
    else this.#writeBytes(text);
  }

  /** Hands everything to the operating system. */
  flush(): void {
    if (this.#used > 0) writeFully(this.#fd, this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  #writeText(text: string): void {
    // A UTF-16 code unit takes at most three bytes of UTF-8.
    if (text.length * 3 > BUFFER_BYTES) {
      this.#writeBytes(Buffer.from(text, "utf8"));
      return;
    }
    if (text.length * 3 > BUFFER_BYTES - this.#used) this.flush();
    const written = this.#buffer.write(text, this.#used, "utf8");
    this.#used += written;
    this.#bytes += written;
  }

  #writeBytes(bytes: Uint8Array): void {
    if (bytes.length > BUFFER_BYTES - this.#used) this.flush();
    if (bytes.length > BUFFER_BYTES) {
      writeFully(this.#fd, bytes);
    } else {
      this.#buffer.set(bytes, this.#used);
      this.#used += bytes.length;
    }
    this.#bytes += bytes.length;
  }
}
