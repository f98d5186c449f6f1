import { demandedRollback } from "./demands.ts";
import type { Run } from "./run.ts";

/**
 * What ends an action early: a rollback that is demanded (`forward`), also a first interrupt (`waiting`: nothing runs, a
 * person is waited for), the interrupt alone (`asking`, on the way back), or nothing but a second interrupt (`back`).
 */
export type Direction = "forward" | "waiting" | "asking" | "back";

/** Does something that a rollback or an interrupt can end early. */
export async function guarded<T>(
  run: Run,
  direction: Direction,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const state = { isOver: false };
  const watching = watch(run, direction, controller, state);
  try {
    return await work(controller.signal);
  } finally {
    state.isOver = true;
    run.changed.wake();
    await watching;
  }
}

async function watch(
  run: Run,
  direction: Direction,
  controller: AbortController,
  state: { readonly isOver: boolean },
): Promise<void> {
  const { hurried, interrupted } = run.parts.options;
  const wake = (): void => run.changed.wake();
  for (const signal of [hurried, interrupted]) signal.addEventListener("abort", wake);
  while (!state.isOver && !controller.signal.aborted) {
    const isDemanded =
      (direction === "forward" || direction === "waiting") && demandedRollback(run.state) !== undefined;
    const isInterrupted = (direction === "waiting" || direction === "asking") && interrupted.aborted;
    if (isDemanded || isInterrupted || hurried.aborted) controller.abort();
    else await run.changed.next();
  }
  for (const signal of [hurried, interrupted]) signal.removeEventListener("abort", wake);
}
