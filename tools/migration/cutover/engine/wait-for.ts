import type { Run } from "./run.ts";

/** Waits until `look` gives something; undefined once the signal is aborted. Looks again at each record and event. */
export async function waitFor<T>(run: Run, look: () => T | undefined, signal: AbortSignal): Promise<T | undefined> {
  for (;;) {
    const found = look();
    if (found !== undefined || signal.aborted) return found;
    await changedOr(run, signal);
  }
}

/** Ends at the next record or event, or when the signal is aborted. */
export async function changedOr(run: Run, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const wake = (): void => run.changed.wake();
  signal.addEventListener("abort", wake, { once: true });
  try {
    await run.changed.next();
  } finally {
    signal.removeEventListener("abort", wake);
  }
}

/** Sleeps for `ms`, but not through a record, an event or an interrupt. */
export async function sleepOrChange(run: Run, ms: number): Promise<void> {
  const asleep = new AbortController();
  await Promise.race([run.clock.sleep(ms, asleep.signal), changedOr(run, run.parts.options.interrupted)]);
  asleep.abort();
}
