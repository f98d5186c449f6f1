import { createHash } from "node:crypto";
import { entryLine, type RegistryEntry } from "./entry.ts";

/** Characters of lines that are hashed at once: a call for each entry takes longer than its bytes. */
const BATCH_LENGTH = 32_768;

/** SHA-256 over one JCS line and LF per entry, in the order they are added (FORMATS.md, section 5). */
export class EntryDigest {
  readonly #hash = createHash("sha256");
  #lines = "";

  add(entry: RegistryEntry): void {
    this.#lines += `${entryLine(entry)}\n`;
    if (this.#lines.length >= BATCH_LENGTH) this.#flush();
  }

  /** The digest as hex; nothing can be added afterwards. */
  end(): string {
    this.#flush();
    return this.#hash.digest("hex");
  }

  #flush(): void {
    this.#hash.update(this.#lines);
    this.#lines = "";
  }
}
