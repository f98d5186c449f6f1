import { closeSync, fsync, openSync } from "node:fs";
import { promisify } from "node:util";

const fsyncAsync = promisify(fsync);
/** More would only queue in the disk and keep Node's four file threads from everything else. */
const SYNCS_AT_A_TIME = 2;

interface Open {
  readonly descriptor: number;
  /** True until a sync begins that was asked for. */
  isQueued: boolean;
}

/**
 * Makes files durable while others write them: at the end there is little left to wait for. One descriptor of each is
 * open all the time, so that no error of the disk is missed; the first is final, since a later sync would succeed over
 * lost data.
 */
export class EarlySync {
  readonly #files = new Map<string, Open>();
  readonly #running = new Set<Promise<void>>();
  readonly #queue: Open[] = [];
  #failure: { readonly error: unknown } | undefined;

  /** Syncs a file, with all that was written so far, when it is its turn. */
  sync(path: string): void {
    const known = this.#files.get(path);
    const file = known ?? { descriptor: openSync(path, "r"), isQueued: false };
    this.#files.set(path, file);
    if (file.isQueued) return;
    file.isQueued = true;
    this.#queue.push(file);
    this.#next();
  }

  /** Waits for all that was asked for; throws the first error there was. */
  async finish(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Waits for the syncs that run and closes the files; a sync that has not begun is given up. */
  async close(): Promise<void> {
    this.#queue.length = 0;
    await Promise.all(this.#running);
    for (const { descriptor } of this.#files.values()) closeSync(descriptor);
    this.#files.clear();
  }

  #next(): void {
    while (this.#running.size < SYNCS_AT_A_TIME) {
      const file = this.#queue.shift();
      if (file === undefined) return;
      file.isQueued = false;
      const done: Promise<void> = this.#run(file).finally(() => {
        this.#running.delete(done);
        this.#next();
      });
      this.#running.add(done);
    }
  }

  async #run({ descriptor }: Open): Promise<void> {
    try {
      await fsyncAsync(descriptor);
    } catch (error) {
      this.#failure ??= { error };
    }
  }
}
