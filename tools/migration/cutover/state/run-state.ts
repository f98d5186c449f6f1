import type {
  BaselineValue,
  CheckPlace,
  CheckResult,
  Deviation,
  GateResult,
  JournalRecord,
  RunEnd,
  RunStart,
  Signature,
  StopFire,
  TickResult,
} from "../journal/record.ts";
import { fold } from "./fold.ts";
import { checkKey } from "./keys.ts";
import type { Answered, Asked, Attempt, Kept, OpenHold, PhaseState, RollbackState, UndoAttempt } from "./run-parts.ts";

export type * from "./run-parts.ts";

/** What the records of a run mean: nothing is known of a run that is not in here, and nothing here is not a record. */
export class RunState {
  start: Kept<RunStart> | undefined;
  /** The plan that rules: the one of the start, or of the last change that was signed. */
  ruling: { readonly sha256: string; readonly before: string | undefined } | undefined;
  t0: string | undefined;
  lists: Readonly<Record<string, readonly string[]>> = {};
  end: Kept<RunEnd> | undefined;
  /** As the last `run.state` said. */
  mode = "RUNNING";
  hold: OpenHold | undefined;
  readonly answered: Answered[] = [];
  rollback: RollbackState | undefined;
  fence = 0;
  lastSeq = -1;
  readonly phases = new Map<string, PhaseState>();
  /** In order of start. */
  readonly attempts: Attempt[] = [];
  readonly undos = new Map<string, UndoAttempt>();
  /** Names of undos that had nothing to do. */
  readonly nothingToUndo = new Set<string>();
  readonly checks = new Map<string, Kept<CheckResult>>();
  readonly skips = new Map<string, Kept<{ readonly reason: string }>>();
  readonly saved = new Map<string, string>();
  readonly gates = new Map<string, Kept<GateResult>>();
  readonly ticks = new Map<string, Kept<TickResult>>();
  readonly fires: Kept<StopFire & { readonly stop: string }>[] = [];
  readonly signs: Kept<Signature>[] = [];
  /** Ids of requests that were taken in. */
  readonly requests = new Set<string>();
  readonly asked: Asked[] = [];
  /** Commits of the repositories, by moment. */
  readonly heads = new Map<string, Readonly<Record<string, string>>>();
  readonly deviations: Kept<Deviation>[] = [];
  /** Stops that fired `pause` and are not good again. */
  readonly paused = new Set<string>();
  baseline: { readonly moment: string; readonly values: readonly BaselineValue[] } | undefined;
  /** Ticks that were begun, with the record that says so. */
  readonly begun = new Map<string, number>();
  /** What people were told. */
  readonly told: { readonly seq: number; readonly cause: string }[] = [];
  /** True after a success while its stops keep watching. */
  isWatching = false;
  /** Whether any rollback has begun. */
  hasRolledBack = false;
  /** Whether a step that changes things was ever announced. */
  hasMutated = false;

  /** The state after all these records. */
  static of(records: readonly JournalRecord[]): RunState {
    const state = new RunState();
    for (const record of records) state.apply(record);
    return state;
  }

  /** Takes one more record in. */
  apply(record: JournalRecord): void {
    this.lastSeq = record.seq;
    fold(this, record);
  }

  /** Whether the run has ended and nothing of it is left to do. */
  get isOver(): boolean {
    return this.end !== undefined && !this.isWatching;
  }

  /** The last try of a step, by key (`build`, `roots[kurse]`). */
  lastAttempt(key: string): Attempt | undefined {
    return this.attempts.findLast((attempt) => attempt.key === key && !attempt.isUndone);
  }

  /** How often a step was tried, taken back or not. */
  tries(key: string): number {
    return this.attempts.filter((attempt) => attempt.key === key).length;
  }

  /** The last answer of a check at this place, younger than `since`. */
  check(place: CheckPlace, within: string, name: string, since = -1): Kept<CheckResult> | undefined {
    const found = this.checks.get(checkKey(place, within, name));
    return found !== undefined && found.seq > since ? found : undefined;
  }

  /** The newest signature about a subject that makes one of these choices, younger than `since`. */
  decision(subject: string, choices: readonly string[], since: number, role?: string): Kept<Signature> | undefined {
    return this.signs.findLast(
      (sign) =>
        sign.seq > since &&
        sign.about === subject &&
        choices.includes(sign.say) &&
        (role === undefined || sign.role === role),
    );
  }

  /** The phase that runs now, else the one that was started last and still stands. */
  currentPhase(): string | undefined {
    const standing = [...this.phases].filter(([, { status }]) => status !== "rolled-back");
    const running = standing.find(([, { status }]) => status === "running");
    return (running ?? standing.sort(([, a], [, b]) => b.since - a.since)[0])?.[0];
  }
}
