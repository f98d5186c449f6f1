import type { JsonObject } from "../../model/json.ts";
import type { Action, Check, Pattern, Step, UndoAction } from "./action.ts";

/** A parsed plan: every name resolves, every duration is milliseconds, everything behind the parser trusts it. */
export interface Plan {
  readonly id: string;
  readonly title: string;
  readonly owner: string;
  /** What the evidence calls Environment. */
  readonly env: string | undefined;
  readonly front: FrontMatter;
  readonly change: Change;
  /** Principals by role; an empty list must be given when the run begins. */
  readonly roles: ReadonlyMap<string, readonly string[]>;
  /** Groups of roles no one person may hold together. */
  readonly distinct: readonly (readonly string[])[];
  readonly vars: ReadonlyMap<string, Variable>;
  /** Names, of variables and of saved values, that may be any text without a line break. */
  readonly textVars: ReadonlySet<string>;
  readonly secrets: readonly Secret[];
  /** Host name of the plan to ssh destination. */
  readonly hosts: ReadonlyMap<string, string>;
  readonly dbs: ReadonlyMap<string, Database>;
  /** A command that gets each escalation as JSON on stdin. */
  readonly notify: Action | undefined;
  readonly lock: TargetLock | undefined;
  readonly assets: readonly string[];
  readonly harvest: ReadonlyMap<string, Pattern>;
  readonly runKeys: RunKeys | undefined;
  readonly checks: ReadonlyMap<string, Check>;
  readonly sets: ReadonlyMap<string, readonly string[]>;
  readonly gates: ReadonlyMap<string, Gate>;
  readonly baseline: Baseline | undefined;
  /** In order of time. */
  readonly timeline: readonly Tick[];
  readonly phases: readonly Phase[];
  readonly stops: readonly Stop[];
  /** The check that tells whether our own network is there. */
  readonly control: string | undefined;
  /** Checks that say a rollback restored the service. */
  readonly restored: readonly string[];
  readonly done: Done;
  /** How long the stops keep watching after success. */
  readonly watchForMs: number;
  /** What happens to writes accepted after a flip; undefined in a plan without one. */
  readonly writes: Writes | undefined;
  readonly forbidVia: boolean;
  /** As written; the documents read it. */
  readonly pack: JsonObject;
  /** The file as read, and SHA-256 of exactly these bytes. */
  readonly text: string;
  readonly digest: string;
}

/** The description of a change, as the pack prints it. */
export interface Change {
  readonly date: string | undefined;
  readonly what: string | undefined;
  readonly why: string | undefined;
  readonly downtime: string | undefined;
  readonly rollback: string | undefined;
}

/** The front matter of the document a plan stands for. */
export interface FrontMatter {
  readonly status: string | undefined;
  readonly scope: string | undefined;
  readonly lastVerified: string | undefined;
  readonly opened: string | undefined;
  readonly related: readonly string[];
}

/** A variable: one value or a list; undefined must be given when the run begins. */
export interface Variable {
  readonly value: VarValue | undefined;
  /** Free text: allowed to hold what an unquoted shell word may not. */
  readonly isText: boolean;
}

/** What a variable holds. Numbers and booleans of the plan are text here; `if` takes "" and "false" as no. */
export type VarValue = string | readonly string[];

/** A secret: an environment variable that is passed to commands, never written, masked in output. */
export interface Secret {
  readonly name: string;
  readonly isOptional: boolean;
}

/** Where SQL goes: what takes it on stdin, or a connection of this tool. */
export type Database =
  /** A client command; or, once its values are put in, a connection string. */
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "server";
      readonly engine: "postgres" | "mysql";
      /** The environment variable that holds the connection string; DATABASE_URL where undefined. */
      readonly env: string | undefined;
      readonly schema: string | undefined;
    };

/** Which commands must leave a run key, and what one looks like (X22). */
export interface RunKeys {
  /** The value of `harvest` that is the key. */
  readonly harvest: string;
  /** Matches the words of each command that must leave one. */
  readonly of: Pattern;
  readonly form: Pattern;
}

/** A lock on the target: a folder made with mkdir on that host (undefined = here). */
export interface TargetLock {
  readonly host: string | undefined;
  readonly path: string;
}

/** A gate: passes when every check of `pass` does, fresh enough and with this plan. */
export interface Gate {
  readonly id: string;
  readonly say: string;
  readonly by: readonly string[];
  readonly pass: readonly (Use | Check)[];
  readonly freshMs: number | undefined;
  readonly line: number;
}

/** A reference to checks by name. */
export interface Use {
  readonly use: string;
  /** The list variable to go through instead of the check's own. */
  readonly each: string | undefined;
  readonly line: number;
}

/** Values kept at one moment and compared later; only verdicts and saved values, never raw output. */
export interface Baseline {
  /** Id of a phase, or label of a tick. */
  readonly after: string;
  readonly of: readonly string[];
  /** Saved value to the difference allowed, for values that are numbers. */
  readonly tolerance: ReadonlyMap<string, number>;
}

/** A moment of the timeline. */
export interface Tick {
  /** As written: T-60, T0, T+30. */
  readonly label: string;
  readonly offsetMs: number;
  readonly by: readonly string[];
  readonly gates: readonly string[];
  readonly checks: readonly string[];
  readonly compare: boolean;
  readonly phases: readonly string[];
  /** Acknowledgements only. */
  readonly actions: readonly Check[];
  readonly decision: Decision | undefined;
  readonly evidence: string | undefined;
  readonly line: number;
}

/** A decision a tick asks all its roles for. */
export interface Decision {
  readonly name: string;
  readonly choose: readonly ("go" | "hold" | "keep" | "rollback")[];
}

/** What follows a failed step or checkpoint. */
export type OnFail = "hold" | "rollback-phase" | "rollback";

/** A phase: steps in order, then checks that must hold before any phase that needs it. */
export interface Phase {
  readonly id: string;
  readonly title: string;
  /** Label printed beside the phase, such as Gate-0 → Gate-1. */
  readonly gate: string | undefined;
  readonly needs: readonly string[];
  readonly vars: ReadonlyMap<string, VarValue>;
  readonly steps: readonly (Use | Step)[];
  readonly checkpoint: readonly string[];
  readonly undo: readonly UndoAction[];
  /** Reads made before the first undo of a rollback. */
  readonly evidence: readonly Check[];
  readonly onFail: OnFail;
  readonly line: number;
}

/** What a stop does, weakest first. */
export const STOP_ACTIONS = ["pause", "hold", "rollback-phase", "rollback"] as const;
/** What a stop does. */
export type StopAction = (typeof STOP_ACTIONS)[number];

/** A stop condition: exactly one source that is watched or triggered. */
export interface Stop {
  readonly id: string;
  readonly say: string;
  readonly source: StopSource;
  /** Undefined = reacts to each result of those checks that the plan asks for anyway. */
  readonly everyMs: number | undefined;
  readonly badForMs: number;
  /** Good samples in a row that clear it. */
  readonly okAfter: number;
  readonly from: StopStart | undefined;
  readonly then: StopAction;
  readonly line: number;
}

/** Where the samples of a stop come from. */
export type StopSource =
  | { readonly kind: "use"; readonly checks: readonly string[] }
  | { readonly kind: "check"; readonly check: Check }
  | { readonly kind: "manual"; readonly text: string; readonly by: readonly string[] };

/** When a stop becomes active: a step once it has ended, a phase once it has started, T0 at its tick. */
export type StopStart =
  | { readonly kind: "step"; readonly id: string }
  | { readonly kind: "phase"; readonly id: string }
  | { readonly kind: "T0" };

/** What SUCCEEDED needs at the end. */
export interface Done {
  readonly checks: readonly string[];
  /** `no-rollback` was listed: complete only where no undo ran. */
  readonly noRollback: boolean;
}

/** What becomes of writes that were accepted after a flip, before a rollback. */
export type Writes =
  | { readonly kind: "none" }
  /** Names of steps that fence the writers, or of checks and commands that capture what was written. */
  | { readonly kind: "fenced" | "captured"; readonly by: UndoAction };
