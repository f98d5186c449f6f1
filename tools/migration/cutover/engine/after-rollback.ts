import type { RunOutcome } from "../journal/record.ts";
import { RECEIPT_INVALID, runKeyProblems } from "../state/run-keys.ts";
import { WHOLE_RUN } from "./diversion.ts";
import type { Ending } from "./ending.ts";
import { decide } from "./hold.ts";
import { keepHeads } from "./keep-heads.ts";
import { isRestored } from "./rollback.ts";
import type { Run } from "./run.ts";
import { unlockTarget } from "./target-lock.ts";

/** What follows a rollback: the end of the run, or the choice what to do without the phase. */
export async function afterRollback(run: Run, scope: string, isDone: boolean): Promise<Ending | undefined> {
  if (!isDone) {
    const reason = "an undo failed, or the service is not what it was";
    await endRun(run, "ROLLBACK_FAILED", { complete: false, closable: false, reason });
    return { outcome: "ROLLBACK_FAILED", reason };
  }
  const cause = run.state.rollback?.cause ?? null;
  if (scope === WHOLE_RUN) {
    await endRun(run, "ROLLED_BACK", { complete: false, closable: isRestored(run), reason: cause });
    return { outcome: "ROLLED_BACK", reason: cause };
  }
  const since = run.state.rollback?.seq ?? -1;
  const reason = `${scope} was rolled back: ${cause ?? ""}`;
  const choice = await decide(run, { subject: scope, since, reason, choices: ["again", "rollback", "end"] });
  if (choice === "again") return undefined;
  await endRun(run, "ROLLED_BACK", { complete: false, closable: false, reason });
  return { outcome: "ROLLED_BACK", reason };
}

type EndData = { readonly complete: boolean; readonly closable: boolean; readonly reason: string | null };

/**
 * Gives the lock on the target back and writes the end of a run down. A driver that is killed in between takes the lock once
 * more and comes here again; the other way round nobody would give it back.
 */
export async function endRun(run: Run, outcome: RunOutcome, data: EndData): Promise<void> {
  // A failed rollback is not over: nobody else may change the target meanwhile.
  if (outcome !== "ROLLBACK_FAILED") await unlockTarget(run);
  writeEnd(run, outcome, data);
}

/** Writes the end of a run down, and its head for whoever keeps it elsewhere. */
export function writeEnd(run: Run, outcome: RunOutcome, data: EndData): void {
  keepHeads(run, "the end");
  const broken = runKeyProblems(run.plan, run.parts.journal.records);
  const closable = data.closable && broken.length === 0;
  const why = data.closable && !closable ? `${RECEIPT_INVALID}: ${broken.join("; ")}` : null;
  const reason = data.reason ?? why;
  run.urgent({
    type: "run.end",
    step: null,
    attempt: null,
    data: { outcome, ...data, closable, reason, downtimeMs: null },
  });
  run.parts.say(`${outcome}${reason === null ? "" : `: ${reason}`}`);
  for (const problem of why === null ? [] : broken) run.parts.say(`not closable: ${RECEIPT_INVALID}: ${problem}`);
  const { seq, hash } = run.parts.journal.head;
  run.parts.say(`head ${seq} ${hash}`);
}
