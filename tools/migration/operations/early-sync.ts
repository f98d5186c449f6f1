import { closeSync, fsync, openSync } from "node:fs";
import { promisify } from "node:util";
import type { LimitFunction } from "p-limit";
import { importModule } from "../files/import-module.ts";

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
  readonly #asked: Promise<void>[] = [];
  readonly #limit: LimitFunction;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;

  static async create(): Promise<EarlySync> {
    // An ES module, which the bundled program cannot require.
    const { default: pLimit } = (await importModule("p-limit")) as typeof import("p-limit");
    return new EarlySync(pLimit(SYNCS_AT_A_TIME));
  }

  private constructor(limit: LimitFunction) {
    this.#limit = limit;
  }

  /** Syncs a file, with all that was written so far, when it is its turn. */
  sync(path: string): void {
    const known = this.#files.get(path);
    const file = known ?? { descriptor: openSync(path, "r"), isQueued: false };
    this.#files.set(path, file);
    if (file.isQueued) return;
    file.isQueued = true;
    this.#asked.push(this.#limit(() => this.#run(file)));
  }

  /** Waits for all that was asked for; throws the first error there was. */
  async finish(): Promise<void> {
    await Promise.all(this.#asked.splice(0));
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Waits for the syncs that run and closes the files; a sync that has not begun is given up. */
  async close(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#asked.splice(0));
    for (const { descriptor } of this.#files.values()) closeSync(descriptor);
    this.#files.clear();
  }

  async #run(file: Open): Promise<void> {
    if (this.#isOver) return;
    file.isQueued = false;
    try {
      await fsyncAsync(file.descriptor);
    } catch (error) {
      this.#failure ??= { error };
    }
  }
}
