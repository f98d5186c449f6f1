import { setTimeout as wait } from "node:timers/promises";

/** Rows at a time are so few that nobody waits longer than this for his turn. */
const LONGEST_WAIT_MS = 250;
const NANOSECONDS = 1_000_000_000;

/** The most rows that may be read at a time. */
export function pacedRows(pace: SharedArrayBuffer, batchRecords: number): number {
  const perSecond = new Float64Array(pace)[1] ?? 1;
  return Math.max(1, Math.min(batchRecords, Math.floor((perSecond * LONGEST_WAIT_MS) / 1000)));
}

/** Waits until it is the turn of these rows. */
export async function keepPace(pace: SharedArrayBuffer, rows: number): Promise<void> {
  const due = new BigInt64Array(pace, 0, 1);
  const perSecond = new Float64Array(pace)[1] ?? 1;
  const cost = BigInt(Math.ceil((rows * NANOSECONDS) / perSecond));
  for (;;) {
    const seen = Atomics.load(due, 0);
    const now = process.hrtime.bigint();
    const turn = seen > now ? seen : now;
    if (Atomics.compareExchange(due, 0, seen, turn + cost) !== seen) continue;
    if (turn > now) await wait(Number((turn - now) / 1_000_000n) + 1);
    return;
  }
}
