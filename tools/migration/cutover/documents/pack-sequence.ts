import type { ResolvedUndo } from "../journal/record.ts";
import type { Step, Undo } from "../plan/action.ts";
import { codeCell, plain, table } from "./markdown.ts";
import { downtimeText } from "./pack-change.ts";
import { methodOfPlan, withValues } from "./result-text.ts";
import type { RunView, StepView } from "./run-view.ts";

/** Every way back: of the steps that were begun as it was resolved then, of the others as the plan has it. */
export function rollbackMap(view: RunView): string {
  const steps = stepsOfPlan(view);
  const begun = new Map(view.steps.map((step) => [step.id, step]));
  const rows = steps.flatMap((step) => rowsOf(view, step, begun.get(step.id)));
  const phases = view.plan.phases.flatMap((phase) =>
    phase.undo.map((undo) => [plain(phase.title), actionCell(view, undo), `undo of phase ${plain(phase.id)}`, ""]),
  );
  if (rows.length + phases.length === 0) return "None: no step of this plan changes anything.";
  return table(["Service", "Rollback Action", "Source", "Result"], [...rows, ...phases]);
}

/** The steps in the order in which they were begun, then those that were not. */
export function cutoverSequence(view: RunView): string {
  const ids = new Set(view.steps.map(({ id }) => id));
  const begun = view.steps.map((step) => sequenceLine(view, step));
  const missing = stepsOfPlan(view).filter(({ id }) => !ids.has(id));
  const skipped = missing.map(({ id, options }) => {
    const skip = view.skips.findLast((one) => one.id === id);
    const what = `${plain(options.say ?? id)} (${methodOfPlan(view, id)})`;
    return `${what}: ${skip === undefined ? "not run" : `SKIPPED, ${plain(skip.reason)}`}`;
  });
  const lines = [...begun, ...skipped];
  if (lines.length === 0) return "None: this plan has no steps.";
  const numbered = lines.map((line, at) => `${at + 1}. ${line}`).join("\n");
  return `${numbered}\n\nActual downtime: ${downtimeText(view)}.`;
}

function sequenceLine(view: RunView, step: StepView): string {
  const { say, text, on, item } = step.intent;
  const where = [on === null ? "" : `on ${plain(on)}`, item === null ? "" : `for ${plain(item)}`].filter(
    (one) => one !== "",
  );
  const what = `${plain(withValues(view, say ?? step.id))} (${[codeCell(withValues(view, text)), ...where].join(" ")})`;
  const verdict = step.end?.verdict ?? "no end seen";
  const undone = step.undos.length === 0 ? "" : `, undone: ${step.undos.map((one) => one.verdict).join(" ")}`;
  return `${what}: ${verdict} at ${step.at}${undone}, record ${step.seq}`;
}

function rowsOf(view: RunView, step: Step, begun: StepView | undefined): readonly (readonly string[])[] {
  if (changesNothing(step)) return [];
  const service = plain(step.options.say ?? step.id);
  const source = `undo of step ${plain(step.id)}`;
  const ran = begun?.undos.map(({ verdict, seq }) => `${verdict}, record ${seq}`).join("; ") ?? "";
  if (begun !== undefined) return resolvedCells(view, begun.intent.undo).map((cell) => [service, cell, source, ran]);
  return planCells(view, step.undo).map((cell) => [service, cell, source, "not begun"]);
}

/** What only reads or waits has no way back and needs none; an act of a person may need one all the same. */
function changesNothing({ verb, undo }: Step): boolean {
  if (undo.kind !== "none") return false;
  if (verb.kind === "http" || verb.kind === "sql") return verb.isRead;
  return verb.kind === "probe" || verb.kind === "wait" || verb.kind === "see";
}

function resolvedCells(view: RunView, undo: ResolvedUndo): readonly string[] {
  if (undo.none !== null) return [`None: ${plain(undo.none)}`];
  return undo.actions.map(({ text, on, by }) => {
    const asks = by.length === 0 ? "" : `, asks ${plain(by.join(", "))}`;
    return `${codeCell(withValues(view, text))}${on === null ? "" : ` on ${plain(on)}`}${asks}`;
  });
}

function planCells(view: RunView, undo: Undo): readonly string[] {
  if (undo.kind === "none") return [`None: ${plain(undo.reason)}`];
  if (undo.kind === "own") return ["back to the recorded value"];
  return undo.actions.map((action) => actionCell(view, action));
}

function actionCell(view: RunView, action: Pick<Step, "verb" | "options">): string {
  const { verb } = action;
  const text =
    verb.kind === "manual"
      ? verb.text
      : verb.kind === "sql"
        ? verb.statement
        : "command" in verb
          ? verb.command
          : verb.kind;
  const on = "on" in verb && verb.on !== undefined ? ` on ${plain(verb.on)}` : "";
  const asks = action.options.by.length === 0 ? "" : `, asks ${plain(action.options.by.join(", "))}`;
  return `${codeCell(withValues(view, text))}${on}${asks}`;
}

/** The steps of a plan that are written out, in their order. */
function stepsOfPlan(view: RunView): readonly Step[] {
  return view.plan.phases.flatMap((phase) => phase.steps.flatMap((step) => ("use" in step ? [] : [step])));
}
