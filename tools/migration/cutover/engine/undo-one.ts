import { afterRollback } from "./after-rollback.ts";
import type { Ending } from "./ending.ts";
import { endLeftReads } from "./left-reads.ts";
import { finishRollback } from "./rollback.ts";
import type { Run } from "./run.ts";
import { refused } from "./signatures.ts";
import { isSettled, runUnit } from "./undo.ts";
import { undoUnits } from "./undo-units.ts";

/** What `cutover undo` did. */
export interface UndoneOne {
  readonly isDone: boolean;
  /** Undos that are still left. */
  readonly left: readonly string[];
  /** Set once nothing is left: how the rollback ended. */
  readonly ending: Ending | undefined;
}

/** Runs what is left of the undo of one step after a failed rollback; with the last one the rollback is ended. */
export async function undoOne(run: Run, step: string): Promise<UndoneOne> {
  const { rollback } = run.state;
  if (rollback?.result !== "failed")
    throw refused("No rollback has failed in this run: there is nothing left to undo.");
  const units = undoUnits(run, rollback.scope);
  const wanted = units.filter((unit) => unit.of === step || unit.name === step);
  if (wanted.length === 0) throw refused(`There is no undo ${step}; left: ${rollback.left.join(", ")}.`);
  await endLeftReads(run);
  let isDone = true;
  for (const unit of wanted.filter((one) => !isSettled(run, one))) {
    run.allowAgain(unit.name);
    isDone = (await runUnit(run, unit)) && isDone;
  }
  const left = units.filter((unit) => !isSettled(run, unit)).map((unit) => unit.name);
  if (left.length > 0) return { isDone, left, ending: undefined };
  const result = await finishRollback(run, rollback.scope, units);
  const ending = await afterRollback(run, rollback.scope, result.isDone);
  return { isDone: isDone && result.isDone, left: result.left, ending };
}
