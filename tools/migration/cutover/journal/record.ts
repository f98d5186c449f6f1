import type { JsonObject } from "../../model/json.ts";
import type {
  BaselineDifference,
  BaselineValue,
  CheckResult,
  Deviation,
  FlipRecord,
  GateResult,
  Harvest,
  Hold,
  NoteCode,
  RunEnd,
  RunStart,
  Spawned,
  StepEnd,
  StepIntent,
  StopFire,
  StopSample,
  TickResult,
  UndoIntent,
} from "./record-data.ts";
import type { Signature } from "./record-words.ts";

export type * from "./record-data.ts";
export type * from "./record-words.ts";

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
  | RecordBody<"hold", Hold>
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
  | RecordBody<"deviation", Deviation>
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
