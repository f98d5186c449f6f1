/** What a stop promises. */
export interface StopPace {
  /** Undefined where samples come as they come. */
  readonly everyMs: number | undefined;
  readonly badForMs: number;
  readonly okAfter: number;
}

/** One sample; `isBad` undefined = nothing could be learnt. Times are monotonic. */
export interface Sample {
  readonly startMs: number;
  readonly endMs: number;
  readonly isBad: boolean | undefined;
}

/** What a sample means. */
export interface Sampled {
  /** Time of this sample minus that of the last good one, or of activation; 0 while all is well. */
  readonly badMs: number;
  /** True where samples were missing before this one: that time counts neither as good nor as bad. */
  readonly gap: boolean;
  readonly fires: boolean;
  /** True from the first bad sample until enough good ones in a row. */
  readonly isBad: boolean;
}

/** Measures how long something is bad. Fires on a bad sample only, and once until it is good again. */
export class StopWatch {
  readonly #pace: StopPace;
  #goodMs: number;
  #lastMs: number;
  #goods = 0;
  #isBad = false;
  #hasFired = false;

  constructor(pace: StopPace, activatedMs: number) {
    this.#pace = pace;
    this.#goodMs = activatedMs;
    this.#lastMs = activatedMs;
  }

  get isBad(): boolean {
    return this.#isBad;
  }

  take({ startMs, endMs, isBad }: Sample): Sampled {
    const gapMs = startMs - this.#lastMs;
    const gap = this.#pace.everyMs !== undefined && gapMs > 2 * this.#pace.everyMs;
    // A probe that hangs is no gap: its own time lies between start and end.
    if (gap) this.#goodMs += gapMs;
    if (isBad === undefined) {
      this.#goodMs += endMs - this.#lastMs - (gap ? gapMs : 0);
      this.#lastMs = endMs;
      return { badMs: this.#badMs(endMs), gap: true, fires: false, isBad: this.#isBad };
    }
    this.#lastMs = endMs;
    return isBad ? this.#bad(endMs, gap) : this.#good(endMs, gap);
  }

  #bad(atMs: number, gap: boolean): Sampled {
    this.#goods = 0;
    this.#isBad = true;
    const badMs = this.#badMs(atMs);
    const { badForMs } = this.#pace;
    const fires = !this.#hasFired && (badForMs === 0 || badMs > badForMs);
    this.#hasFired ||= fires;
    return { badMs, gap, fires, isBad: true };
  }

  #good(atMs: number, gap: boolean): Sampled {
    this.#goods++;
    if (!this.#isBad || this.#goods >= this.#pace.okAfter) {
      this.#isBad = false;
      this.#hasFired = false;
      this.#goodMs = atMs;
    }
    return { badMs: this.#badMs(atMs), gap, fires: false, isBad: this.#isBad };
  }

  #badMs(atMs: number): number {
    return this.#isBad ? Math.max(0, atMs - this.#goodMs) : 0;
  }
}
