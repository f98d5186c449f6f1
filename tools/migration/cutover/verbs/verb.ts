import type { JsonValue } from "../../model/json.ts";
import type { Verb } from "../plan/action.ts";
import type { VarValue } from "../plan/plan.ts";
import type { Clock } from "../time/clock.ts";

/** PASS = done and as expected; FAIL = not so; UNKNOWN = could not be asked, or nobody knows whether it happened. */
export type Verdict = "PASS" | "FAIL" | "UNKNOWN";

/** What a verb gets beside its own words. */
export interface VerbContext {
  /** The project's root: commands run here unless `dir` says otherwise. */
  readonly root: string;
  /** Private folder of this attempt (0700), made before: output, exit code, pid. */
  readonly attemptDir: string;
  /** Names the attempt in the run, on this and on other hosts: `<run id>/<n>-<name>.<attempt>`. */
  readonly attempt: string;
  /** Every variable in scope, `item` included. */
  readonly vars: ReadonlyMap<string, VarValue>;
  readonly secrets: ReadonlyMap<string, string>;
  readonly env: ReadonlyMap<string, string>;
  readonly dir: string | undefined;
  /** Host name of the plan to ssh destination, values put in. */
  readonly hosts: ReadonlyMap<string, string>;
  readonly dbs: ReadonlyMap<string, string>;
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Aborted when the action is to be ended now: TERM, grace, KILL. */
  readonly signal: AbortSignal;
  /** Journals that the process runs; called once, before anything is waited for. */
  readonly spawned: (process: SpawnedProcess) => void;
  /** A point where the crash tests may end the driver. */
  readonly crashPoint: (name: string) => void;
}

/** A process as the journal names it; enough to find it again, or to know that it is gone. */
export interface SpawnedProcess {
  readonly pid: number;
  readonly processStart: string | null;
  readonly bootId: string | null;
}

/** What came of a verb, before expectations are looked at. */
export interface VerbResult {
  /** `asked` = expectations decide; `unknown` = nobody can tell; `failed` = it refused by itself, with `reason`. */
  readonly outcome: "asked" | "failed" | "unknown";
  readonly reason: string | undefined;
  readonly exit: number | undefined;
  /** Signal name where one ended it. */
  readonly signal: string | undefined;
  readonly timedOut: boolean;
  readonly durationMs: number;
  /** HTTP status. */
  readonly status: number | undefined;
  /** Result of a process whose driver was killed. */
  readonly recovered: boolean;
  /** Values the verb itself gives (fields of an acknowledgement). */
  readonly saved: ReadonlyMap<string, string>;
  /** Facts for the journal: remote times, what was left behind, old and new pointer value. */
  readonly facts: Readonly<Record<string, JsonValue>>;
}

/** What is written before an action may change anything: enough to undo it without the plan. */
export interface Intent {
  /** The words with variables put in where the driver puts them; secrets are not in them. */
  readonly resolved: string;
  /** State before, such as the old value of a pointer or the bytes of a named file. */
  readonly preImage: Readonly<Record<string, JsonValue>>;
}

/** Everything the engine knows of a verb. Output goes to `out` and `err` in the attempt's folder. */
export interface VerbDriver<V extends Verb = Verb> {
  /** What will be done, and the state before; changes nothing. Throws MigrationError where it must be refused. */
  prepare(verb: V, context: VerbContext): Promise<Intent>;
  /** Does it. */
  run(verb: V, context: VerbContext, intent: Intent): Promise<VerbResult>;
  /**
   * Finds out what came of an attempt whose driver was killed: undefined = it certainly never began, so it may be
   * run; `unknown` = nobody can tell.
   */
  recover(verb: V, context: VerbContext, intent: Intent): Promise<VerbResult | undefined>;
  /** Goes back to the recorded state before: only for verbs with an undo of their own (`flip`). */
  undo?(verb: V, context: VerbContext, intent: Intent): Promise<VerbResult>;
  /** Whether the way back is there (I6): a sentence for each thing that is missing. */
  canUndo?(verb: V, context: VerbContext, intent: Intent): Promise<readonly string[]>;
}
