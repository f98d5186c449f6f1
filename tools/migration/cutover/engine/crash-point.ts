/**
 * A hook for the crash tests: CUTOVER_CRASH_AT=`<point>@<name>` ends the driver there with SIGKILL, as a power cut would
 * end it; `<point>@<name>#2` at the second time, `#<n>` alone at the n-th point of all.
 */
export class CrashPoints {
  readonly #at: string | undefined;
  readonly #times = new Map<string, number>();
  #count = 0;

  constructor(at: string | undefined) {
    this.#at = at;
  }

  reach(point: string, name: string): void {
    if (this.#at === undefined) return;
    const here = `${point}@${name}`;
    const times = (this.#times.get(here) ?? 0) + 1;
    this.#times.set(here, times);
    this.#count++;
    if (this.#at !== `#${this.#count}` && this.#at !== `${here}#${times}` && !(times === 1 && this.#at === here))
      return;
    process.kill(process.pid, "SIGKILL");
    // The signal may take a moment, and nothing may happen in it.
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
  }
}
