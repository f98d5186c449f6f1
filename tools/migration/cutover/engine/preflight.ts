import { decide } from "./hold.ts";
import type { Run } from "./run.ts";
import { wayBackProblems } from "./way-back.ts";

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
