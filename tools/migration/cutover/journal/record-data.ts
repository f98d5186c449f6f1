import type { JsonObject, JsonValue } from "../../model/json.ts";
import type {
  NamedFile,
  Receipt,
  ResolvedAction,
  ResolvedUndo,
  RunOutcome,
  Signature,
  StepResult,
  StopAction,
  Verdict,
} from "./record-words.ts";

/** Values that `harvest` collected, by name, in the order they were seen. */
export type Harvest = Readonly<Record<string, readonly string[]>>;

/** Things the driver noticed by itself. */
export type NoteCode =
  | "JOURNAL_TORN"
  | "HEAD_REPAIRED"
  | "BALLAST_FREED"
  | "CLOCK_JUMP"
  | "ENV_STRIPPED"
  | "NETWORK_FOLDER"
  | "LEFT_BEHIND"
  | "OTHER";

/** The first record of a run. */
export interface RunStart {
  readonly plan: string;
  readonly title: string;
  readonly planSha256: string;
  readonly driver: string;
  readonly roles: Readonly<Record<string, JsonValue>>;
  /** Values of the plan's variables at the start; secrets are not among them. */
  readonly vars: Readonly<Record<string, JsonValue>>;
  /** SHA-256 of each secret's value, salted with the run id (F84); null = optional and not there. */
  readonly secrets: Readonly<Record<string, string | null>>;
  readonly notes: readonly string[];
}

/** The last record but seals. */
export interface RunEnd {
  readonly outcome: RunOutcome;
  readonly complete: boolean;
  readonly closable: boolean;
  readonly reason: string | null;
  /** Milliseconds from the first undoable stop to all health good, where both were seen (002-02). */
  readonly downtimeMs: number | null;
}

/** Durable before any side effect of the step (I1). */
export interface StepIntent {
  readonly phase: string;
  /** Position in the order of start, from 1: the number of the step's folder. */
  readonly number: number;
  readonly say: string | null;
  readonly verb: string;
  readonly text: string;
  readonly on: string | null;
  readonly item: string | null;
  readonly timeoutMs: number;
  readonly undo: ResolvedUndo;
  /** What a flip or a named file was before, as far as the undo needs it. */
  readonly preImage: JsonObject | null;
  readonly files: readonly NamedFile[];
}

/** The process that runs a command; enough for another driver to find it or to know that it is gone. */
export interface Spawned {
  readonly pid: number;
  readonly processStart: string | null;
  readonly bootId: string | null;
}

/** The end of a step or undo. */
export interface StepEnd {
  readonly result: StepResult;
  readonly reason: string | null;
  /** One for each thing that was run: several for an `each`. */
  readonly receipts: readonly Receipt[];
  /** What the step left in the files of its `preImage`: a digest each, null for none (X10). */
  readonly left?: readonly (string | null)[];
}

/** As `step.intent`, for one undo. */
export interface UndoIntent {
  readonly of: string;
  readonly phase: string;
  readonly number: number;
  readonly action: ResolvedAction;
  /** True for an action of an `else` list. */
  readonly fallback: boolean;
  readonly timeoutMs: number;
}

/** Where in the run a check was asked. */
export type CheckPlace =
  | "step"
  | "checkpoint"
  | "gate"
  | "tick"
  | "baseline"
  | "done"
  | "restored"
  | "way-back"
  | "done_if"
  | "set"
  | "evidence";

/** One answer of one check. */
export interface CheckResult {
  readonly place: CheckPlace;
  /** Id of the phase, gate or tick. */
  readonly within: string;
  readonly say: string | null;
  readonly verdict: Verdict;
  readonly receipts: readonly Receipt[];
}

/** One evaluation of a gate. */
export interface GateResult {
  readonly verdict: Verdict;
  readonly by: readonly string[];
  readonly say: string | null;
  readonly planSha256: string;
  readonly heads: Readonly<Record<string, string>>;
  readonly freshMs: number | null;
  readonly items: readonly { readonly name: string; readonly verdict: Verdict; readonly reason: string | null }[];
}

/** One tick of the timeline, once it was played. */
export interface TickResult {
  readonly verdict: Verdict;
  readonly late: boolean;
  readonly by: readonly string[];
  /** What the plan says this tick must leave. */
  readonly evidence: string | null;
  readonly decision: string | null;
  readonly reason: string | null;
}

/** A sample of a stop: written on each change and once a minute. */
export interface StopSample {
  readonly verdict: Verdict;
  /** True when this sample counts as bad time. */
  readonly bad: boolean;
  readonly badMs: number;
  readonly gap: boolean;
  readonly reason: string | null;
}

/** A HOLD, which asks a person. */
export interface Hold {
  readonly reason: string;
  readonly choices: readonly string[];
  readonly code: string | null;
  /** Checks that it is about: its answer is one for the stops that fire for them too. */
  readonly checks?: readonly string[];
}

/** A stop that fired. */
export interface StopFire {
  readonly action: StopAction;
  /** Checks of the plan that it fired for. */
  readonly checks?: readonly string[];
  readonly badMs: number;
  readonly say: string | null;
  /** Set for manual stops. */
  readonly sign: Signature | null;
  /** False where it was only recorded, e.g. during a rollback. */
  readonly acted: boolean;
}

/** One move of a pointer, forwards or back. */
export interface FlipRecord {
  readonly pointer: string;
  /** Null = absent. */
  readonly from: string | null;
  readonly to: string | null;
  readonly root: string | null;
  /** Digest of the scan statement that allowed it. */
  readonly scanSha256: string | null;
  readonly recovered: boolean;
}

/** A value kept for comparison: a verdict or a saved value, never raw output. */
export interface BaselineValue {
  readonly check: string;
  readonly item: string | null;
  readonly verdict: Verdict;
  readonly saved: Readonly<Record<string, string>>;
}

/** A plan that was changed while its run goes on (F80). */
export interface PlanChange {
  readonly before: string;
  readonly after: string;
  /** Where they differ, a line each. */
  readonly differences: readonly string[];
}

/** Something that was not as planned, and who answers for it. */
export interface Deviation {
  readonly text: string;
  /** The repository and the commit of it, where the deviation is one (F83). */
  readonly repo: string | null;
  readonly commit: string | null;
  readonly plan: PlanChange | null;
  readonly sign: Signature | null;
}

/** A value that is not what it was. */
export interface BaselineDifference {
  readonly check: string;
  readonly item: string | null;
  readonly expected: string;
  readonly got: string;
}
