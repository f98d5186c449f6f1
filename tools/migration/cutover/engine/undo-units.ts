import type { ResolvedAction } from "../journal/record.ts";
import type { Action, UndoAction } from "../plan/action.ts";
import type { Phase, VarValue } from "../plan/plan.ts";
import { stepsOf } from "../plan/walk.ts";
import type { Attempt } from "../state/run-state.ts";
import { WHOLE_RUN } from "./diversion.ts";
import { readRecorded, resolved } from "./resolve-undo.ts";
import type { Run } from "./run.ts";

/** One thing a rollback does: an action of an undo, or a verb that takes itself back. */
export interface UndoUnit {
  /** In the journal, in `cutover undo`: `build.undo.1`, `roots.undo.1[kurse]`, `flip.undo`. */
  readonly name: string;
  /** The step or phase it belongs to. */
  readonly of: string;
  readonly phase: Phase;
  readonly attempt: Attempt | undefined;
  readonly resolved: ResolvedAction;
  /** Undefined = the verb of the step takes itself back. */
  readonly action: UndoAction | undefined;
  readonly vars: ReadonlyMap<string, VarValue>;
}

/**
 * What a rollback of this scope does, in order: phases newest first; in each the undos of its steps, newest start first,
 * then its own undo from top to bottom; at the very end what loses data. Writers are fenced before all of it.
 */
export function undoUnits(run: Run, scope: string): readonly UndoUnit[] {
  const standing = run.plan.phases.filter(
    (phase) => isStanding(run, phase) && (scope === WHOLE_RUN || phase.id === scope),
  );
  const newestFirst = standing.sort((a, b) => sinceOf(run, b) - sinceOf(run, a));
  const units = newestFirst.flatMap((phase) => [...stepUnits(run, phase), ...phaseUnits(run, phase)]);
  const isLast = (unit: UndoUnit): boolean => unit.action?.last === true;
  return [...fence(run, units), ...units.filter((unit) => !isLast(unit)), ...units.filter(isLast)];
}

/**
 * What comes before everything else where a pointer goes back: writes that were accepted since the flip are not in the old
 * storage, so the plan fences the writers, or captures what they wrote.
 */
function fence(run: Run, units: readonly UndoUnit[]): readonly UndoUnit[] {
  const { writes } = run.plan;
  const flip = units.find(({ action }) => action === undefined || action.verb.kind === "flip");
  if (writes === undefined || writes.kind === "none" || flip === undefined) return [];
  const vars = run.vars(flip.phase);
  const { by: action } = writes;
  const unit = { name: action.name, of: flip.of, phase: flip.phase, attempt: undefined, action, vars };
  return [{ ...unit, resolved: resolved(run, action, null, vars) }];
}

/** The phases of a scope that were started and still stand, newest first. */
export function phasesOf(run: Run, units: readonly UndoUnit[], scope: string): readonly Phase[] {
  const inUnits = new Set(units.map((unit) => unit.phase.id));
  const phases = run.plan.phases.filter(
    (phase) => inUnits.has(phase.id) || (isStanding(run, phase) && (scope === WHOLE_RUN || phase.id === scope)),
  );
  return phases.sort((a, b) => sinceOf(run, b) - sinceOf(run, a));
}

function isStanding(run: Run, phase: Phase): boolean {
  const state = run.state.phases.get(phase.id);
  return state !== undefined && state.status !== "rolled-back";
}

function sinceOf(run: Run, phase: Phase): number {
  return run.state.phases.get(phase.id)?.since ?? -1;
}

function stepUnits(run: Run, phase: Phase): readonly UndoUnit[] {
  const started = run.state.attempts.filter((attempt) => attempt.intent.phase === phase.id && !attempt.isUndone);
  // A step that was tried twice is taken back once, where its last try stands.
  const last = started.filter((attempt) => run.state.lastAttempt(attempt.key) === attempt);
  return last.reverse().flatMap((attempt) => unitsOf(run, phase, attempt));
}

function unitsOf(run: Run, phase: Phase, attempt: Attempt): readonly UndoUnit[] {
  const { item, undo } = attempt.intent;
  const suffix = item === null ? "" : `[${item}]`;
  return undo.actions.map((one): UndoUnit => {
    const recorded = readRecorded(one);
    const vars = new Map(run.vars(phase, item ?? undefined));
    // What was recorded with the step rules; what the step itself has saved came after it.
    for (const [name, value] of recorded?.vars ?? []) vars.set(name, value);
    for (const receipt of attempt.end?.receipts ?? []) {
      for (const [name, value] of Object.entries(receipt.saved)) vars.set(name, value);
    }
    const name = `${recorded?.action.name ?? `${attempt.step}.undo`}${suffix}`;
    return { name, of: attempt.step, phase, attempt, resolved: one, action: recorded?.action, vars };
  });
}

function phaseUnits(run: Run, phase: Phase): readonly UndoUnit[] {
  return phase.undo.map((action): UndoUnit => {
    const vars = run.vars(phase);
    return {
      name: action.name,
      of: phase.id,
      phase,
      attempt: undefined,
      resolved: resolved(run, action, null, vars),
      action,
      vars,
    };
  });
}

/** The fallback of a unit as units. */
export function fallbackUnits(run: Run, unit: UndoUnit): readonly UndoUnit[] {
  const suffix = /\[.*\]$/s.exec(unit.name)?.[0] ?? "";
  return (unit.action?.fallback ?? []).map((fallback: Action): UndoUnit => {
    const action = { ...fallback, fallback: [], last: false, was: undefined, needs: [], loses: undefined };
    return { ...unit, name: `${action.name}${suffix}`, resolved: resolved(run, action, null, unit.vars), action };
  });
}

/** The step of an attempt, as the plan of the run has it. */
export function stepOf(attempt: Attempt, phase: Phase) {
  return stepsOf(phase).find((step) => step.id === attempt.step);
}
