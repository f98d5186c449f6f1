import { setImmediate } from "node:timers/promises";
import { MigrationError } from "../model/errors.ts";

/** Tells a person how far a long operation is. */
export interface Progress {
  /** Begins a stage; `total` in units of `advance` where it is known. */
  stage(name: string, total?: number): void;
  advance(count: number): void;
  end(): void;
}

/** What every operation gets from outside: the project, the clock, cancellation, progress. */
export interface Context {
  readonly root: string;
  /** The only clock; never asked for anything that is hashed or compared. */
  readonly clock: () => Date;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** How much of a source may be read at most, all threads together; as fast as it can where it is left out. */
  readonly maxRowsPerSecond?: number;
}

/** Gives the event loop a turn, so that signals come in; throws INTERRUPTED once the operation was cancelled. */
export async function turn(context: Context): Promise<void> {
  await setImmediate();
  if (context.signal.aborted) throw interrupted();
}

/** The parts of `source`; throws INTERRUPTED once the operation was cancelled, however long the next part takes. */
export async function* untilCancelled<T>(context: Context, source: AsyncIterable<T>): AsyncGenerator<T> {
  const parts = source[Symbol.asyncIterator]();
  for (;;) {
    const part = await unlessCancelled(context, parts.next());
    if (part.done === true) return;
    yield part.value;
  }
}

// A race against one promise for all parts would keep each part until the end: a promise holds all who wait for it.
function unlessCancelled<T>({ signal }: Context, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = (): void => reject(interrupted());
    if (signal.aborted) cancel();
    signal.addEventListener("abort", cancel, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", cancel));
  });
}

function interrupted(): MigrationError {
  return new MigrationError("INTERRUPTED", {
    message: "Interrupted; nothing was published.",
    remedy: "Run the command again; it clears away what this run left.",
  });
}
