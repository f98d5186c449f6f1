import { readdirSync } from "node:fs";
import type { MigrationError } from "../../model/errors.ts";
import type { Head } from "../journal/chain.ts";
import type { DriverLock } from "../journal/driver-lock.ts";
import type { Mask } from "../journal/mask.ts";
import type { CutoverRecord, JournalRecord } from "../journal/record.ts";
import type { RunDirectory } from "../journal/run-directory.ts";
import type { Bound } from "../plan/bind.ts";
import type { Database, Phase, Plan, VarValue } from "../plan/plan.ts";
import type { SshPatience } from "../process/command.ts";
import { RunState } from "../state/run-state.ts";
import type { Clock } from "../time/clock.ts";
import { RegexRunner } from "../verbs/regex.ts";
import { fill } from "../verbs/values.ts";
import type { CrashPoints } from "./crash-point.ts";
import type { StopWatch } from "./stop-watch.ts";
import { Waker } from "./waker.ts";

/** What a run needs of its journal. */
export interface RunJournal {
  readonly records: readonly JournalRecord[];
  readonly head: Head;
  append(body: CutoverRecord): JournalRecord;
  appendUrgent(body: CutoverRecord): JournalRecord;
  close(): void;
}

/** What a run is made of. */
export interface RunParts {
  readonly root: string;
  readonly plan: Plan;
  readonly bound: Bound;
  readonly directory: RunDirectory;
  readonly journal: RunJournal;
  readonly lock: DriverLock;
  readonly clock: Clock;
  readonly mask: Mask;
  readonly crash: CrashPoints;
  readonly options: RunOptions;
  readonly say: (line: string) => void;
}

/** How a run is to go. */
export interface RunOptions {
  readonly exitOnHold: boolean;
  readonly until: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How long a host that does not answer is waited for; SSH_PATIENCE unless given. */
  readonly ssh?: SshPatience;
  /** First signal: begin nothing new. */
  readonly interrupted: AbortSignal;
  /** Second signal: end what runs. */
  readonly hurried: AbortSignal;
}

/** A stop without a pace of its own, and what it heard last. */
export interface Listener {
  readonly watch: StopWatch;
  last: { readonly key: string; readonly atMs: number; readonly seq: number } | undefined;
}

/** A run that this process drives: the plan, the journal, and what the journal means so far. */
export class Run {
  readonly parts: RunParts;
  readonly state: RunState;
  readonly changed = new Waker();
  readonly regex = new RegexRunner();
  /** Records before this one were written by earlier drivers. */
  readonly since: number;
  #number: number;
  readonly #again = new Set<string>();
  readonly #beside = new Set<Promise<void>>();
  /** Why the journal takes no record any more, where something beside the walk found out: the walk ends. */
  failure: MigrationError | undefined;
  /** Stops that are in their bad time now: `keep` is refused while there is one. */
  readonly badStops = new Set<string>();
  /** Stops that take results as they come. */
  readonly listeners = new Map<string, Listener>();

  constructor(parts: RunParts) {
    this.parts = parts;
    this.state = RunState.of(parts.journal.records);
    this.since = this.state.lastSeq;
    this.#number = lastNumber(parts.directory.steps);
  }

  get plan(): Plan {
    return this.parts.plan;
  }

  get clock(): Clock {
    return this.parts.clock;
  }

  /** Writes a record and takes it in. */
  record(body: CutoverRecord): JournalRecord {
    return this.#take(this.parts.journal.append(body));
  }

  /** As `record`, for what must be said on a full disk too. */
  urgent(body: CutoverRecord): JournalRecord {
    return this.#take(this.parts.journal.appendUrgent(body));
  }

  /** Lets the walk know that the journal takes no record. */
  fails(failure: MigrationError): void {
    this.failure = failure;
    this.changed.wake();
  }

  /** Lets something go on beside the walk; it is waited for at the end. */
  beside(work: Promise<void>): void {
    const done = work.finally(() => this.#beside.delete(done));
    this.#beside.add(done);
  }

  /** Lets an undo that failed be tried once more. */
  allowAgain(name: string): void {
    this.#again.add(name);
  }

  /** Whether an undo that failed may be tried once more. */
  isAgain(name: string): boolean {
    return this.#again.delete(name);
  }

  /** The number of the next action that leaves a folder. */
  nextNumber(): number {
    return ++this.#number;
  }

  /** Every variable in scope in this phase, what was saved included. */
  vars(phase: Phase | undefined, item?: string): ReadonlyMap<string, VarValue> {
    const { bound, plan } = this.parts;
    const scope = new Map<string, VarValue>(bound.vars);
    for (const [name, value] of phase?.vars ?? sharedPhaseVars(plan)) scope.set(name, value);
    for (const [name, value] of Object.entries(this.state.lists)) scope.set(name, value);
    for (const [name, value] of this.state.saved) scope.set(name, value);
    if (item !== undefined) scope.set("item", item);
    return scope;
  }

  /** Hosts with their values put in. */
  hosts(): ReadonlyMap<string, string> {
    return this.#filled(this.plan.hosts);
  }

  dbs(): ReadonlyMap<string, Database> {
    return this.plan.dbs;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#beside);
    await this.regex.close();
    this.parts.journal.close();
    this.parts.lock.release();
  }

  #filled(texts: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
    const values = { vars: this.vars(undefined), secrets: this.parts.bound.secrets };
    return new Map([...texts].map(([name, text]) => [name, fill(text, values)]));
  }

  #take(record: JournalRecord): JournalRecord {
    this.state.apply(record);
    this.changed.wake();
    return record;
  }
}

/** Outside of a phase, a variable that only one phase has is meant where a check of the plan leans on it. */
function sharedPhaseVars(plan: Plan): ReadonlyMap<string, VarValue> {
  return new Map(plan.phases.flatMap((phase) => [...phase.vars]));
}

function lastNumber(steps: string): number {
  const numbers = readdirSync(steps).map((name) => Number(/^(\d+)-/.exec(name)?.[1] ?? 0));
  return Math.max(0, ...numbers);
}
