import type { Action, Step } from "./action.ts";
import type { Phase, Plan, Use } from "./plan.ts";

/** Where an action stands in a plan. */
export type Place =
  | "check"
  | "step"
  | "undo"
  | "phase-undo"
  | "done_if"
  | "gate"
  | "tick"
  | "stop"
  | "evidence"
  | "notify"
  | "writes";

/** An action with its place; `phase` where it belongs to one. */
export interface Placed {
  readonly action: Action;
  readonly place: Place;
  readonly phase: Phase | undefined;
  /** True where there is an `${item}`: the action or the step it belongs to goes through a list. */
  readonly hasItem: boolean;
}

/** True for a reference to a check. */
export function isUse(item: Use | Action): item is Use {
  return "use" in item;
}

/** The steps of a phase that are written out. */
export function stepsOf(phase: Phase): readonly Step[] {
  return phase.steps.flatMap((item) => (isUse(item) ? [] : [item]));
}

/** Every action of a plan, each once. */
export function* everyAction(plan: Plan): Generator<Placed> {
  for (const check of plan.checks.values()) yield placed(check, "check");
  for (const phase of plan.phases) yield* actionsOfPhase(phase);
  for (const gate of plan.gates.values()) {
    for (const item of gate.pass) if (!isUse(item)) yield placed(item, "gate");
  }
  for (const tick of plan.timeline) {
    for (const action of tick.actions) yield placed(action, "tick");
  }
  for (const { source } of plan.stops) {
    if (source.kind === "check") yield placed(source.check, "stop");
  }
  if (plan.notify !== undefined) yield placed(plan.notify, "notify");
  if (plan.writes !== undefined && plan.writes.kind !== "none") {
    yield placed(plan.writes.by, "writes");
  }
}

function* actionsOfPhase(phase: Phase): Generator<Placed> {
  for (const step of stepsOf(phase)) {
    yield placed(step, "step", phase);
    if (step.doneIf !== undefined) yield placed(step.doneIf, "done_if", phase, step);
    if (step.undo.kind !== "actions") continue;
    for (const undo of step.undo.actions) yield* undoActions(undo, undo.fallback, "undo", phase, step);
  }
  for (const undo of phase.undo) yield* undoActions(undo, undo.fallback, "phase-undo", phase);
  for (const action of phase.evidence) yield placed(action, "evidence", phase);
}

function* undoActions(
  undo: Action,
  fallback: readonly Action[],
  place: Place,
  phase: Phase,
  step?: Step,
): Generator<Placed> {
  for (const action of [undo, ...fallback]) yield placed(action, place, phase, step);
}

function placed(action: Action, place: Place, phase?: Phase, step?: Step): Placed {
  return { action, place, phase, hasItem: action.options.each !== undefined || step?.options.each !== undefined };
}

/** The texts of an action: those the driver puts values into, and those that a shell or SQL client reads. */
export function textsOf(action: Action): { readonly filled: readonly string[]; readonly exported: readonly string[] } {
  const { verb, expect, options } = action;
  const json = [...expect.json.values()].flatMap((match) => [match.equals?.value, match.not?.value]);
  const patterns = [...expect.out, ...expect.not, ...[...expect.json.values()].flatMap((match) => match.match ?? [])];
  const common = [
    ...options.env.values(),
    ...(options.dir === undefined ? [] : [options.dir]),
    ...expect.absent,
    ...json.filter((value) => typeof value === "string"),
    ...patterns.map((pattern) => pattern.source),
  ];
  switch (verb.kind) {
    case "probe":
    case "sh":
      return { filled: common, exported: [verb.command] };
    case "sql":
      return { filled: common, exported: [verb.statement] };
    case "http":
      return { filled: [...common, verb.url, ...verb.headers.values(), verb.body ?? ""], exported: [] };
    case "manual":
      return { filled: [...common, verb.text], exported: [] };
    case "see":
      return { filled: [...common, ...verb.files], exported: [] };
    case "flip":
      return {
        filled: [...common, ...Object.values(verb.flip).filter((value) => typeof value === "string")],
        exported: [],
      };
    case "restore":
      return { filled: [...common, ...verb.files], exported: [] };
    case "wait":
      return { filled: common, exported: [] };
  }
}
