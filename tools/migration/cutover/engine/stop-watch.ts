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
  /** How long the machine slept since the sample before: no monotonic time, and nobody looked. */
  readonly sleptMs?: number;
}

/** What a sample means. */
export interface Sampled {
  /** Time of this sample minus that of the last good one, or of activation; 0 while all is well. */
  readonly badMs: number;
  /** True where samples were missing before this one: that time counts neither as good nor as bad. */
  readonly gap: boolean;
  /** How long nobody looked before this sample; 0 where none is missing. */
  readonly missedMs: number;
  readonly fires: boolean;
  /** True from the first bad sample until enough good ones in a row. */
  readonly isBad: boolean;
}

type Verdicted = Omit<Sampled, "gap" | "missedMs">;

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

  take({ startMs, endMs, isBad, sleptMs = 0 }: Sample): Sampled {
    const sinceMs = startMs - this.#lastMs;
    const isMissing = this.#pace.everyMs !== undefined && sinceMs > 2 * this.#pace.everyMs;
    const missedMs = (isMissing ? sinceMs : 0) + sleptMs;
    // A probe that hangs is no gap: its own time lies between start and end.
    if (isMissing) this.#goodMs += sinceMs;
    if (isBad === undefined) this.#goodMs += endMs - this.#lastMs - (isMissing ? sinceMs : 0);
    this.#lastMs = endMs;
    // In a row means that nothing is missing between them.
    if (missedMs > 0 || isBad === undefined) this.#goods = 0;
    if (isBad === undefined) return { ...this.#steady(endMs), gap: true, missedMs };
    const sampled = isBad ? this.#bad(endMs) : this.#good(endMs);
    return { ...sampled, gap: missedMs > 0, missedMs };
  }

  #bad(atMs: number): Verdicted {
    this.#goods = 0;
    this.#isBad = true;
    const badMs = this.#badMs(atMs);
    const { badForMs } = this.#pace;
    const fires = !this.#hasFired && (badForMs === 0 || badMs > badForMs);
    this.#hasFired ||= fires;
    return { badMs, fires, isBad: true };
  }

  #good(atMs: number): Verdicted {
    this.#goods++;
    if (!this.#isBad || this.#goods >= this.#pace.okAfter) {
      this.#isBad = false;
      this.#hasFired = false;
      this.#goodMs = atMs;
    }
    return this.#steady(atMs);
  }

  #steady(atMs: number): Verdicted {
    return { badMs: this.#badMs(atMs), fires: false, isBad: this.#isBad };
  }

  #badMs(atMs: number): number {
    return this.#isBad ? Math.max(0, atMs - this.#goodMs) : 0;
  }
}
