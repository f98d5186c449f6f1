import type { JsonObject } from "../../model/json.ts";

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
  /** The same two moments by the driver's clock (F92); of a recovered result, when it was looked for and found. */
  readonly driverStart: string;
  readonly driverEnd: string;
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
