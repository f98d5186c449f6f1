import { MigrationError } from "../../model/errors.ts";
import { readJournal } from "../journal/read-journal.ts";
import { listRuns, openRunDirectory } from "../journal/run-directory.ts";
import type { Given } from "../plan/bind.ts";
import type { Plan } from "../plan/plan.ts";
import { RunState } from "../state/run-state.ts";
import { writeEnd } from "./after-rollback.ts";
import { demandedRollback } from "./demands.ts";
import { createRun, type DriverOptions, openRun } from "./open-run.ts";
import type { Run } from "./run.ts";
import { refused } from "./signatures.ts";

/** A plan, and how messages call its file. */
export interface PlanFile {
  readonly plan: Plan;
  readonly file: string;
}

type Values = Omit<Given, "environment">;

/** Opens a run and sets its T0; gives its id. REFUSED for a T0 that leaves no time for the first tick (F93). */
export async function arm(
  options: DriverOptions,
  { plan, file }: PlanFile,
  given: Values,
  { t0, runId }: { readonly t0: string; readonly runId?: string },
): Promise<string> {
  const at = timeOf(t0);
  const [first] = plan.timeline;
  if (first === undefined) throw refused("The plan has no timeline: there is no T0 to arm.");
  const firstAt = at + Math.min(0, first.offsetMs);
  const now = options.clock.wall().getTime();
  if (firstAt < now) throw refused(`${first.label} would be at ${new Date(firstAt).toISOString()}, and that is over.`);
  const armed = armedRun(options.root, plan);
  if (armed === undefined) await dropHalfArmed(options, plan);
  const run = armed === undefined ? createRun(options, plan, file, given, runId) : openRun(options, armed);
  try {
    if (run.state.hasMutated) throw refused("The run has begun: its T0 stays.");
    const lists = Object.fromEntries(
      [...run.parts.bound.vars].flatMap(([name, value]) => (typeof value === "string" ? [] : [[name, value]])),
    );
    run.record({ type: "run.armed", step: null, attempt: null, data: { t0: new Date(at).toISOString(), lists } });
    return run.parts.directory.id;
  } finally {
    await run.close();
  }
}

/** Ends runs whose driver was killed before it could set their T0: nothing has happened in them, and nothing will. */
async function dropHalfArmed(options: DriverOptions, plan: Plan): Promise<void> {
  for (const id of listRuns(options.root)) {
    const { start, t0, end } = RunState.of(readJournal(openRunDirectory(options.root, id)).records);
    if (start?.plan !== plan.id || t0 !== undefined || end !== undefined) continue;
    const run = openRun(options, id);
    writeEnd(run, "ABORTED", { complete: false, closable: false, reason: "its T0 was never set" });
    await run.close();
  }
}

/** F94: only a time that means the same everywhere. */
function timeOf(text: string): number {
  const isRfc3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/.test(text);
  const at = Date.parse(text);
  if (isRfc3339 && !Number.isNaN(at)) return at;
  throw new MigrationError("USAGE", {
    message: `--t0 takes a time of RFC 3339 with an offset, such as 2026-03-14T02:00:00+01:00, got ${JSON.stringify(text)}.`,
  });
}

/** The run of a plan: the one that was armed for it, or a new one. */
export function startRun(
  options: DriverOptions,
  { plan, file }: PlanFile,
  given: Values,
  { runId }: { readonly runId?: string },
): Run {
  const armed = runId === undefined ? armedRun(options.root, plan) : undefined;
  if (armed !== undefined) return openRun(options, armed);
  if (plan.timeline.length === 0) return createRun(options, plan, file, given, runId);
  throw refused("The plan has a timeline: set its T0 with `candor cutover arm` first.");
}

/** Opens a run to go on with it. */
export function resumeRun(options: DriverOptions, id: string | undefined): Run {
  const run = openRun(options, id);
  const { end } = run.state;
  const isTakenBack = end?.outcome === "SUCCEEDED" && demandedRollback(run.state) !== undefined;
  if (end !== undefined && run.state.isOver && !isTakenBack) {
    run.parts.journal.close();
    run.parts.lock.release();
    const next =
      end.outcome === "ROLLBACK_FAILED" ? "`candor cutover undo <step>` runs what is left" : "start a new run";
    throw refused(`The run has ended (${end.outcome}): ${next}.`);
  }
  const data = { reason: run.state.mode, planSha256: run.plan.digest };
  run.record({ type: "run.resume", step: null, attempt: null, data });
  return run;
}

/** A run of this plan that was opened and in which nothing has begun; PLAN_CHANGED where the plan is another one by now. */
function armedRun(root: string, plan: Plan): string | undefined {
  for (const id of listRuns(root)) {
    const { start, ruling, end, phases, hasMutated, t0 } = RunState.of(readJournal(openRunDirectory(root, id)).records);
    if (start?.plan !== plan.id || end !== undefined || hasMutated || phases.size > 0 || t0 === undefined) continue;
    if (ruling?.sha256 === plan.digest) return id;
    throw new MigrationError("PLAN_CHANGED", {
      message: `The run ${id} was armed with another version of the plan.`,
      remedy: `Go on with \`candor cutover resume --run ${id}\`, or abort it: \`candor cutover sign --run ${id} --say abort\`.`,
    });
  }
  return undefined;
}
