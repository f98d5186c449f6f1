import type { JsonObject, JsonValue } from "../../model/json.ts";
import type { Plan } from "../plan/plan.ts";
import { writtenValue } from "../plan/written-value.ts";
import type { RunState } from "../state/run-state.ts";
import { asObject, changeOf, isSame, listOf, type PlanDifference } from "./compare-parts.ts";
import { phaseDifferences } from "./phase-differences.ts";

/** What was bound when the run began: commands, values and people of the past were judged by it. */
const SETTLED = ["cutover", "id", "roles", "distinct", "forbid_via", "vars", "text_vars", "secrets", "lock"];
/** Maps whose members are compared one by one. */
const MAPS = ["checks", "gates", "sets", "harvest", "hosts", "dbs"];

/** Where a plan differs from the one of the run, and what of it the run cannot take; comments and layout do not count. */
export function planDifferences(before: Plan, after: Plan, state: RunState): readonly PlanDifference[] {
  const [from, to] = [writtenValue(before.text), writtenValue(after.text)].map(asObject);
  if (from === undefined || to === undefined) return [];
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return keys.flatMap((key) => {
    if (isSame(from[key], to[key])) return [];
    if (key === "phases") return phaseDifferences(before, { from: listOf(from[key]), to: listOf(to[key]) }, state);
    if (key === "timeline")
      return tickDifferences(before, after, { from: listOf(from[key]), to: listOf(to[key]) }, state);
    if (key === "stop") return memberDifferences(key, byId(from[key]), byId(to[key]));
    if (MAPS.includes(key)) return memberDifferences(key, asObject(from[key]), asObject(to[key]));
    return [{ text: `${key} ${changeOf(from[key], to[key])}`, refusal: topRefusal(key, state) }];
  });
}

function topRefusal(key: string, state: RunState): string | undefined {
  if (SETTLED.includes(key)) return "it was settled when the run began; a phase that has not begun can have vars";
  if (key === "baseline" && state.baseline !== undefined) return "the baseline was kept already";
  return undefined;
}

function memberDifferences(key: string, from: JsonObject, to: JsonObject): readonly PlanDifference[] {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return names.flatMap((name) => {
    if (isSame(from[name], to[name])) return [];
    const isUsed = (key === "hosts" || key === "dbs") && from[name] !== undefined;
    const refusal = isUsed
      ? "what was done there must be found and undone there; give the new one a new name"
      : undefined;
    return [{ text: `${key} ${name} ${changeOf(from[name], to[name])}`, refusal }];
  });
}

function byId(value: JsonValue | undefined): JsonObject {
  return Object.fromEntries(listOf(value).map((one) => [String(one["id"]), one]));
}

interface Lists {
  readonly from: readonly JsonObject[];
  readonly to: readonly JsonObject[];
}

/** A tick that was begun stays what it was, and none comes before it. */
function tickDifferences(before: Plan, after: Plan, { from, to }: Lists, state: RunState): readonly PlanDifference[] {
  const labels = [...new Set([...before.timeline, ...after.timeline].map(({ label }) => label))];
  const begunMs = Math.max(
    ...before.timeline.map(({ label, offsetMs }) => (state.begun.has(label) ? offsetMs : Number.NEGATIVE_INFINITY)),
  );
  const offsetOf = (label: string): number =>
    [...before.timeline, ...after.timeline].find((tick) => tick.label === label)?.offsetMs ?? 0;
  return labels.flatMap((label) => {
    const [old, fresh] = [from, to].map((ticks) => ticks.find((tick) => tick["at"] === label));
    if (isSame(old, fresh)) return [];
    const refusal = offsetOf(label) <= begunMs ? "that moment is over, or has begun" : undefined;
    return [{ text: `tick ${label} ${changeOf(old, fresh)}`, refusal }];
  });
}
