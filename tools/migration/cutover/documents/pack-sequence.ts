import { isJsonObject } from "../../model/json.ts";
import type { ResolvedUndo } from "../journal/record.ts";
import type { Action, Step, Undo } from "../plan/action.ts";
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
    phase.undo.map((undo) => [
      plain(phase.title),
      actionCell(view, undo) + elseCell(view, undo.fallback),
      `undo of phase ${plain(phase.id)}`,
      "",
    ]),
  );
  if (rows.length + phases.length === 0) return "None: no step of this plan changes anything.";
  return table(["Service", "Rollback Action", "Source", "Result"], [...rows, ...phases]);
}

/**
 * The steps in the order in which they were begun, then those that were not. What changes something or waits is numbered;
 * what only reads stands below it.
 */
export function cutoverSequence(view: RunView): string {
  const steps = new Map(stepsOfPlan(view).map((step) => [step.id, step]));
  const ids = new Set(view.steps.map(({ id }) => id));
  const begun = view.steps.map((step) => ({ id: step.id, line: sequenceLine(view, step) }));
  const missing = [...steps.values()].filter(({ id }) => !ids.has(id));
  const all = [...begun, ...missing.map((step) => ({ id: step.id, line: missingLine(view, step) }))];
  if (all.length === 0) return "None: this plan has no steps.";
  let number = 0;
  const lines = all.map(({ id, line }) => {
    const step = steps.get(id);
    const isRead = step !== undefined && step.verb.kind !== "wait" && changesNothing(step);
    return isRead ? `   * checked: ${line}` : `${++number}. ${line}`;
  });
  return `${lines.join("\n")}\n\nActual downtime: ${downtimeText(view)}.`;
}

function missingLine(view: RunView, { id, options }: Step): string {
  const skip = view.skips.findLast((one) => one.id === id);
  const what = `${plain(withValues(view, options.say ?? id))} (${methodOfPlan(view, id)})`;
  return `${what}: ${skip === undefined ? "not run" : `SKIPPED, ${plain(skip.reason)}`}`;
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
  const given = wayBack(view, step.id);
  const service = plain(given.service ?? withValues(view, step.options.say ?? step.id));
  const source = plain(given.source ?? `undo of step ${step.id}`);
  const ran = begun?.undos.map(({ verdict, seq }) => `${verdict}, record ${seq}`).join("; ") ?? "";
  const cells = begun === undefined ? planCells(view, step.undo) : resolvedCells(view, step.undo, begun.intent.undo);
  return cells.map((cell) => [service, cell, source, begun === undefined ? "not begun" : ran]);
}

/** What the plan calls the service and the source of a way back. */
function wayBack(view: RunView, id: string): { readonly service?: string; readonly source?: string } {
  const all = view.plan.pack["ways_back"];
  const one = isJsonObject(all) ? all[id] : undefined;
  if (!isJsonObject(one)) return {};
  const { service, source } = one;
  return {
    ...(typeof service === "string" ? { service } : {}),
    ...(typeof source === "string" ? { source } : {}),
  };
}

/** What only reads, waits or is acknowledged has no way back and needs none; an act of a person that does has an undo. */
function changesNothing({ verb, undo }: Step): boolean {
  if (undo.kind !== "none") return false;
  if (verb.kind === "http" || verb.kind === "sql") return verb.isRead;
  return verb.kind === "manual" || verb.kind === "probe" || verb.kind === "wait" || verb.kind === "see";
}

function resolvedCells(view: RunView, planned: Undo, undo: ResolvedUndo): readonly string[] {
  if (undo.none !== null) return [`None: ${plain(undo.none)}`];
  return undo.actions.map(({ text, on, by, say }, at) => {
    const fallback = planned.kind === "actions" ? planned.actions[at]?.fallback : undefined;
    return cellOf(view, { text, on: on ?? undefined, by, say: say ?? undefined }) + elseCell(view, fallback ?? []);
  });
}

function planCells(view: RunView, undo: Undo): readonly string[] {
  if (undo.kind === "none") return [`None: ${plain(undo.reason)}`];
  if (undo.kind === "own") return ["back to the recorded value"];
  return undo.actions.map((action) => actionCell(view, action) + elseCell(view, action.fallback));
}

/** What is done where an undo fails. */
function elseCell(view: RunView, fallback: readonly Action[]): string {
  return fallback.map((action) => `; else ${actionCell(view, action)}`).join("");
}

interface Way {
  readonly text: string;
  readonly on: string | undefined;
  readonly by: readonly string[];
  readonly say: string | undefined;
}

function cellOf(view: RunView, { text, on, by, say }: Way): string {
  const where = on === undefined ? "" : ` on ${plain(on)}`;
  const asks = by.length === 0 ? "" : `, asks ${plain(by.join(", "))}`;
  const why = say === undefined ? "" : ` (${plain(withValues(view, say))})`;
  return `${codeCell(withValues(view, text.trim()))}${where}${asks}${why}`;
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
  const on = "on" in verb ? verb.on : undefined;
  return cellOf(view, { text, on, by: action.options.by, say: action.options.say });
}

/** The steps of a plan that are written out, in their order. */
function stepsOfPlan(view: RunView): readonly Step[] {
  return view.plan.phases.flatMap((phase) => phase.steps.flatMap((step) => ("use" in step ? [] : [step])));
}
