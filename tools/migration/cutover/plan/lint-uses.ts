import type { Step, UndoAction } from "./action.ts";
import type { LintBook } from "./lint-book.ts";
import type { Plan } from "./plan.ts";
import { isUse, stepsOf } from "./walk.ts";

/** Notes files that are restored and never kept, or kept and never restored, and checks that nothing asks. */
export function lintUses(plan: Plan, book: LintBook): void {
  for (const phase of plan.phases) {
    for (const step of stepsOf(phase)) lintWrites(step, book);
    for (const undo of phase.undo) lintRestore(undo, undefined, book);
  }
  if (plan.writes !== undefined && plan.writes.kind !== "none") lintRestore(plan.writes.by, undefined, book);
  const asked = namesAsked(plan);
  for (const { name, line } of plan.checks.values()) {
    if (!asked.has(name)) book.warning(line, name, "nothing of the plan asks this check");
  }
}

function lintWrites(step: Step, book: LintBook): void {
  const { undo, writes, verb, line, id } = step;
  const actions = undo.kind === "actions" ? undo.actions : [];
  for (const action of actions) lintRestore(action, step, book);
  if (writes === undefined) return;
  if (verb.kind === "flip") book.error(line, id, "a flip goes back by itself: it needs no `writes`");
  const restored = new Set(actions.flatMap(({ verb: one }) => (one.kind === "restore" ? one.files : [])));
  for (const file of writes.files) {
    if (!restored.has(file)) book.warning(line, id, `keeps ${file}, and no undo of it restores that file`);
  }
}

function lintRestore({ verb, line, name }: UndoAction, step: Step | undefined, book: LintBook): void {
  if (verb.kind !== "restore") return;
  for (const file of verb.files) {
    if (step?.writes?.files.includes(file) === true) continue;
    const why =
      step === undefined
        ? "only the undo of a step can restore what it wrote"
        : `${step.id} does not name it under \`writes\``;
    book.error(line, name, `restores ${file}: ${why}`);
  }
}

/** Names of checks and sets that something of the plan asks or prints. */
function namesAsked(plan: Plan): ReadonlySet<string> {
  const { phases, gates, timeline, stops, baseline, control, restored, done, sets, pack } = plan;
  const ofPhases = phases.flatMap((phase) => {
    const ofSteps = stepsOf(phase).flatMap(({ undo }) => (undo.kind === "actions" ? undo.actions : []));
    const undos = [...ofSteps, ...phase.undo].flatMap(({ was, needs, loses }) => [was, loses, ...needs]);
    return [...phase.steps.flatMap((item) => (isUse(item) ? [item.use] : [])), ...phase.checkpoint, ...undos];
  });
  const ofGates = [...gates.values()].flatMap(({ pass }) => pass.flatMap((item) => (isUse(item) ? [item.use] : [])));
  const ofStops = stops.flatMap(({ source }) => (source.kind === "use" ? source.checks : []));
  const names = [
    ...ofPhases,
    ...ofGates,
    ...ofStops,
    ...timeline.flatMap(({ checks }) => checks),
    ...(baseline?.of ?? []),
    control,
    ...restored,
    ...done.checks,
    ...[...sets.values()].flat(),
    pack["digests"],
  ];
  return new Set(names.filter((name) => typeof name === "string"));
}
