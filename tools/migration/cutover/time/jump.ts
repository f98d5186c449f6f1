import type { Clock } from "./clock.ts";

/** A jump of the wall clock against the monotonic one that means something (F90, F91). */
const CLOCK_JUMP_MS = 5000;

/** Tells where the wall clock was set, or the machine slept: the monotonic clock stands still then. */
export class JumpSense {
  readonly #clock: Pick<Clock, "wall" | "monoMs">;
  #seen: { readonly wallMs: number; readonly monoMs: number } | undefined;

  constructor(clock: Pick<Clock, "wall" | "monoMs">) {
    this.#clock = clock;
  }

  /** By how many milliseconds the wall clock has moved away from the monotonic one since the last look; 0 where few. */
  look(): number {
    const now = { wallMs: this.#clock.wall().getTime(), monoMs: this.#clock.monoMs() };
    const before = this.#seen ?? now;
    this.#seen = now;
    const jumpMs = Math.round(now.wallMs - before.wallMs - (now.monoMs - before.monoMs));
    return Math.abs(jumpMs) > CLOCK_JUMP_MS ? jumpMs : 0;
  }
}
