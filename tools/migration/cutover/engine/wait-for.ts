import type { Run } from "./run.ts";

/** Waits until `look` gives something; undefined once the signal is aborted. Looks again at each record and event. */
export async function waitFor<T>(run: Run, look: () => T | undefined, signal: AbortSignal): Promise<T | undefined> {
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  for (;;) {
    const found = look();
    if (found !== undefined || signal.aborted) return found;
    await Promise.race([run.changed.next(), aborted]);
  }
}
