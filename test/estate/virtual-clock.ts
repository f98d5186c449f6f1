import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../tools/migration/cutover/time/clock.ts";

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/**
 * A clock that runs as fast as its sleepers let it: when all of them sleep and nothing takes real time, it is the next
 * one's turn. Half an hour of watching takes a second.
 */
export class VirtualClock implements Clock {
  readonly #startMs: number;
  #nowMs = 0;
  #busy = 0;
  #idle: (() => void) | undefined;
  #sleepers: Sleeper[] = [];
  #isStopped = false;
  readonly #pump: Promise<void>;

  constructor(start: Date) {
    this.#startMs = start.getTime();
    this.#pump = this.#run();
  }

  readonly monoMs = (): number => this.#nowMs;

  readonly wall = (): Date => new Date(this.#startMs + this.#nowMs);

  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      const sleeper = { at: this.#nowMs + Math.max(0, ms), wake };
      const abort = (): void => {
        this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
        resolve();
      };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", abort, { once: true });
    });
  };

  readonly during = async <T>(work: Promise<T>): Promise<T> => {
    this.#busy += 1;
    try {
      return await work;
    } finally {
      this.#busy -= 1;
      if (this.#busy === 0) this.#idle?.();
    }
  };

  /** Does something when so many milliseconds have passed. */
  after(ms: number, action: () => void): void {
    this.#sleepers.push({ at: this.#nowMs + ms, wake: action });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#pump;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      // Twice: what a timer or a socket woke may itself want a turn before time goes on.
      await setImmediate();
      await setImmediate();
      if (this.#busy === 0) this.#next();
      else await this.#untilIdle();
    }
  }

  /** Real work has the machine to itself. */
  #untilIdle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  #next(): void {
    const first = Math.min(...this.#sleepers.map(({ at }) => at));
    if (!Number.isFinite(first)) return;
    this.#nowMs = Math.max(this.#nowMs, first);
    const due = this.#sleepers.filter(({ at }) => at <= this.#nowMs);
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#nowMs);
    for (const { wake } of due) wake();
  }
}
