import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { toStoreError } from "./atomic-file.ts";
import { isPidAlive } from "./owner.ts";

const NAME = /^\.sort-(\d+)(?:-\d+)?$/;
/** Folders of this process, to tell them apart. */
let made = 0;

/** A private folder for what does not fit into memory: made with its first file, gone with `close`. */
export class SpillFolder {
  readonly #parent: string;
  readonly #dir: string;
  #files = 0;

  /** The folder is to be made in `parent`; those of dead processes are removed there. */
  constructor(parent: string) {
    made += 1;
    this.#parent = parent;
    this.#dir = join(parent, `.sort-${process.pid}-${made}`);
    sweep(parent);
  }

  /** The path of a file that is not there yet; `DISK_FULL`, `NOT_WRITABLE` or `IO` where the folder cannot be made. */
  newFile(): string {
    if (this.#files === 0) this.#make();
    this.#files += 1;
    return join(this.#dir, `run-${this.#files}`);
  }

  /** Removes the folder; may be called at any time and again. */
  close(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #make(): void {
    try {
      mkdirSync(this.#parent, { recursive: true, mode: 0o700 });
      // What a dead process of the same id left was removed by nobody.
      rmSync(this.#dir, { recursive: true, force: true });
      mkdirSync(this.#dir, { mode: 0o700 });
    } catch (error) {
      throw toStoreError(error, "Making a folder to sort in");
    }
  }
}

function sweep(parent: string): void {
  if (!existsSync(parent)) return;
  for (const name of readdirSync(parent)) {
    const pid = Number(NAME.exec(name)?.[1] ?? process.pid);
    if (pid !== process.pid && !isPidAlive(pid)) rmSync(join(parent, name), { recursive: true, force: true });
  }
}
