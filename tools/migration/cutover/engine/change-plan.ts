import { MigrationError } from "../../model/errors.ts";
import type { JsonObject } from "../../model/json.ts";
import { keepPlan, writePlan } from "../journal/plan-file.ts";
import type { PlanFile } from "./arm.ts";
import type { PlanDifference } from "./compare-parts.ts";
import { type DriverOptions, openRun } from "./open-run.ts";
import { planDifferences } from "./plan-differences.ts";
import type { Run } from "./run.ts";
import { checkSignature, refused, signRequestOf } from "./signatures.ts";

/** What a deviation is signed about where nothing else is named. */
export const DEVIATION = "deviation";

/**
 * Takes a changed plan into a run that goes on (F80). Only what has not begun may differ, and somebody signs for the
 * differences, which are written down with both digests. Comments and layout change nothing: the run keeps its own copy.
 * PLAN_CHANGED names what the run cannot take; REFUSED shows the differences where nobody signs.
 */
export async function changePlan(
  options: DriverOptions,
  id: string | undefined,
  { plan, file }: PlanFile,
  signature: JsonObject | undefined,
): Promise<void> {
  const run = openRun(options, id);
  try {
    if (run.state.end !== undefined) throw refused("The run has ended: its plan stays.");
    const differences = planDifferences(run.plan, plan, run.state);
    if (differences.length === 0) {
      run.parts.say(`plan    ${file} says the same as the plan of the run`);
      return;
    }
    for (const { text } of differences) run.parts.say(`differs ${text}`);
    assertPossible(run, differences, file);
    const sign = checkSignature(run, { ...signRequestOf(signedFor(signature, differences)), about: DEVIATION });
    // Kept before the journal names it, so that a kill in between leaves the run with the one or with the other.
    keepPlan(run.parts.directory, run.plan.text);
    keepPlan(run.parts.directory, plan.text);
    run.parts.crash.reach("plan-kept", "plan");
    const texts = differences.map(({ text }) => text);
    const change = { before: run.plan.digest, after: plan.digest, differences: texts };
    const text = `the plan was changed: ${texts.join("; ")} (${sign.reason ?? ""})`;
    const data = { text, repo: null, commit: null, plan: change, sign };
    run.record({ type: "deviation", step: null, attempt: null, data });
    run.parts.crash.reach("plan-signed", "plan");
    writePlan(run.parts.directory, plan.text);
    run.parts.say(`plan    ${change.before.slice(0, 16)} -> ${change.after.slice(0, 16)}, signed by ${sign.name}`);
  } finally {
    await run.close();
  }
}

function assertPossible(run: Run, differences: readonly PlanDifference[], file: string): void {
  const impossible = differences.filter(({ refusal }) => refusal !== undefined);
  if (impossible.length === 0) return;
  throw new MigrationError("PLAN_CHANGED", {
    message: `The run ${run.parts.directory.id} cannot go on with ${file}: what has begun differs.`,
    problems: impossible.map(({ text, refusal }) => `${text}: ${refusal}`),
    remedy: "Leave in the plan what has begun as it is; a phase that was rolled back may differ again.",
  });
}

function signedFor(signature: JsonObject | undefined, differences: readonly PlanDifference[]): JsonObject {
  if (signature !== undefined && typeof signature["reason"] === "string" && signature["reason"] !== "") {
    return { ...signature, say: DEVIATION };
  }
  throw new MigrationError("REFUSED", {
    message: "The plan differs from the one of the run, and nobody signs for it.",
    problems: differences.map(({ text }) => text),
    remedy:
      "Look at the differences; `candor cutover resume --plan <file> --role <role> --reason <why>` signs for them.",
  });
}
