import type { JsonObject } from "../../model/json.ts";
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
  StepIntent,
  StopFire,
  TickResult,
} from "../journal/record.ts";
import type { Asked, Attempt, Kept, OpenHold, PhaseState, RollbackState, UndoAttempt } from "./run-parts.ts";

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
    const kept = { seq: record.seq, at: record.at };
    switch (record.type) {
      case "run.start":
        this.start = { ...record.data, ...kept };
        this.ruling = { sha256: record.data.planSha256, before: undefined };
        return;
      case "run.armed":
        this.t0 = record.data.t0;
        this.lists = record.data.lists;
        return;
      case "run.state":
        this.mode = record.data.state;
        this.isWatching = record.data.state === "WATCHING";
        if (record.data.state !== "HOLD") this.hold = undefined;
        if (record.data.state === "TICK") this.begun.set(record.step ?? "", record.seq);
        return;
      case "run.end":
        this.end = { ...record.data, ...kept };
        this.mode = record.data.outcome;
        this.hold = undefined;
        return;
      case "run.resume":
        if (this.mode === "INTERRUPTED") this.mode = "RUNNING";
        this.#leaveStorageHold();
        return;
      case "lock":
        this.fence = record.data.fence;
        return;
      case "hold":
        this.mode = "HOLD";
        this.hold = { ...record.data, seq: record.seq, subject: record.step ?? "run" };
        return;
      case "sign":
        this.signs.push({ ...record.data, ...kept });
        if (record.data.say === "done") this.#save([{ saved: record.data.fields }]);
        return;
      case "escalation":
        this.told.push({ seq: record.seq, cause: record.data.cause });
        return;
      case "request":
        this.requests.add(record.data.id);
        this.#request(record.seq, record.data.command, record.data.body);
        return;
      default:
        this.#applyWork(record);
    }
  }

  #applyWork(record: JournalRecord): void {
    const name = record.step ?? "";
    const kept = { seq: record.seq, at: record.at };
    switch (record.type) {
      case "phase.start":
        this.phases.set(name, { status: "running", since: record.seq, running: record.data.running });
        return;
      case "phase.end":
        this.#phaseEnds(name, record.data.result);
        return;
      case "step.intent":
        this.#begin(record.seq, name, record.attempt ?? 1, record.data);
        return;
      case "step.spawn": {
        const attempt = this.#open(name, record.attempt);
        if (attempt !== undefined) attempt.isSpawned = true;
        return;
      }
      case "step.end": {
        const attempt = this.#open(name, record.attempt);
        if (attempt !== undefined) {
          attempt.end = { ...record.data, seq: record.seq };
          // Announced and never begun: as if it had never been announced.
          attempt.isUndone = record.data.result === "failed" && record.data.receipts.length === 0;
        }
        this.#save(record.data.receipts);
        return;
      }
      case "step.skip":
        this.skips.set(name, { reason: record.data.reason, ...kept });
        return;
      case "check":
        this.checks.set(checkKey(record.data.place, record.data.within, name), { ...record.data, ...kept });
        this.#save(record.data.receipts);
        return;
      case "gate":
        this.gates.set(name, { ...record.data, ...kept });
        return;
      case "tick":
        this.ticks.set(name, { ...record.data, ...kept });
        return;
      case "stop.fire":
        this.fires.push({ ...record.data, ...kept, stop: name });
        if (record.data.action === "pause" && record.data.acted) this.paused.add(name);
        return;
      case "stop.sample":
        if (!record.data.bad && record.data.verdict === "PASS") this.paused.delete(name);
        return;
      case "baseline":
        this.baseline = record.data;
        return;
      case "heads":
        this.heads.set(record.data.moment, record.data.heads);
        return;
      case "deviation":
        this.deviations.push({ ...record.data, ...kept });
        if (record.data.plan !== null) {
          this.ruling = { sha256: record.data.plan.after, before: record.data.plan.before };
        }
        return;
      default:
        this.#applyUndo(record);
    }
  }

  #applyUndo(record: JournalRecord): void {
    const name = record.step ?? "";
    switch (record.type) {
      case "rollback.start":
        this.rollback = { ...record.data, seq: record.seq, result: undefined, left: [] };
        this.mode = "ROLLING_BACK";
        this.hasRolledBack = true;
        // A stop can still take a success back; the run then ends once more.
        this.end = undefined;
        this.isWatching = false;
        this.hold = undefined;
        return;
      case "rollback.end":
        if (this.rollback === undefined) return;
        this.rollback.result = record.data.result;
        this.rollback.left = record.data.left;
        return;
      case "undo.intent":
        this.undos.set(name, {
          key: name,
          attempt: record.attempt ?? 1,
          seq: record.seq,
          intent: record.data,
          end: undefined,
        });
        return;
      case "undo.end": {
        const undo = this.undos.get(name);
        if (undo !== undefined) undo.end = { ...record.data, seq: record.seq };
        return;
      }
      case "undo.none":
        this.nothingToUndo.add(name);
        return;
      default:
    }
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

  /** A HOLD for a full disk asks nobody anything: going on is the answer. */
  #leaveStorageHold(): void {
    if (this.hold?.subject !== "storage") return;
    this.hold = undefined;
    this.mode = "RUNNING";
  }

  #request(seq: number, command: string, body: JsonObject): void {
    if (command !== "hold" && command !== "rollback") return;
    const { scope, reason } = body;
    this.asked.push({
      seq,
      command,
      scope: typeof scope === "string" ? scope : "run",
      reason: typeof reason === "string" ? reason : command,
    });
  }

  #begin(seq: number, step: string, attempt: number, intent: StepIntent): void {
    this.hasMutated = true;
    const key = stepKey(step, intent.item);
    this.attempts.push({ key, step, attempt, seq, intent, isSpawned: false, end: undefined, isUndone: false });
  }

  /** The try of this step that has no end; items of an `each` run one after the other, so there is only one. */
  #open(step: string, attempt: number | null): Attempt | undefined {
    return this.attempts.findLast((one) => one.step === step && one.attempt === attempt && one.end === undefined);
  }

  #phaseEnds(phase: string, result: "passed" | "failed" | "rolled-back"): void {
    const before = this.phases.get(phase);
    if (before === undefined) return;
    this.phases.set(phase, { ...before, status: result });
    if (result !== "rolled-back") return;
    for (const attempt of this.attempts) if (attempt.intent.phase === phase) attempt.isUndone = true;
    for (const key of this.undos.keys()) if (this.undos.get(key)?.intent.phase === phase) this.undos.delete(key);
    this.nothingToUndo.clear();
  }

  #save(receipts: readonly { readonly saved: Readonly<Record<string, string>> }[]): void {
    for (const { saved } of receipts) for (const [name, value] of Object.entries(saved)) this.saved.set(name, value);
  }
}

/** A step, or one item of a step that goes through a list. */
export function stepKey(step: string, item: string | null): string {
  return item === null ? step : `${step}[${item}]`;
}

function checkKey(place: CheckPlace, within: string, name: string): string {
  return `${place}\n${within}\n${name}`;
}
