import { readFileSync } from "node:fs";
import { sha256Hex } from "../../integrity/digest.ts";
import { MigrationError } from "../../model/errors.ts";
import { toStoreError } from "../../stores/atomic-file.ts";
import { readKeptPlan, readRulingPlan } from "../journal/plan-file.ts";
import { scanJournal } from "../journal/read-journal.ts";
import type { JournalRecord } from "../journal/record.ts";
import { openRunDirectory, type RunDirectory } from "../journal/run-directory.ts";
import { parsePlanText } from "../plan/load-plan.ts";
import { RunState } from "../state/run-state.ts";
import { ofType, type RunView, viewRun } from "./run-view.ts";

/** A run that was read for its documents. */
export interface OpenRun {
  readonly run: RunDirectory;
  readonly view: RunView;
  /** Why the records cannot be trusted; empty where they can. */
  readonly problems: readonly string[];
}

/**
 * Reads plan and journal of a run. JOURNAL_DAMAGED where they cannot be trusted, unless `unsealed`: then what comes
 * before the first problem, and the problems, which the documents must show.
 */
export function openRun(root: string, id: string, options: { readonly unsealed: boolean }): OpenRun {
  const run = openRunDirectory(root, id);
  const { records, problem } = scanJournal(run);
  const { bytes, problems: planProblems } = planOf(run, records);
  const problems = [...(problem === undefined ? [] : [problem.message]), ...planProblems];
  if (problems.length > 0 && !options.unsealed) {
    throw new MigrationError(problem?.code ?? "JOURNAL_DAMAGED", {
      message: `The evidence of run ${id} cannot be trusted, so no document is made of it.`,
      problems,
      remedy: "Bring the run folder back from a copy; `--unsealed` renders what is left, marked so.",
    });
  }
  const plan = parsePlanText(bytes.toString("utf8"), "plan.yaml of the run");
  return { run, view: viewRun(plan, id, records), problems };
}

/** The plan that the journal names; what lies in its place and is another one is a problem. */
function planOf(run: RunDirectory, records: readonly JournalRecord[]): { bytes: Buffer; problems: readonly string[] } {
  const { ruling } = RunState.of(records);
  const bytes = ruling === undefined ? undefined : readRulingPlan(run, ruling);
  if (bytes !== undefined) return { bytes, problems: missingPlans(run, records) };
  try {
    const found = readFileSync(run.plan);
    const expected = ruling?.sha256 ?? "none";
    const problem = `plan.yaml of the run has SHA-256 ${sha256Hex(found)}; the journal was written with ${expected}.`;
    return { bytes: found, problems: [problem] };
  } catch (error) {
    throw toStoreError(error, "Reading the plan of the run");
  }
}

/** Plans that the run had before a change that was signed: what was done by them is judged by them. */
function missingPlans(run: RunDirectory, records: readonly JournalRecord[]): readonly string[] {
  return ofType(records, "deviation").flatMap(({ seq, data }) =>
    [data.plan?.before, data.plan?.after]
      .filter((sha256) => sha256 !== undefined)
      .filter((sha256) => readKeptPlan(run, sha256) === undefined)
      .map((sha256) => `Record ${seq}: the plan with SHA-256 ${sha256} is missing, or was changed.`),
  );
}
