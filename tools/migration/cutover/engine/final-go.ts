import type { Step } from "../plan/action.ts";
import { ageMs } from "./age.ts";
import { decide } from "./hold.ts";
import type { Run } from "./run.ts";

/**
 * A final step needs a go that is still fresh: of the tick that decides, or of every role the step names. Where there is
 * none the run holds until somebody signs `go` about the step.
 */
export async function requireGo(run: Run, step: Step): Promise<void> {
  if (!step.final) return;
  while (!isFresh(run, step)) {
    const { lastSeq } = run.state;
    const reason = `it is final, and there is no go younger than ${Math.round(step.freshMs / 60_000)} min`;
    const role = missingRole(run, step);
    const who = role === undefined ? "" : ` (${role})`;
    await decide(run, { subject: step.id, since: lastSeq, reason: reason + who, choices: ["go", "rollback", "abort"] });
  }
}

function isFresh(run: Run, step: Step): boolean {
  const decisions = run.plan.timeline.flatMap((tick) => (tick.decision?.choose.includes("go") === true ? [tick] : []));
  const byTick = decisions.some((tick) =>
    tick.by.every((role) => hasGo(run, tick.decision?.name ?? "", role, step.freshMs)),
  );
  if (decisions.length > 0 && byTick) return true;
  return step.options.by.length > 0
    ? missingRole(run, step) === undefined
    : [...run.plan.roles.keys()].some((role) => hasGo(run, step.id, role, step.freshMs));
}

function missingRole(run: Run, step: Step): string | undefined {
  return step.options.by.find((role) => !hasGo(run, step.id, role, step.freshMs));
}

function hasGo(run: Run, about: string, role: string, freshMs: number): boolean {
  const sign = run.state.signs.findLast((one) => one.about === about && one.role === role);
  if (sign === undefined || sign.say !== "go") return false;
  return ageMs(run, sign) <= freshMs;
}
