import { appendFileSync, existsSync, readFileSync } from "node:fs";
import type { JournalRecord } from "../journal/record.ts";

/** How long a point waits for what must have happened beside the driver. */
const MOMENT_MS = 20_000;

/**
 * A hook for the crash tests: CUTOVER_CRASH_AT=`<point>@<name>` ends the driver there with SIGKILL, as a power cut would
 * end it; `<point>@<name>#2` at the second time, `#<n>` alone at the n-th point of all, `new` at any; several by line.
 * CUTOVER_CRASH_LOG=<file> gets the point at which it ends, and no driver ends at a point that is in there; without
 * CUTOVER_CRASH_AT it gets every point.
 */
export class CrashPoints {
  readonly #at: ReadonlySet<string>;
  readonly #log: string | undefined;
  readonly #known: ReadonlySet<string>;
  readonly #times = new Map<string, number>();
  #count = 0;

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    const { CUTOVER_CRASH_AT, CUTOVER_CRASH_LOG } = environment;
    this.#at = new Set(CUTOVER_CRASH_AT?.split("\n"));
    this.#log = CUTOVER_CRASH_LOG;
    const isThere = this.#log !== undefined && existsSync(this.#log);
    this.#known = new Set(isThere ? readFileSync(this.#log ?? "", "utf8").split("\n") : []);
  }

  /** A point of the driver; `moment` = what must hold beside it, such as a command that runs, before it ends here. */
  reach(point: string, name: string, moment: () => boolean = () => true): void {
    if (this.#at.size === 0 && this.#log === undefined) return;
    const here = `${point}@${name}`.replaceAll("\n", " ");
    const isHit = this.#isHit(here);
    if (this.#log !== undefined && (this.#at.size === 0 || isHit)) appendFileSync(this.#log, `${here}\n`);
    if (!isHit) return;
    for (let waitedMs = 0; waitedMs < MOMENT_MS && !moment(); waitedMs++) pauseMs(1);
    process.kill(process.pid, "SIGKILL");
    // The signal may take a moment, and nothing may happen in it.
    for (;;) pauseMs(1000);
  }

  #isHit(here: string): boolean {
    const times = (this.#times.get(here) ?? 0) + 1;
    this.#times.set(here, times);
    this.#count++;
    if (this.#known.has(here)) return false;
    const names = ["new", `#${this.#count}`, `${here}#${times}`, ...(times === 1 ? [here] : [])];
    return names.some((name) => this.#at.has(name));
  }
}

/** What a record is about, the same in each run of a plan: its type, its step, and what tells it from its siblings. */
export function crashName(record: JournalRecord): string {
  return [record.type, record.step ?? "", ...tellingApart(record)].join(":");
}

function tellingApart(record: JournalRecord): readonly string[] {
  switch (record.type) {
    case "check":
      return [record.data.place, record.data.within];
    case "run.state":
      return [record.data.state, record.data.reason ?? ""];
    case "sign":
      return [record.data.role, record.data.say];
    case "request":
      return [record.data.command, String(record.data.body["about"] ?? ""), String(record.data.body["role"] ?? "")];
    case "escalation":
      return [record.data.cause];
    case "note":
      return [record.data.code];
    default:
      return [];
  }
}

function pauseMs(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
