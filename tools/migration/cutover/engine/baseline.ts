import type { BaselineDifference, BaselineValue } from "../journal/record.ts";
import { checksNamed } from "../plan/sets.ts";
import { ask } from "./checks.ts";
import type { Run } from "./run.ts";

/** Keeps the values of the plan's baseline once this phase or tick is over; does nothing at any other moment. */
export async function keepBaseline(run: Run, moment: string): Promise<void> {
  if (run.plan.baseline?.after !== moment || run.state.baseline?.moment === moment) return;
  const values = await valuesNow(run, moment, false);
  run.record({ type: "baseline", step: moment, attempt: null, data: { moment, values } });
}

/** Compares with what was kept; true where nothing was kept yet or all is the same within its tolerance. */
export async function compareBaseline(run: Run, moment: string, isBack = false): Promise<boolean> {
  const { baseline } = run.state;
  if (baseline === undefined || run.plan.baseline === undefined) return true;
  const now = await valuesNow(run, moment, isBack);
  const differences = baseline.values.flatMap((before) => differencesOf(run, before, now));
  run.record({ type: "compare", step: moment, attempt: null, data: { moment, differences } });
  for (const { check, item, expected, got } of differences) {
    run.parts.say(`differs ${check}${item === null ? "" : `[${item}]`}: was ${expected}, is ${got}`);
  }
  return differences.length === 0;
}

async function valuesNow(run: Run, moment: string, isBack: boolean): Promise<readonly BaselineValue[]> {
  const values: BaselineValue[] = [];
  for (const name of (run.plan.baseline?.of ?? []).flatMap((one) => checksNamed(run.plan, one))) {
    const check = run.plan.checks.get(name);
    if (check === undefined) continue;
    await ask(run, check, { place: "baseline", within: moment, phase: undefined, isBack });
    const { receipts = [] } = run.state.check("baseline", moment, name) ?? {};
    for (const { item, verdict, saved } of receipts) values.push({ check: name, item, verdict, saved });
  }
  return values;
}

/** Verdicts and saved values, never raw output: log text is different every time. */
function differencesOf(run: Run, before: BaselineValue, now: readonly BaselineValue[]): readonly BaselineDifference[] {
  const { check, item } = before;
  const after = now.find((one) => one.check === check && one.item === item);
  if (after === undefined) return [{ check, item, expected: before.verdict, got: "nothing" }];
  if (after.verdict !== before.verdict) return [{ check, item, expected: before.verdict, got: after.verdict }];
  const tolerance = run.plan.baseline?.tolerance;
  return Object.entries(before.saved).flatMap(([name, value]) => {
    const got = after.saved[name] ?? "nothing";
    return isNear(value, got, tolerance?.get(name))
      ? []
      : [{ check, item, expected: `${name}=${value}`, got: `${name}=${got}` }];
  });
}

function isNear(before: string, after: string, tolerance: number | undefined): boolean {
  if (before === after) return true;
  return tolerance !== undefined && Math.abs(Number(before) - Number(after)) <= tolerance;
}
