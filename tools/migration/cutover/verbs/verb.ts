import type { JsonObject } from "../../model/json.ts";
import type { FlipRecord, Spawned } from "../journal/record.ts";
import type { Verb } from "../plan/action.ts";
import type { Database, VarValue } from "../plan/plan.ts";
import type { SshPatience } from "../process/command.ts";
import type { Clock } from "../time/clock.ts";
import type { Kept } from "./kept-files.ts";

/** What a verb gets beside its own words. */
export interface VerbContext {
  /** The project's root: commands run here unless `dir` says otherwise. */
  readonly root: string;
  /** Absolute path of the private folder of this attempt; the verb makes it where it needs one. */
  readonly folder: string;
  /** The attempt as other hosts know it: `<run id>/<number>-<name>.<attempt>`. */
  readonly remoteFolder: string;
  readonly runId: string;
  /** Name of the action, for messages. */
  readonly name: string;
  /** Every variable in scope, `item` included. */
  readonly vars: ReadonlyMap<string, VarValue>;
  readonly secrets: ReadonlyMap<string, string>;
  /** Values put in. */
  readonly env: ReadonlyMap<string, string>;
  readonly dir: string | undefined;
  /** Host name of the plan to ssh destination, values put in. */
  readonly hosts: ReadonlyMap<string, string>;
  /** How long a host that does not answer is waited for; as usual where undefined. */
  readonly patience: SshPatience | undefined;
  readonly dbs: ReadonlyMap<string, Database>;
  /** Where connections of this tool are told what the plan must not know. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly by: readonly string[];
  /** What was kept of the files of the step that is taken back. */
  readonly kept: Kept | undefined;
  /** What a command reads on stdin; /dev/null where undefined. */
  readonly input: string | undefined;
  /** 0 = none. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Aborted when the action is to be ended now: TERM, grace, KILL. */
  readonly signal: AbortSignal;
  /** Journals that a process runs; called once, before anything is waited for. */
  readonly spawned: (process: Spawned) => void;
  /** A point where the crash tests may end the driver. */
  readonly crashPoint: (point: string) => void;
  /** Waits until all these roles have acknowledged, or one has refused. */
  readonly acknowledge: (asked: Acknowledgement) => Promise<Acknowledged>;
}

/** What persons are asked for. */
export interface Acknowledgement {
  readonly name: string;
  readonly text: string;
  readonly by: readonly string[];
  readonly ask: readonly string[];
  readonly item: string | undefined;
  /** How long they are waited for; 0 = for ever. */
  readonly timeoutMs: number;
}

/** What they said. */
export interface Acknowledged {
  readonly isDone: boolean;
  readonly reason: string | null;
  readonly fields: Readonly<Record<string, string>>;
  /** True where nobody answered in time. */
  readonly timedOut: boolean;
}

/** What came of a verb, before expectations are looked at. */
export interface VerbResult {
  /**
   * `asked` = it ran, expectations decide; `failed` = it refused or was ended, whatever the output says; `unknown` =
   * it could not be asked, or nobody can tell whether it happened.
   */
  readonly outcome: "asked" | "failed" | "unknown";
  readonly reason: string | null;
  readonly exit: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  /** HTTP status. */
  readonly status: number | null;
  /** How many rows a statement gave, found or changed; null where nobody counted. */
  readonly rows: number | null;
  /** RFC 3339 by the clock of the machine where it ran. */
  readonly start: string;
  readonly end: string;
  readonly ms: number;
  /** Absolute paths of the raw output; null where there is none. */
  readonly out: OutputFile | null;
  readonly err: OutputFile | null;
  /** Values the verb itself gives (fields of an acknowledgement). */
  readonly saved: Readonly<Record<string, string>>;
  /** Short sentences for the receipt: what was left running, what was stripped. */
  readonly notes: readonly string[];
  /** True when another driver had started it. */
  readonly recovered: boolean;
  /** For the record `flip`: a pointer that moved. */
  readonly flip: FlipRecord | null;
}

/** A file of raw output. */
export interface OutputFile {
  readonly path: string;
  readonly truncated: boolean;
}

/** What is written before an action may change anything. */
export interface Intent {
  /** The words with values put in where the driver puts them; secrets are not in them. */
  readonly text: string;
  /** State before, as far as an undo needs it, such as the old value of a pointer. */
  readonly preImage: JsonObject | null;
}

/** Everything the engine knows of a verb. */
export interface VerbDriver<V extends Verb> {
  /** What will be done, and the state before; changes nothing. Throws MigrationError where it must be refused. */
  readonly prepare: (verb: V, context: VerbContext) => Promise<Intent>;
  /** Does it. Never throws for anything the world does. */
  readonly run: (verb: V, context: VerbContext, intent: Intent) => Promise<VerbResult>;
  /**
   * Finds out what came of an attempt whose driver was killed: undefined = it certainly never began and never will,
   * so it may be run; outcome `unknown` = nobody can tell.
   */
  readonly recover: (verb: V, context: VerbContext, intent: Intent) => Promise<VerbResult | undefined>;
  /** Goes back to the state of `preImage`, by compare and swap; for verbs with an undo of their own (`flip`). */
  readonly undo?: (verb: V, context: VerbContext, intent: Intent) => Promise<VerbResult>;
  /**
   * What is missing for the way back (I6), a sentence each; asked before T0 and before the first step, and with the state
   * that was recorded before a rollback begins.
   */
  readonly undoProblems?: (verb: V, context: VerbContext, preImage: JsonObject | null) => Promise<readonly string[]>;
}
