import { silentPlaces } from "./answers.ts";
import { decide } from "./hold.ts";
import type { Run } from "./run.ts";
import { wayBackProblems } from "./way-back.ts";

/**
 * I6: the way back is looked at before the first change; what is missing is a HOLD, not a surprise during a rollback. On
 * another machine than the last step began on, hosts and databases must answer from there too (F78).
 */
export async function preflight(run: Run): Promise<void> {
  const { hasMutated } = run.state;
  if (hasMutated && !hasMoved(run)) return;
  for (;;) {
    const problems = hasMutated ? await silentPlaces(run) : await wayBackProblems(run);
    if (problems.length === 0) return;
    const choices = ["again", "override", ...(hasMutated ? ["rollback"] : []), "abort"];
    const question = { subject: "preflight", since: run.state.lastSeq, reason: problems.join("; "), choices };
    if ((await decide(run, question)) === "override") return;
  }
}

/** Whether nothing was begun on this machine yet, and something on another one. */
function hasMoved(run: Run): boolean {
  const { records } = run.parts.journal;
  return records.findLast(({ type }) => type === "step.intent")?.host !== records.at(-1)?.host;
}
