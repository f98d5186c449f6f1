import { readFileSync } from "node:fs";
import { sha256Hex } from "../../integrity/digest.ts";
import { MigrationError } from "../../model/errors.ts";
import { toStoreError } from "../../stores/atomic-file.ts";
import { scanJournal } from "../journal/read-journal.ts";
import type { JournalRecord } from "../journal/record.ts";
import { openRunDirectory, type RunDirectory } from "../journal/run-directory.ts";
import { parsePlanText } from "../plan/load-plan.ts";
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
  const bytes = readPlan(run);
  const problems = [...(problem === undefined ? [] : [problem.message]), ...planProblems(records, sha256Hex(bytes))];
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

/** Whether the plan beside the journal is one that the journal knows. */
function planProblems(records: readonly JournalRecord[], digest: string): readonly string[] {
  const known = [...ofType(records, "run.start"), ...ofType(records, "run.resume")].map(({ data }) => data.planSha256);
  if (known.includes(digest)) return [];
  const expected = known.at(-1) ?? "none";
  return [`plan.yaml of the run has SHA-256 ${digest}; the journal was written with ${expected}.`];
}

function readPlan(run: RunDirectory): Buffer {
  try {
    return readFileSync(run.plan);
  } catch (error) {
    throw toStoreError(error, "Reading the plan of the run");
  }
}
