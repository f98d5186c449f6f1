import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isPidAlive } from "./owner.ts";
import { SortedLines } from "./sorted-lines.ts";

const MEMORY_BYTES = 128 * 1024 * 1024;
/** One id for all: equal ids are sorted by the bytes of their lines. */
const SAME_ID = "00000000-0000-0000-0000-000000000000";
/** What a text takes at least beside its bytes. */
const OVERHEAD_BYTES = 144;
const NAME = /^\.sort-(\d+)$/;

/** Sorts texts by their UTF-8 bytes in bounded memory; what does not fit waits in a private folder until `close`. */
export class SortedTexts {
  readonly #dir: string;
  readonly #memoryBytes: number;
  readonly #lines: SortedLines;
  #bytes = 0;
  #count = 0;

  /** The folder is made in `parent` when it is needed; those of dead processes are removed. */
  constructor(parent: string, options: { readonly memoryBytes?: number } = {}) {
    this.#dir = join(parent, `.sort-${process.pid}`);
    this.#memoryBytes = options.memoryBytes ?? MEMORY_BYTES;
    sweep(parent);
    this.#lines = new SortedLines(this.#dir, { memoryBytes: this.#memoryBytes });
  }

  /** Number of texts that were added, equal ones each by itself. */
  get count(): number {
    return this.#count;
  }

  add(text: string): void {
    const bytes = Buffer.from(text, "utf8");
    this.#bytes += bytes.length + OVERHEAD_BYTES;
    this.#count += 1;
    // Well before the sort spills for the first time.
    if (this.#bytes > this.#memoryBytes / 4) mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    this.#lines.add(SAME_ID, bytes);
  }

  /** Gives every text, ascending, equal ones one behind the other; once. */
  *drain(): Generator<string> {
    for (const { line } of this.#lines.drain()) yield line.toString("utf8");
  }

  close(): void {
    this.#lines.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

function sweep(parent: string): void {
  if (!existsSync(parent)) return;
  for (const name of readdirSync(parent)) {
    const pid = Number(NAME.exec(name)?.[1] ?? process.pid);
    if (pid !== process.pid && !isPidAlive(pid)) rmSync(join(parent, name), { recursive: true, force: true });
  }
}
