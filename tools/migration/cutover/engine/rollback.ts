import { compareBaseline } from "./baseline.ts";
import { ask, askAll } from "./checks.ts";
import { WHOLE_RUN } from "./diversion.ts";
import { escalateOnce } from "./escalate.ts";
import { assertGoingOn } from "./hold.ts";
import type { Run } from "./run.ts";
import { isSettled, runUnit } from "./undo.ts";
import { phasesOf, type UndoUnit, undoUnits } from "./undo-units.ts";
import { worst } from "./verdicts.ts";
import { chooseFiles, chooseWayBack } from "./way-back.ts";

/** Evidence that a rollback would destroy is read first, but not for longer than this. */
export const EVIDENCE_LIMIT_MS = 30_000;

/** How a rollback went; `left` names the undos that were not done, each with its reason in the journal. */
export interface RollbackResult {
  readonly isDone: boolean;
  readonly reason: string | null;
  readonly left: readonly string[];
}

/** Rolls back, or goes on with a rollback that a driver before this one had begun; never forwards. */
export async function rollBack(run: Run, scope: string, cause: string): Promise<RollbackResult> {
  const open = run.state.rollback;
  const isOpen = open !== undefined && open.result === undefined;
  const wanted = isOpen ? open.scope : scope;
  const units = undoUnits(run, wanted);
  if (!isOpen) {
    const order = units.map((unit) => unit.name);
    run.urgent({ type: "rollback.start", step: null, attempt: null, data: { scope, cause, order } });
    run.parts.say(`ROLLBACK of ${scope === WHOLE_RUN ? "everything" : scope}: ${cause}`);
  }
  const { cause: why, seq } = run.state.rollback ?? { cause, seq: -1 };
  await escalateOnce(run, `rollback of ${wanted}: ${why}`, seq);
  if ((await chooseWayBack(run, units)) === "leave") {
    const left = units.filter((unit) => !isSettled(run, unit)).map((unit) => unit.name);
    return await endFailed(run, wanted, "the way back is gone, and a person decided to leave everything", left);
  }
  await collectEvidence(run, units, wanted);
  return await finishRollback(run, wanted, units);
}

/** Runs what is left of a rollback, holds the service against what it was, and writes the end down. */
export async function finishRollback(run: Run, scope: string, units: readonly UndoUnit[]): Promise<RollbackResult> {
  for (const unit of units) {
    if ((await chooseFiles(run, unit)) === "go" && (await runUnit(run, unit))) continue;
    // What comes after may lean on it: nothing more is run blindly (F40).
    const left = units.filter((one) => !isSettled(run, one)).map((one) => one.name);
    return await endFailed(run, scope, `the undo ${unit.name} failed`, left);
  }
  const reason = scope === WHOLE_RUN ? await notRestored(run) : undefined;
  if (reason !== undefined) return await endFailed(run, scope, reason, []);
  for (const phase of phasesOf(run, units, scope)) {
    run.record({ type: "phase.end", step: phase.id, attempt: null, data: { result: "rolled-back", harvested: {} } });
  }
  run.record({ type: "rollback.end", step: null, attempt: null, data: { scope, result: "done", left: [] } });
  return { isDone: true, reason: null, left: [] };
}

async function endFailed(run: Run, scope: string, reason: string, left: readonly string[]): Promise<RollbackResult> {
  const told = `ROLLBACK_FAILED: ${reason}${left.length === 0 ? "" : `; left: ${left.join(", ")}`}`;
  await escalateOnce(run, told, run.state.rollback?.seq ?? -1);
  run.urgent({ type: "rollback.end", step: null, attempt: null, data: { scope, result: "failed", left } });
  run.parts.say(`ROLLBACK FAILED: ${reason}`);
  for (const name of left) run.parts.say(`  left: ${name}; candor cutover undo ${name}`);
  return { isDone: false, reason, left };
}

/** An undo that says it is done may still not have brought the service back (F42). */
async function notRestored(run: Run): Promise<string | undefined> {
  const verdicts = await askAll(run, run.plan.restored, {
    place: "restored",
    within: "rollback",
    phase: undefined,
    isBack: true,
  });
  const bad = [...verdicts]
    .filter(([, verdict]) => verdict !== "PASS")
    .map(([name, verdict]) => `${name} is ${verdict}`);
  if (bad.length > 0) return `not restored: ${bad.join(", ")}`;
  return (await compareBaseline(run, "rollback", true)) ? undefined : "not restored: the baseline differs";
}

async function collectEvidence(run: Run, units: readonly UndoUnit[], scope: string): Promise<void> {
  const endMs = run.clock.monoMs() + EVIDENCE_LIMIT_MS;
  const since = run.state.rollback?.seq ?? -1;
  for (const phase of phasesOf(run, units, scope)) {
    for (const check of phase.evidence) {
      assertGoingOn(run);
      if (run.clock.monoMs() >= endMs || run.state.check("evidence", phase.id, check.name, since) !== undefined)
        continue;
      await ask(run, check, { place: "evidence", within: phase.id, phase, isBack: true, untilMs: endMs });
    }
  }
}

/** Whether the plan's `restored` checks held after the rollback (001: closable). */
export function isRestored(run: Run): boolean {
  const verdicts = [...run.state.checks]
    .filter(([key]) => key.startsWith("restored\n"))
    .map(([, { verdict }]) => verdict);
  return run.plan.restored.length > 0 && worst(verdicts) === "PASS";
}
