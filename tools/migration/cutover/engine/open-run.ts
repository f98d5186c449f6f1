import { createHash } from "node:crypto";
import { MigrationError } from "../../model/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../model/json.ts";
import { type DriverLock, takeDriverLock } from "../journal/driver-lock.ts";
import { Journal } from "../journal/journal.ts";
import { createMask } from "../journal/mask.ts";
import { type RulingPlan, readRulingPlan, writePlan } from "../journal/plan-file.ts";
import { readJournal, scanJournal } from "../journal/read-journal.ts";
import type { JournalRecord, RunStart } from "../journal/record.ts";
import { createRunDirectory, listRuns, openRunDirectory, type RunDirectory } from "../journal/run-directory.ts";
import { type Bound, bind, connectionNames, type Given } from "../plan/bind.ts";
import { LintBook } from "../plan/lint-book.ts";
import { parsePlanText } from "../plan/load-plan.ts";
import type { Plan, VarValue } from "../plan/plan.ts";
import { RunState } from "../state/run-state.ts";
import type { Clock } from "../time/clock.ts";
import { CrashPoints, crashName } from "./crash-point.ts";
import { maskedValues } from "./masked-values.ts";
import { Run, type RunOptions, type RunParts } from "./run.ts";

/** What a driver is started with. */
export interface DriverOptions extends RunOptions {
  readonly root: string;
  readonly clock: Clock;
  /** The command as typed, for whoever finds the lock held. */
  readonly command: string;
  readonly say: (line: string) => void;
  /** Name and version of this tool, for the evidence. */
  readonly driver: string;
}

/** Makes a new run of a plan and opens it; PLAN_INVALID where a value is missing. */
export function createRun(
  options: DriverOptions,
  plan: Plan,
  file: string,
  given: Omit<Given, "environment">,
  id?: string,
): Run {
  assertPhase(plan, options.until);
  const book = new LintBook();
  const bound = bind(plan, { ...given, environment: options.environment }, book);
  book.throwIfAny(file);
  const crash = new CrashPoints(options.environment);
  const directory = createRunDirectory(options.root, newRunId(options.root, id ?? nextRunId(options.root, plan)));
  crash.reach("made", "directory");
  // Two that begin at once meet at the lock, and only one of them writes.
  const lock = takeDriverLock(directory, options);
  crash.reach("made", "lock");
  try {
    newRunId(options.root, directory.id);
  } catch (error) {
    lock.release();
    throw error;
  }
  writePlan(directory, plan.text);
  crash.reach("made", "plan");
  const run = open(options, directory, { plan, bound, lock, crash });
  const data: RunStart = {
    plan: plan.id,
    title: plan.title,
    planSha256: plan.digest,
    driver: options.driver,
    roles: Object.fromEntries(bound.roles) as JsonObject,
    vars: Object.fromEntries(bound.vars) as JsonObject,
    secrets: secretHashes(plan, bound, directory.id),
    notes:
      options.environment["OPS_CAP_AUTO_APPROVE"] === undefined
        ? []
        : ["OPS_CAP_AUTO_APPROVE was kept from every command"],
  };
  run.record({ type: "run.start", step: null, attempt: null, data });
  run.record({ type: "lock", step: null, attempt: null, data: lockData(run.parts.lock) });
  return run;
}

/** Opens a run that is there as its driver: the lock is taken, the journal verified, the values compared (F84). */
export function openRun(options: DriverOptions & { readonly takeOver?: boolean }, id: string | undefined): Run {
  const directory = openRunDirectory(options.root, id ?? onlyOpenRun(options.root));
  const lock = takeDriverLock(directory, options);
  let run: Run | undefined;
  try {
    const { start, ruling } = startOf(directory);
    const plan = planOf(directory, ruling);
    assertPhase(plan, options.until);
    const bound = rebind(plan, start, options, directory);
    const crash = new CrashPoints(options.environment);
    crash.reach("made", "lock");
    run = open(options, directory, { plan, bound, lock, crash });
    run.record({ type: "lock", step: null, attempt: null, data: lockData(lock) });
    return run;
  } catch (error) {
    run?.parts.journal.close();
    lock.release();
    throw error;
  }
}

/** USAGE for an `--until` that names no phase: such a run would go on to its very end. */
function assertPhase({ phases }: Plan, until: string | undefined): void {
  if (until === undefined || phases.some(({ id }) => id === until)) return;
  throw new MigrationError("USAGE", {
    message: `--until takes a phase of the plan, got ${JSON.stringify(until)}.`,
    remedy: `The phases are: ${phases.map(({ id }) => id).join(" ")}.`,
  });
}

/**
 * The plan of a run: its own copy, whatever became of the file, and exactly the one that the journal names. A driver that
 * was killed while it took a new plan in had kept it before.
 */
function planOf(directory: RunDirectory, ruling: RulingPlan): Plan {
  const bytes = readRulingPlan(directory, ruling);
  if (bytes !== undefined) {
    const plan = parsePlanText(bytes.toString("utf8"), "plan.yaml");
    if (ruling.before !== undefined) writePlan(directory, plan.text);
    return plan;
  }
  throw new MigrationError("PLAN_CHANGED", {
    message: `The plan of the run ${directory.id} is not the one it was started with, nor one that somebody signed for.`,
    remedy:
      "Bring plan.yaml of the run folder back from a copy; `candor cutover resume --plan <file>` takes a change in.",
  });
}

/** The run that is meant where none is named; USAGE where that is not one. */
export function onlyOpenRun(root: string): string {
  const open = listRuns(root).filter((id) => !hasEnded(root, id));
  const [only] = open;
  if (only !== undefined && open.length === 1) return only;
  throw new MigrationError(open.length === 0 ? "RUN_MISSING" : "USAGE", {
    message: open.length === 0 ? "No cutover run is open." : `Several cutover runs are open: ${open.join(", ")}.`,
    remedy: "Name one with --run; `ls storage_reports/cutover` shows all.",
  });
}

function hasEnded(root: string, id: string): boolean {
  const { start, end, isOver } = RunState.of(readJournal(openRunDirectory(root, id)).records);
  return start === undefined || (isOver && end?.outcome !== "ROLLBACK_FAILED");
}

/** The same id where there is no run of it, or one that never came to its first record; USAGE where there is one. */
function newRunId(root: string, id: string): string {
  if (!hasBegun(root, id)) return id;
  throw new MigrationError("USAGE", {
    message: `There is a cutover run ${id} already.`,
    remedy: `\`candor cutover status --run ${id}\` tells how it stands; a new run needs another id.`,
  });
}

function hasBegun(root: string, id: string): boolean {
  if (!listRuns(root).includes(id)) return false;
  const { records, problem } = scanJournal(openRunDirectory(root, id));
  return records.length > 0 || problem !== undefined;
}

/** `<plan>-1`, `<plan>-2`, …: an id without a clock. One that never came to its first record is used again. */
function nextRunId(root: string, plan: Plan): string {
  const name = plan.id.toLowerCase().slice(0, 80);
  const begun = listRuns(root).filter((id) => hasBegun(root, id));
  const numbers = begun.map((id) => (id.startsWith(`${name}-`) ? Number(id.slice(name.length + 1)) : 0));
  return `${name}-${Math.max(0, ...numbers.filter(Number.isSafeInteger)) + 1}`;
}

type Opened = Pick<RunParts, "plan" | "bound" | "lock" | "crash">;

function open(options: DriverOptions, directory: RunDirectory, { plan, bound, lock, crash }: Opened): Run {
  const mask = createMask(maskedValues(plan, bound, options.environment));
  const { root, clock, say } = options;
  const crashPoint = (point: string, record: JournalRecord): void => crash.reach(point, crashName(record));
  const journal = new Journal(directory, { clock, mask, crashPoint });
  return new Run({
    root,
    plan,
    bound,
    directory,
    journal,
    lock,
    clock,
    mask,
    crash,
    options,
    say: (line) => say(mask.text(line)),
  });
}

function startOf(directory: RunDirectory): { readonly start: RunStart; readonly ruling: RulingPlan } {
  const { start, ruling } = RunState.of(readJournal(directory).records);
  if (start !== undefined && ruling !== undefined) return { start, ruling };
  throw new MigrationError("RUN_MISSING", {
    message: `The run ${directory.id} was never started: its journal is empty.`,
    remedy: "Start a new one with `candor cutover run`.",
  });
}

/** Values as the journal has them; secrets from the environment, which must be the ones of the start. */
function rebind(plan: Plan, start: RunStart, options: DriverOptions, directory: RunDirectory): Bound {
  const secrets = new Map<string, string>();
  const missing = new Set<string>();
  const problems: string[] = [];
  for (const { name, isOptional } of plan.secrets) {
    const value = options.environment[name];
    const expected = start.secrets[name] ?? null;
    if (value === undefined || value === "") {
      missing.add(name);
      if (!isOptional || expected !== null) problems.push(`the secret ${name} is not in the environment`);
    } else if (secretHash(directory.id, value) === expected) secrets.set(name, value);
    else if (expected === null) missing.add(name);
    else problems.push(`the secret ${name} is another one than at the start`);
  }
  const connections = new Map<string, string>();
  for (const name of connectionNames(plan)) {
    const value = options.environment[name] ?? "";
    if (value === "") problems.push(`the connection string ${name} is not in the environment`);
    else if (secretHash(directory.id, value) === start.secrets[name]) connections.set(name, value);
    else problems.push(`the connection string ${name} is another one than at the start`);
  }
  if (problems.length > 0) {
    throw new MigrationError("PLAN_CHANGED", {
      message: `The run ${directory.id} cannot go on with other values.`,
      problems,
      remedy: "Set the secrets in the environment to what they were at the start.",
    });
  }
  return { vars: valuesOf(start.vars), roles: rolesOf(start.roles), secrets, connections, missing };
}

function valuesOf(vars: Readonly<Record<string, JsonValue>>): ReadonlyMap<string, VarValue> {
  return new Map(
    Object.entries(vars).map(([name, value]) => [name, Array.isArray(value) ? texts(value) : String(value)]),
  );
}

function rolesOf(roles: Readonly<Record<string, JsonValue>>): ReadonlyMap<string, readonly string[]> {
  return new Map(Object.entries(isJsonObject(roles) ? roles : {}).map(([role, people]) => [role, texts(people)]));
}

function texts(value: JsonValue): readonly string[] {
  const items: readonly JsonValue[] = Array.isArray(value) ? value : [value];
  return items.map(String);
}

function secretHashes(plan: Plan, bound: Bound, id: string): Record<string, string | null> {
  const names = [...plan.secrets.map(({ name }) => name), ...bound.connections.keys()];
  return Object.fromEntries(
    names.map((name) => {
      const value = bound.secrets.get(name) ?? bound.connections.get(name);
      return [name, value === undefined ? null : secretHash(id, value)];
    }),
  );
}

function secretHash(id: string, value: string): string {
  return createHash("sha256").update(`${id}\0${value}`).digest("hex");
}

function lockData(lock: DriverLock) {
  const { fence, pid } = lock.driver;
  const { tookOver } = lock;
  return { fence, pid, tookOver: tookOver === undefined ? null : `process ${tookOver.pid} on ${tookOver.host}` };
}
