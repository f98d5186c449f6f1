import { stepsOf } from "../plan/walk.ts";
import { driverOf } from "../verbs/drivers.ts";
import { decide } from "./hold.ts";
import { contextOf } from "./perform.ts";
import type { Run } from "./run.ts";

/** I6: the way back is looked at before the first change; what is missing is a HOLD, not a surprise during a rollback. */
export async function preflight(run: Run): Promise<void> {
  if (run.state.hasMutated) return;
  for (;;) {
    const problems = await wayBackProblems(run);
    if (problems.length === 0) return;
    const reason = problems.join("; ");
    const since = run.state.lastSeq;
    if (
      (await decide(run, { subject: "preflight", since, reason, choices: ["again", "override", "abort"] })) ===
      "override"
    )
      return;
  }
}

async function wayBackProblems(run: Run): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const phase of run.plan.phases) {
    for (const step of stepsOf(phase)) {
      if (step.verb.kind !== "flip") continue;
      const { undoProblems } = driverOf(step.verb);
      const work = {
        action: step,
        phase,
        item: undefined,
        number: 0,
        attempt: 1,
        name: step.id,
        round: -1,
        signal: new AbortController().signal,
      };
      const found = await undoProblems?.(contextOf(run, work));
      problems.push(...(found ?? []).map((problem) => `${step.id}: ${problem}`));
    }
  }
  return problems;
}
