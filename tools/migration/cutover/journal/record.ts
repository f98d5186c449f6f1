import type { JsonObject, JsonValue } from "../../model/json.ts";

/** Version of the record form; a reader refuses a higher one. */
export const RECORD_VERSION = 1;

/** What every record carries; `hash` is the SHA-256 of the JCS text of the record without `hash`. */
export interface RecordHead {
  readonly v: number;
  /** From 0, without gaps. */
  readonly seq: number;
  /** `hash` of the record before; 64 zeros for the first. */
  readonly prev: string;
  readonly run: string;
  /** Wall time, RFC 3339 in UTC. Order is by `seq`, never by this. */
  readonly at: string;
  /** Monotonic milliseconds of the driver that wrote it; comparable within one `boot` and `host` only. */
  readonly mono: number;
  readonly boot: string | null;
  readonly host: string;
  readonly user: string;
  readonly hash: string;
}

/** One kind of record: what the engine says, before the journal adds the head. */
export interface RecordBody<Type extends string, Data> {
  readonly type: Type;
  /** Id of the step, check, gate or stop it is about; null where it is about the run. */
  readonly step: string | null;
  /** From 1; null where nothing is tried. */
  readonly attempt: number | null;
  readonly data: Data;
}

/** Result of a check: UNKNOWN could not be asked, and never opens anything. */
export type Verdict = "PASS" | "FAIL" | "UNKNOWN";
/** How a step or an undo ended: UNKNOWN where its outcome could not be found out. */
export type StepResult = "done" | "failed" | "unknown";
/** The end of a run. */
export type RunOutcome = "SUCCEEDED" | "ROLLED_BACK" | "ROLLBACK_FAILED" | "HOLD" | "ABORTED";
/** What a fired stop asks for, weakest first. */
export type StopAction = "pause" | "hold" | "rollback-phase" | "rollback";

/** An output file of a command: the masked copy where a secret was in it. */
export interface OutputDigest {
  /** Path in the run directory. */
  readonly file: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** True when the command was ended because it wrote more than the cap. */
  readonly truncated: boolean;
  /** True when `file` is a copy in which secrets were masked. */
  readonly masked: boolean;
}

/** One expectation and how it came out. */
export interface ExpectationResult {
  /** `exit`, `out`, `not`, `empty`, `status`, `json`, `absent`. */
  readonly kind: string;
  readonly expected: string;
  readonly got: string;
  readonly verdict: Verdict;
}

/** What one command or request was and did (G03). */
export interface Receipt {
  readonly verb: string;
  /** Resolved text, secrets masked. */
  readonly text: string;
  /** Host name of the plan, or null for the driver's own. */
  readonly on: string | null;
  /** Folder relative to the project, or null. */
  readonly dir: string | null;
  /** Names of the exported variables, never values. */
  readonly env: readonly string[];
  /** The `${item}` of an `each`, or null. */
  readonly item: string | null;
  /** Times by the clock of the machine where it ran. */
  readonly start: string;
  readonly end: string;
  readonly ms: number;
  readonly exit: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly out: OutputDigest | null;
  readonly err: OutputDigest | null;
  readonly expectations: readonly ExpectationResult[];
  readonly verdict: Verdict;
  /** Variables that the output set. */
  readonly saved: Readonly<Record<string, string>>;
  /** Values that the plan's `harvest` found, by name. */
  readonly harvested: Readonly<Record<string, readonly string[]>>;
  /** Why it is UNKNOWN or failed, what was left running, what was stripped: short sentences. */
  readonly notes: readonly string[];
  /** True when a second driver found the result of a command that another one had started. */
  readonly recovered: boolean;
}

/** An action with its values put in, as it will be run. */
export interface ResolvedAction {
  readonly verb: string;
  readonly text: string;
  readonly on: string | null;
  readonly by: readonly string[];
  readonly say: string | null;
  /** The action as the engine reads it back (F81: this one rules, not the plan's). */
  readonly action: JsonObject;
}

/** A reader of the plan may see `none` with its reason; else the actions in written order. */
export interface ResolvedUndo {
  readonly none: string | null;
  readonly actions: readonly ResolvedAction[];
}

/** A file that a command names, as it was when the command was decided on (F82). */
export interface NamedFile {
  readonly path: string;
  readonly sha256: string;
}

/** A signature, in one record: all or nothing (F14). */
export interface Signature {
  /** What was signed: a tick, gate, manual action, deviation, takeover or trigger. */
  readonly about: string;
  readonly role: string;
  readonly name: string;
  /** The agent or tool through which the person signed, or null. */
  readonly via: string | null;
  readonly say: string;
  readonly reason: string | null;
  /** Named fields that a manual action asked for, e.g. ticket and timestamp. */
  readonly fields: Readonly<Record<string, string>>;
  /** Hash of the journal head that the signer saw. */
  readonly head: string;
}

/** Every record body there is. */
export type CutoverRecord =
  | RecordBody<"run.start", RunStart>
  | RecordBody<"run.armed", { readonly t0: string; readonly lists: Readonly<Record<string, readonly string[]>> }>
  | RecordBody<"run.resume", { readonly reason: string; readonly planSha256: string }>
  | RecordBody<"run.state", { readonly state: string; readonly reason: string | null }>
  | RecordBody<"run.end", RunEnd>
  | RecordBody<"lock", { readonly fence: number; readonly pid: number; readonly tookOver: string | null }>
  | RecordBody<"takeover", { readonly fence: number; readonly from: string; readonly sign: Signature }>
  | RecordBody<"phase.start", { readonly title: string; readonly gate: string | null; readonly running: JsonObject }>
  | RecordBody<"phase.end", { readonly result: "passed" | "failed" | "rolled-back"; readonly harvested: Harvest }>
  | RecordBody<"step.intent", StepIntent>
  | RecordBody<"step.spawn", Spawned>
  | RecordBody<"step.end", StepEnd>
  | RecordBody<"step.skip", { readonly kind: "na" | "if" | "secret"; readonly reason: string }>
  | RecordBody<"check", CheckResult>
  | RecordBody<"gate", GateResult>
  | RecordBody<"tick", TickResult>
  | RecordBody<"stop.sample", StopSample>
  | RecordBody<"stop.fire", StopFire>
  | RecordBody<"hold", { readonly reason: string; readonly choices: readonly string[]; readonly code: string | null }>
  | RecordBody<"sign", Signature>
  | RecordBody<"rollback.start", { readonly scope: string; readonly cause: string; readonly order: readonly string[] }>
  | RecordBody<
      "rollback.end",
      { readonly scope: string; readonly result: "done" | "failed"; readonly left: readonly string[] }
    >
  | RecordBody<"undo.intent", UndoIntent>
  | RecordBody<"undo.spawn", Spawned>
  | RecordBody<"undo.end", StepEnd & { readonly of: string }>
  | RecordBody<"undo.none", { readonly of: string; readonly reason: string }>
  | RecordBody<"flip", FlipRecord>
  | RecordBody<"baseline", { readonly moment: string; readonly values: readonly BaselineValue[] }>
  | RecordBody<"compare", { readonly moment: string; readonly differences: readonly BaselineDifference[] }>
  | RecordBody<"deviation", { readonly text: string; readonly repo: string | null; readonly sign: Signature | null }>
  | RecordBody<"heads", { readonly moment: string; readonly heads: Readonly<Record<string, string>> }>
  | RecordBody<"escalation", { readonly cause: string; readonly to: string | null; readonly delivered: boolean | null }>
  | RecordBody<
      "request",
      { readonly id: string; readonly command: string; readonly from: string; readonly body: JsonObject }
    >
  | RecordBody<"note", { readonly code: NoteCode; readonly text: string }>
  | RecordBody<"seal", { readonly commits: Readonly<Record<string, string>>; readonly head: string }>;

/** Name of a record type. */
export type RecordType = CutoverRecord["type"];
/** The body of one type. */
export type RecordOf<Type extends RecordType> = Extract<CutoverRecord, { readonly type: Type }>;
/** A record as it stands in the journal. */
export type JournalRecord = RecordHead & CutoverRecord;

// An object, so that the compiler asks for each type that is added above.
const TYPES: Readonly<Record<RecordType, true>> = {
  "run.start": true,
  "run.armed": true,
  "run.resume": true,
  "run.state": true,
  "run.end": true,
  lock: true,
  takeover: true,
  "phase.start": true,
  "phase.end": true,
  "step.intent": true,
  "step.spawn": true,
  "step.end": true,
  "step.skip": true,
  check: true,
  gate: true,
  tick: true,
  "stop.sample": true,
  "stop.fire": true,
  hold: true,
  sign: true,
  "rollback.start": true,
  "rollback.end": true,
  "undo.intent": true,
  "undo.spawn": true,
  "undo.end": true,
  "undo.none": true,
  flip: true,
  baseline: true,
  compare: true,
  deviation: true,
  heads: true,
  escalation: true,
  request: true,
  note: true,
  seal: true,
};

/** Names of all record types. */
export const RECORD_TYPES: ReadonlySet<string> = new Set(Object.keys(TYPES));

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

/** A stop that fired. */
export interface StopFire {
  readonly action: StopAction;
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

/** A value that is not what it was. */
export interface BaselineDifference {
  readonly check: string;
  readonly item: string | null;
  readonly expected: string;
  readonly got: string;
}
