import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync } from "node:fs";
import { MigrationError } from "../../model/errors.ts";
import { toStoreError, writeFully } from "../../stores/atomic-file.ts";

/** A file to which whole lines are added: each one is durable when `append` returns, or is not there at all. */
export class AppendFile {
  readonly #fd: number;
  #sizeBytes: number;
  #torn = false;

  constructor(path: string) {
    try {
      this.#fd = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600);
      this.#sizeBytes = fstatSync(this.#fd).size;
    } catch (error) {
      throw toStoreError(error, "Opening the journal");
    }
  }

  /** DISK_FULL, NOT_WRITABLE or IO where the line could not be added; the file is then what it was before. */
  append(line: string): void {
    const bytes = Buffer.from(line, "utf8");
    this.#assertOurs();
    try {
      writeFully(this.#fd, bytes);
      fsyncSync(this.#fd);
    } catch (error) {
      this.#cutBack();
      throw toStoreError(error, "Writing the journal");
    }
    this.#sizeBytes += bytes.length;
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** Half of a line must never become the beginning of the next one. */
  #cutBack(): void {
    this.#torn = true;
    try {
      ftruncateSync(this.#fd, this.#sizeBytes);
      fsyncSync(this.#fd);
      this.#torn = false;
    } catch {
      // The next append tries again, and the next driver cuts the tail.
    }
  }

  #assertOurs(): void {
    if (this.#torn) this.#cutBack();
    const { size } = fstatSync(this.#fd);
    if (size === this.#sizeBytes && !this.#torn) return;
    if (this.#torn)
      throw new MigrationError("IO", { message: "The journal could not be cut back to its last record." });
    throw new MigrationError("LOCK_HELD", {
      message: `The journal has ${size} bytes where this driver left ${this.#sizeBytes}: another process writes to it.`,
      remedy: "Find out who does; then `candor cutover resume`.",
    });
  }
}
