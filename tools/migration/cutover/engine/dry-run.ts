import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../stores/atomic-file.ts";
import { createMask } from "../journal/mask.ts";
import type { RunDirectory } from "../journal/run-directory.ts";
import type { Check } from "../plan/action.ts";
import { type Bound, bind, type Given } from "../plan/bind.ts";
import { describePlan, type PlanDescription } from "../plan/describe.ts";
import { LintBook } from "../plan/lint-book.ts";
import { namesIn } from "../plan/placeholders.ts";
import { everyAction, textsOf } from "../plan/walk.ts";
import type { PlanFile } from "./arm.ts";
import { ask } from "./checks.ts";
import { CrashPoints } from "./crash-point.ts";
import { maskedValues } from "./masked-values.ts";
import type { DriverOptions } from "./open-run.ts";
import { Run } from "./run.ts";

/** Where the report of a dry run is, relative to the project. */
export const DRY_RUN_REPORT = "storage_reports/latest-cutover-dry-run";

/** What a dry run tells. */
export interface DryRun extends PlanDescription {
  /** Answers of the read-only checks; empty without `--probe`, which says so by being there. */
  readonly probes: readonly { readonly check: string; readonly verdict: string; readonly reason: string | null }[];
  readonly report: string;
}

/**
 * Tells what a run would do. No process, no connection, nothing written but the report (G07); with `probe` also the
 * checks of the plan and its gates are asked, which only read. Nothing of an interrupted run is touched (F104).
 */
export async function dryRun(
  options: DriverOptions,
  { plan, file }: PlanFile,
  given: Omit<Given, "environment">,
  probe: boolean,
): Promise<DryRun> {
  const book = new LintBook();
  const bound = bind(plan, { ...given, environment: options.environment }, book);
  book.throwIfAny(file);
  const report = join(options.root, DRY_RUN_REPORT);
  rmSync(report, { recursive: true, force: true });
  mkdirSync(join(report, "steps"), { recursive: true, mode: 0o700 });
  const probes = probe ? await askReads(options, plan, bound, report) : [];
  const result: DryRun = { ...describePlan(plan), probes, report: DRY_RUN_REPORT };
  writeFileAtomic(join(report, "summary.json"), `${JSON.stringify(result, undefined, 2)}\n`, { mode: 0o600 });
  return result;
}

async function askReads(
  options: DriverOptions,
  plan: PlanFile["plan"],
  bound: Bound,
  path: string,
): Promise<DryRun["probes"]> {
  const { root, clock } = options;
  const mask = createMask(maskedValues(plan, bound, options.environment));
  const { memoryJournal } = await import("./memory-run.ts");
  const lock = {
    driver: { pid: 0, processStart: null, bootId: null, host: "", command: "", fence: 0, since: "" },
    tookOver: undefined,
    assertHeld: () => {},
    release: () => {},
  };
  const journal = memoryJournal("dry-run");
  const run = new Run({
    root,
    plan,
    bound,
    directory: directoryAt(path),
    journal,
    lock,
    clock,
    mask,
    crash: new CrashPoints({}),
    options,
    say: () => {},
  });
  const answers: { check: string; verdict: string; reason: string | null }[] = [];
  try {
    for (const { action, place } of everyAction(plan)) {
      if ((place !== "check" && place !== "gate") || action.verb.kind === "manual" || action.verb.kind === "wait")
        continue;
      const check = action as Check;
      const missing = missingValue(run, check);
      if (missing !== undefined) {
        answers.push({ check: check.name, verdict: "SKIP", reason: `\${${missing}} is known only in a run` });
        continue;
      }
      const once: Check = { ...check, options: { ...check.options, retryMs: undefined } };
      const verdict = await ask(run, once, { place: "set", within: "dry-run", phase: undefined });
      const receipts = run.state.check("set", "dry-run", check.name)?.receipts ?? [];
      answers.push({
        check: check.name,
        verdict,
        reason: receipts.find((one) => one.verdict === verdict)?.notes[0] ?? null,
      });
    }
  } finally {
    await run.close();
  }
  return answers;
}

/** A value that only a run saves. */
function missingValue(run: Run, check: Check): string | undefined {
  const { filled, exported } = textsOf(check);
  const known = run.vars(undefined, check.options.each === undefined ? undefined : "");
  const { secrets, missing } = run.parts.bound;
  const later = new Set(
    [...everyAction(run.plan)].flatMap(({ action }) => action.options.save.map((save) => save.name)),
  );
  return [...filled, ...exported]
    .flatMap(namesIn)
    .find((name) => later.has(name) && !known.has(name) && !secrets.has(name) && !missing.has(name));
}

function directoryAt(path: string): RunDirectory {
  const at = (name: string): string => join(path, name);
  const [plan, planDigest, journal, head, torn, ballast] = [
    "plan.yaml",
    "plan.sha256",
    "journal.jsonl",
    "HEAD",
    "journal.torn",
    "ballast",
  ].map(at);
  const [lock, fence, inbox, steps, docs] = ["lock", "fence", "inbox", "steps", "docs"].map(at);
  const texts = { plan, planDigest, journal, head, torn, ballast, lock, fence, inbox, steps, docs };
  return { id: "dry-run", path, ...(texts as Record<keyof typeof texts, string>) };
}
