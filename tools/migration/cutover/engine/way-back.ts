import type { ErrorCode } from "../../model/errors.ts";
import type { Check } from "../plan/action.ts";
import type { Phase, Plan } from "../plan/plan.ts";
import { checksNamed } from "../plan/sets.ts";
import { stepsOf } from "../plan/walk.ts";
import { driverOf } from "../verbs/drivers.ts";
import { silentPlaces } from "./answers.ts";
import { ask } from "./checks.ts";
import { Diversion } from "./diversion.ts";
import { escalate } from "./escalate.ts";
import { assertGoingOn, WAY_BACK } from "./hold.ts";
import { contextOf, type Work } from "./perform.ts";
import type { Run } from "./run.ts";
import { problemsOfFiles } from "./undo.ts";
import { stepOf, type UndoUnit } from "./undo-units.ts";
import { waitFor } from "./wait-for.ts";

const CHOICES = ["again", "go", "leave"];

/** I6: hosts that do not answer, and what an undo leans on and is not there, a sentence each; asked before the first change and before T0. */
export async function wayBackProblems(run: Run): Promise<readonly string[]> {
  const problems: string[] = [...(await silentPlaces(run))];
  for (const phase of run.plan.phases) {
    for (const step of stepsOf(phase)) {
      if (step.verb.kind !== "flip") continue;
      const found = await driverOf(step.verb).undoProblems?.(contextOf(run, workOf(step, step.id, phase)), null);
      problems.push(...(found ?? []).map((problem) => `${step.id}: ${problem}`));
    }
  }
  for (const [check, { phase, by }] of needsOf(run.plan)) {
    const problem = await missing(run, check, phase, false);
    if (problem !== undefined) problems.push(`${by}: ${problem}`);
  }
  return problems;
}

/**
 * Looks at what the undos of a rollback lean on before any of them runs (F43). Where something is gone since, a person
 * chooses: ask again, go on all the same, or leave everything as it stands. Undos with an `else` do not wait for that.
 */
export async function chooseWayBack(run: Run, units: readonly UndoUnit[]): Promise<"go" | "leave"> {
  const since = run.state.rollback?.seq ?? -1;
  const hasBegun = units.some((unit) => (run.state.undos.get(unit.name)?.seq ?? -1) > since);
  if (hasBegun) return "go";
  for (;;) {
    assertGoingOn(run);
    const said = run.state.decision(WAY_BACK, ["go", "leave"], since)?.say;
    if (said !== undefined) return said === "go" ? "go" : "leave";
    const problems = await goneFor(run, units);
    if (problems.length === 0) return "go";
    await askPerson(run, problems.join("; "));
  }
}

/** The same for the files of one unit, right before it runs: another undo, or a person, may have written them since. */
export async function chooseFiles(run: Run, unit: UndoUnit): Promise<"go" | "leave"> {
  const since = run.state.rollback?.seq ?? -1;
  for (;;) {
    if (run.state.decision(WAY_BACK, ["go", "leave"], since)?.say === "leave") return "leave";
    // Kept bytes that are gone were told before: then the restore fails, and what stands in for it runs.
    const problems = (await problemsOfFiles(run, unit)).filter((problem) => problem.startsWith("FILE_CHANGED"));
    if (problems.length === 0) return "go";
    const choice = await askPerson(run, problems.map((problem) => `${unit.name}: ${problem}`).join("; "));
    if (choice !== "again") return choice === "go" ? "go" : "leave";
  }
}

async function askPerson(run: Run, reason: string): Promise<string> {
  const { interrupted } = run.parts.options;
  const code: ErrorCode | null = reason.includes("FILE_CHANGED") ? "FILE_CHANGED" : null;
  const { seq } = run.urgent({
    type: "hold",
    step: WAY_BACK,
    attempt: null,
    data: { reason, choices: CHOICES, code },
  });
  run.parts.say(`HOLD ${WAY_BACK}: ${reason}`);
  run.parts.say(`  candor cutover sign --role ROLE --say ${CHOICES.join("|")} --for ${WAY_BACK} --reason WHY`);
  await escalate(run, `HOLD ${WAY_BACK}: nothing was undone yet: ${reason}`);
  if (run.parts.options.exitOnHold) throw new Diversion({ kind: "held" });
  const choice = await waitFor(run, () => run.state.decision(WAY_BACK, CHOICES, seq)?.say, interrupted);
  if (choice === undefined) throw new Diversion({ kind: "interrupted" });
  const data = { state: "ROLLING_BACK", reason: `${WAY_BACK}: ${choice}` };
  run.record({ type: "run.state", step: null, attempt: null, data });
  return choice;
}

async function goneFor(run: Run, units: readonly UndoUnit[]): Promise<readonly string[]> {
  const problems: string[] = [];
  const asked = new Set<string>();
  for (const unit of units) {
    const { action, attempt, phase } = unit;
    const step = attempt === undefined ? undefined : stepOf(attempt, phase);
    if (action === undefined && step !== undefined) {
      const context = contextOf(run, { ...workOf(step, unit.name, phase), vars: unit.vars });
      const found = await driverOf(step.verb).undoProblems?.(context, attempt?.intent.preImage ?? null);
      problems.push(...(found ?? []).map((problem) => `${unit.name}: ${problem}`));
    }
    problems.push(...(await problemsOfFiles(run, unit)).map((problem) => `${unit.name}: ${problem}`));
    if (action === undefined || action.fallback.length > 0) continue;
    for (const name of action.needs.flatMap((one) => checksNamed(run.plan, one)).filter((one) => !asked.has(one))) {
      asked.add(name);
      const check = run.plan.checks.get(name);
      const problem = check === undefined ? undefined : await missing(run, check, phase, true);
      if (problem !== undefined) problems.push(`${unit.name}: ${problem}`);
    }
  }
  return problems;
}

async function missing(run: Run, check: Check, phase: Phase, isBack: boolean): Promise<string | undefined> {
  const asking = { place: "way-back", within: phase.id, phase, isBack } as const;
  const verdict = await ask(run, check, asking);
  return verdict === "PASS" ? undefined : `${check.name}, which the way back needs, is ${verdict}`;
}

/** The checks that the undos of a plan need, each once, with the undo that names it first. */
function needsOf(plan: Plan): ReadonlyMap<Check, { readonly phase: Phase; readonly by: string }> {
  const needed = new Map<Check, { phase: Phase; by: string }>();
  for (const phase of plan.phases) {
    const ofSteps = stepsOf(phase).flatMap(({ undo }) => (undo.kind === "actions" ? undo.actions : []));
    for (const undo of [...ofSteps, ...phase.undo]) {
      for (const name of undo.needs.flatMap((one) => checksNamed(plan, one))) {
        const check = plan.checks.get(name);
        if (check !== undefined && !needed.has(check)) needed.set(check, { phase, by: undo.name });
      }
    }
  }
  return needed;
}

function workOf(action: Work["action"], name: string, phase: Phase): Work {
  const signal = new AbortController().signal;
  return { action, phase, item: undefined, number: 0, attempt: 1, name, round: -1, signal };
}
