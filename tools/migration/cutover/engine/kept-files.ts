import { join } from "node:path";
import type { JsonObject } from "../../model/json.ts";
import type { Step } from "../plan/action.ts";
import { type Kept, keptFilesOf } from "../verbs/kept-files.ts";
import { keepFiles, lookAtFiles, restoreProblems } from "../verbs/restore.ts";
import { fill } from "../verbs/values.ts";
import type { Intent, VerbContext } from "../verbs/verb.ts";
import { contextOf, type Work } from "./perform.ts";
import type { Run } from "./run.ts";
import type { UndoUnit } from "./undo-units.ts";

/**
 * X10: keeps what a step says it writes, durable before the step is announced. A second try keeps what the first has kept:
 * the files are by then no longer what they were.
 */
export async function keepBefore(run: Run, step: Step, key: string, work: Work, intent: Intent): Promise<Intent> {
  const { writes } = step;
  if (writes === undefined) return intent;
  const before = run.state.lastAttempt(key)?.intent.preImage ?? null;
  if (keptFilesOf(before).length > 0) return { ...intent, preImage: before };
  const context = beside(contextOf(run, work), "keep");
  const { directory } = run.parts;
  const name = `${work.number}-${step.id}.${work.attempt}`;
  const copies =
    writes.on === undefined ? join(directory.steps, `${name}.kept`) : `.cutover/${directory.id}/${name}.kept`;
  const paths = writes.files.map((file) => fill(file, context));
  const files = await run.clock.during(keepFiles(paths, writes.on, copies, context));
  const kept: JsonObject = { files: files.map((file) => ({ ...file })) };
  return { ...intent, preImage: kept };
}

/** What a step left in the files that it writes: digests, null for none; undefined where that could not be seen. */
export async function leftAfter(run: Run, work: Work, preImage: JsonObject | null) {
  const files = keptFilesOf(preImage);
  if (files.length === 0) return undefined;
  try {
    const context = beside(contextOf(run, { ...work, number: run.nextNumber() }), "left");
    const found = await run.clock.during(lookAtFiles(files, context));
    return found.map(({ now }) => now);
  } catch {
    return undefined;
  }
}

/** The kept files of the step that a unit takes back; `isForced` once somebody has said so since the rollback began. */
export function keptOf({ attempt }: UndoUnit, isForced: boolean): Kept {
  return { files: keptFilesOf(attempt?.intent.preImage ?? null), left: attempt?.end?.left, isForced };
}

/** What keeps a unit from bringing its files back, a sentence each; asked before anything is undone, and before it is. */
export async function fileProblems(
  run: Run,
  unit: UndoUnit,
  work: Work,
  isForced: boolean,
): Promise<readonly string[]> {
  if (unit.action?.verb.kind !== "restore") return [];
  try {
    const context = beside(contextOf(run, { ...work, number: run.nextNumber() }), "look");
    return await run.clock.during(restoreProblems(keptOf(unit, isForced), context));
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

/** The same action, with a folder of its own. */
function beside(context: VerbContext, what: string): VerbContext {
  return { ...context, folder: `${context.folder}.${what}`, remoteFolder: `${context.remoteFolder}.${what}` };
}
