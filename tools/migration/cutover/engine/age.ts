import type { Run } from "./run.ts";

/**
 * How old a record is, in milliseconds. The wall clock may have been set back, the monotonic one stands still while the
 * machine sleeps: what is older by one of them is that old (F75, F90).
 */
export function ageMs(run: Run, { seq, at }: { readonly seq: number; readonly at: string }): number {
  const { records, head } = run.parts.journal;
  const wallMs = run.clock.wall().getTime() - Date.parse(at);
  const [then, last] = [records[seq], records[head.seq]];
  // The last record tells whether the machine is still the one, and was not restarted since.
  const isSame = then !== undefined && then.boot !== null && then.boot === last?.boot && then.host === last.host;
  return isSame ? Math.max(wallMs, run.clock.monoMs() - then.mono) : wallMs;
}
