import type { Clock } from "../../tools/migration/cutover/time/clock.ts";

interface Sleeper {
  readonly wakeMs: number;
  readonly wake: () => void;
}

/**
 * A clock that jumps to the next thing somebody waits for, and stands still while real work (a command, a request) is
 * under way: ten minutes of a watch take no time, and always the same course.
 */
export class VirtualClock implements Clock {
  readonly #startMs: number;
  #nowMs = 0;
  #working = 0;
  #sleepers: Sleeper[] = [];
  #isOver = false;
  #awayMs = 0;

  constructor(start = "2026-03-14T00:00:00Z") {
    this.#startMs = Date.parse(start);
    void this.#turn();
  }

  readonly monoMs = (): number => this.#nowMs;
  readonly wall = (): Date => new Date(this.#startMs + this.#nowMs + this.#awayMs);

  /** Moves the wall clock alone: it was set, or the machine slept, for which the monotonic clock stands still. */
  readonly jumpWall = (ms: number): void => {
    this.#awayMs += ms;
  };

  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const end = (): void => {
        this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const sleeper = { wakeMs: this.#nowMs + ms, wake: end };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", end, { once: true });
    });

  readonly during = async <T>(work: Promise<T>): Promise<T> => {
    this.#working++;
    try {
      return await work;
    } finally {
      this.#working--;
    }
  };

  end(): void {
    this.#isOver = true;
  }

  /** Lets everything that can go on go on, then moves to the first moment somebody sleeps for. */
  async #turn(): Promise<void> {
    for (let idle = 0; !this.#isOver; ) {
      await new Promise((resolve) => setImmediate(resolve));
      idle = this.#working > 0 ? 0 : idle + 1;
      if (idle < 10) {
        if (this.#working > 0) await new Promise((resolve) => setTimeout(resolve, 1));
        continue;
      }
      const next = this.#sleepers.toSorted((a, b) => a.wakeMs - b.wakeMs)[0];
      if (next === undefined) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        continue;
      }
      idle = 0;
      this.#nowMs = Math.max(this.#nowMs, next.wakeMs);
      next.wake();
    }
  }
}
