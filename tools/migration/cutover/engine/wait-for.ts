import type { Run } from "./run.ts";

/** Waits until `look` gives something; undefined once the signal is aborted. Looks again at each record and event. */
export async function waitFor<T>(run: Run, look: () => T | undefined, signal: AbortSignal): Promise<T | undefined> {
  for (;;) {
    if (run.failure !== undefined) throw run.failure;
    const found = look();
    if (found !== undefined || signal.aborted) return found;
    await changedOr(run, signal);
  }
}

/** Ends at the next record or event, or when a signal is aborted. */
async function changedOr(run: Run, ...signals: readonly AbortSignal[]): Promise<void> {
  if (signals.some((signal) => signal.aborted)) return;
  const ended = new AbortController();
  const wake = (): void => ended.abort();
  for (const signal of signals) signal.addEventListener("abort", wake, { once: true });
  try {
    await run.changed.next(ended.signal);
  } finally {
    for (const signal of signals) signal.removeEventListener("abort", wake);
  }
}

/** Sleeps for `ms`, but not through a record, an event or an interrupt. */
export async function sleepOrChange(run: Run, ms: number): Promise<void> {
  const asleep = new AbortController();
  const changed = changedOr(run, run.parts.options.interrupted, asleep.signal);
  await Promise.race([run.clock.sleep(ms, asleep.signal), changed]);
  asleep.abort();
  await changed;
}
