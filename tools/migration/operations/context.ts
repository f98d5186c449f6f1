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
}

/** Gives the event loop a turn, so that signals come in; throws INTERRUPTED once the operation was cancelled. */
export async function turn(context: Context): Promise<void> {
  await setImmediate();
  if (!context.signal.aborted) return;
  throw new MigrationError("INTERRUPTED", { message: "Interrupted; nothing was published." });
}
