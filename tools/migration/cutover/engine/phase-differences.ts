import type { JsonObject } from "../../model/json.ts";
import type { Plan } from "../plan/plan.ts";
import type { RunState } from "../state/run-state.ts";
import { changeOf, isSame, listOf, type PlanDifference } from "./compare-parts.ts";

interface Phases {
  readonly from: readonly JsonObject[];
  readonly to: readonly JsonObject[];
}

/** What a phase that runs has bound: the values its steps had, and the way back that a rollback would take. */
const BOUND = ["needs", "vars", "undo"];
/** Verbs that only read, whatever else their step says. */
const READING = ["probe", "see", "wait", "manual"];
const HAS_BEGUN = "the phase has begun";

/** Where the phases of two plans differ; what stands of the run (F80) must be there unchanged, in the same order. */
export function phaseDifferences(before: Plan, { from, to }: Phases, state: RunState): readonly PlanDifference[] {
  const ids = [...new Set([...from, ...to].map(({ id }) => String(id)))];
  const found = ids.flatMap((id) => {
    const [old, fresh] = [from, to].map((phases) => phases.find((phase) => phase["id"] === id));
    if (isSame(old, fresh)) return [];
    const status = statusOf(state, id);
    if (old === undefined || fresh === undefined) {
      return [{ text: `phase ${id} ${changeOf(old, fresh)}`, refusal: status === undefined ? undefined : HAS_BEGUN }];
    }
    return [...keyDifferences(id, old, fresh, status), ...stepDifferences(id, old, fresh, { state, status })];
  });
  return [...found, ...orderDifferences(before, to, state)];
}

function statusOf(state: RunState, id: string): string | undefined {
  const status = state.phases.get(id)?.status;
  return status === "rolled-back" ? undefined : status;
}

function keyDifferences(
  id: string,
  old: JsonObject,
  fresh: JsonObject,
  status: string | undefined,
): readonly PlanDifference[] {
  const keys = [...new Set([...Object.keys(old), ...Object.keys(fresh)])].filter((key) => key !== "steps");
  return keys.flatMap((key) => {
    if (isSame(old[key], fresh[key])) return [];
    const isFixed = status === "passed" || (status !== undefined && BOUND.includes(key));
    const refusal = isFixed ? (status === "passed" ? "the phase has passed" : HAS_BEGUN) : undefined;
    return [{ text: `${key} of phase ${id} ${changeOf(old[key], fresh[key])}`, refusal }];
  });
}

/** Everything up to the last step that stands stays; of such a step, an edited undo is told and does not count (F81). */
function stepDifferences(
  id: string,
  old: JsonObject,
  fresh: JsonObject,
  { state, status }: { readonly state: RunState; readonly status: string | undefined },
): readonly PlanDifference[] {
  const [from, to] = [listOf(old["steps"]), listOf(fresh["steps"])];
  const last = status === "passed" ? from.length - 1 : from.findLastIndex((step) => stands(state, step));
  const found: PlanDifference[] = [];
  for (let at = 0; at < Math.max(from.length, to.length); at++) {
    const [was, is] = [from[at], to[at]];
    if (isSame(was, is)) continue;
    const text = `${nameOf(was ?? is, id, at)} ${changeOf(was, is)}`;
    if (at > last) found.push({ text, refusal: status === "passed" ? "the phase has passed" : undefined });
    else if (was !== undefined && is !== undefined && isSame(withoutUndo(was), withoutUndo(is))) {
      const name = nameOf(was, id, at);
      const rules = stands(state, was) ? ", and the one that was written down with it rules" : "";
      found.push({ text: `the undo of ${name} differs${rules}`, refusal: undefined });
    } else found.push({ text, refusal: "it was started, or what comes after it was" });
  }
  return found;
}

/** A step that was started; one that only reads and has not passed has left nothing. */
function stands(state: RunState, step: JsonObject): boolean {
  const id = String(step["id"] ?? "");
  const isReading = READING.some((verb) => step[verb] !== undefined);
  return state.attempts.some(
    (attempt) => attempt.step === id && !attempt.isUndone && (attempt.end?.result !== "failed" || !isReading),
  );
}

function nameOf(step: JsonObject | undefined, phase: string, at: number): string {
  return step?.["id"] === undefined ? `item ${at + 1} of phase ${phase}` : `step ${String(step["id"])}`;
}

function withoutUndo({ undo: _, ...rest }: JsonObject): JsonObject {
  return rest;
}

/** Phases that have begun keep their places at the head of the plan. */
function orderDifferences(before: Plan, to: readonly JsonObject[], state: RunState): readonly PlanDifference[] {
  const last = before.phases.findLastIndex((phase) => statusOf(state, phase.id) !== undefined);
  const head = before.phases.slice(0, last + 1).map((phase) => phase.id);
  if (head.every((id, at) => to[at]?.["id"] === id)) return [];
  return [{ text: "the order of the phases differs", refusal: `${head.join(", ")} come first: they have begun` }];
}
