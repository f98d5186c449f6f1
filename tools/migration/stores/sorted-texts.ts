import { SortedBytes } from "./sorted-bytes.ts";
import { SpillFolder } from "./spill-folder.ts";

/** Sorts texts by their UTF-8 bytes in bounded memory; what does not fit waits in a private folder until `close`. */
export class SortedTexts {
  readonly #folder: SpillFolder;
  readonly #texts: SortedBytes;

  /** The folder is made in `parent` when it is needed; those of dead processes are removed. */
  constructor(parent: string, options: { readonly memoryBytes?: number } = {}) {
    this.#folder = new SpillFolder(parent);
    this.#texts = new SortedBytes(this.#folder, options);
  }

  /** Number of texts that were added, equal ones each by itself. */
  get count(): number {
    return this.#texts.count;
  }

  add(text: string): void {
    this.#texts.add(Buffer.from(text, "utf8"));
  }

  /** Gives every text, ascending, equal ones one behind the other; may be read again and again. */
  *drain(): Generator<string> {
    for (const record of this.#texts.records()) yield record.toString("utf8");
  }

  close(): void {
    this.#folder.close();
  }
}
