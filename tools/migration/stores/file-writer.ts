import { closeSync, fchmodSync, fsyncSync, openSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { MigrationError } from "../model/errors.ts";
import { toStoreError } from "./atomic-file.ts";
import { BufferedOutput } from "./buffered-output.ts";
import { FILE_MODE } from "./module-files.ts";

/** Writes one new file; after the first error every further call throws that error again. */
export class FileWriter {
  readonly #path: string;
  readonly #mode: number;
  readonly #output: BufferedOutput;
  #fd: number | undefined;
  #failure: MigrationError | undefined;

  /** Makes the file, which gets `mode` when it is closed; IO when it exists already. */
  constructor(path: string, mode: number = FILE_MODE) {
    this.#path = path;
    this.#mode = mode;
    this.#fd = this.#guard(() => openSync(path, "wx", 0o600));
    this.#output = new BufferedOutput(this.#fd);
  }

  /** Bytes written so far, buffered ones included. */
  get bytes(): number {
    return this.#output.bytes;
  }

  /** Appends UTF-8 text or bytes. */
  write(text: string | Uint8Array): void {
    this.#openFd();
    this.#guard(() => this.#output.write(text));
  }

  /** Makes the file complete and durable, with its mode set; an error here is final. */
  close(): void {
    const fd = this.#openFd();
    try {
      this.#guard(() => {
        this.#output.flush();
        fchmodSync(fd, this.#mode);
        // After a failed fsync the pages count as clean: a second one would succeed over lost data.
        fsyncSync(fd);
      });
    } finally {
      this.#closeFd();
    }
  }

  /** Gives the file up and removes it; does nothing after a successful close. */
  abort(): void {
    if (this.#fd === undefined && this.#failure === undefined) return;
    this.#closeFd();
    rmSync(this.#path, { force: true });
  }

  #openFd(): number {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#fd !== undefined) return this.#fd;
    throw new MigrationError("INTERNAL", { message: `${basename(this.#path)} was written after it was closed.` });
  }

  #closeFd(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) this.#guard(() => closeSync(fd));
  }

  #guard<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      this.#failure = toStoreError(error, `Writing ${basename(this.#path)}`);
      throw this.#failure;
    }
  }
}
