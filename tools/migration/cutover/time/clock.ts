/** The only source of time: durations by the monotonic clock, wall time as a label and for T0. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back. */
  readonly monoMs: () => number;
  readonly wall: () => Date;
  /** Waits `ms` of this clock; ends early, without an error, when `signal` is aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Waits for something that takes real time: a clock of a test stands still meanwhile. */
  readonly during: <T>(work: Promise<T>) => Promise<T>;
}

/**
 * The clock of the machine. Its wall time is the real one, which can jump and which goes on while the machine sleeps: T0
 * is a wall time, and the jumps are worth knowing.
 */
export function systemClock(): Clock {
  return {
    monoMs: () => Number(process.hrtime.bigint() / 1000n) / 1000,
    // biome-ignore lint/plugin: the one place of a cutover that asks for the time of day
    wall: () => new Date(),
    sleep,
    during: (work) => work,
  };
}

// setTimeout takes 31 bits of milliseconds; what is longer is slept in parts.
const LONGEST_MS = 2 ** 31 - 1;

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  for (let left = ms; left > 0 && signal?.aborted !== true; left -= LONGEST_MS) {
    await sleepOnce(Math.min(left, LONGEST_MS), signal);
  }
}

function sleepOnce(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end, { once: true });
  });
}
