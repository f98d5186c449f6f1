import type { Action, Step, UndoAction } from "./action.ts";
import { durationText } from "./durations.ts";
import type { Phase, Plan, Stop } from "./plan.ts";
import { checksNamed } from "./sets.ts";
import { isUse, stepsOf } from "./walk.ts";

/** What a plan would do, in order, without asking or running anything. */
export interface PlanDescription {
  readonly id: string;
  readonly title: string;
  readonly digest: string;
  /** Variables, roles and secrets that must be given. */
  readonly open: readonly string[];
  readonly timeline: readonly string[];
  readonly forward: readonly string[];
  /** The order of a rollback after everything has run. */
  readonly back: readonly string[];
  readonly stops: readonly string[];
}

/** The expanded order of a plan and of its rollback. */
export function describePlan(plan: Plan): PlanDescription {
  return {
    id: plan.id,
    title: plan.title,
    digest: plan.digest,
    open: openOf(plan),
    timeline: plan.timeline.map(({ label, by, gates, phases, decision }) =>
      [
        label,
        by.join(" + "),
        gates.join(" "),
        phases.join(" "),
        decision === undefined ? "" : `sign ${decision.choose.join("|")}`,
      ]
        .filter((word) => word !== "")
        .join("  "),
    ),
    forward: plan.phases.flatMap((phase) => forwardOf(plan, phase)),
    back: backOf(plan),
    stops: plan.stops.map(stopText),
  };
}

function openOf(plan: Plan): readonly string[] {
  const vars = [...plan.vars].filter(([, { value }]) => value === undefined).map(([name]) => `--var ${name}=…`);
  const roles = [...plan.roles].filter(([, people]) => people.length === 0).map(([role]) => `--assign ${role}=…`);
  const secrets = plan.secrets.map(({ name, isOptional }) => `secret ${name}${isOptional ? " (optional)" : ""}`);
  return [...vars, ...roles, ...secrets];
}

function forwardOf(plan: Plan, phase: Phase): readonly string[] {
  const needs = phase.needs.length === 0 ? "" : ` (needs ${phase.needs.join(", ")})`;
  const steps = phase.steps.flatMap((item) =>
    isUse(item)
      ? checksNamed(plan, item.use).map((name) => `  check ${checkText(plan, name)}`)
      : [`  ${stepText(item)}`],
  );
  const checkpoint = phase.checkpoint
    .flatMap((name) => checksNamed(plan, name))
    .map((name) => `  must hold: ${checkText(plan, name)}`);
  return [`${phase.id}${needs}, on failure ${phase.onFail}`, ...steps, ...checkpoint];
}

function checkText(plan: Plan, name: string): string {
  const check = plan.checks.get(name);
  return check === undefined ? name : actionText(check);
}

function stepText(step: Step): string {
  const marks = [step.final ? "final" : "", step.redo ? "redo" : "", step.doneIf === undefined ? "" : "done_if"];
  const shown = marks.filter((mark) => mark !== "").join(", ");
  return `${actionText(step)}${shown === "" ? "" : ` [${shown}]`}`;
}

/** An action in one line: name, verb, words, where, who. */
export function actionText({ name, verb, options }: Action): string {
  const where = "on" in verb && verb.on !== undefined ? ` on ${verb.on}` : "";
  const each = options.each === undefined ? "" : ` for each of ${options.each}`;
  const by = options.by.length === 0 ? "" : ` by ${options.by.join(", ")}`;
  const na = options.na === undefined ? "" : ` (n/a: ${options.na})`;
  return `${name}: ${verb.kind}${where} ${wordsOf({ verb })}${each}${by}${na}`.replaceAll("\n", " ⏎ ");
}

function wordsOf({ verb }: Pick<Action, "verb">): string {
  switch (verb.kind) {
    case "sh":
    case "probe":
      return verb.command.trim();
    case "http":
      return `${verb.method} ${verb.url}`;
    case "sql":
      return `${verb.db}: ${verb.statement.trim()}`;
    case "manual":
      return verb.text;
    case "wait":
      return durationText(verb.ms);
    case "see":
    case "restore":
      return verb.files.join(", ");
    case "flip": {
      const { flip } = verb;
      if (flip.kind === "link")
        return `${flip.link} -> release ${flip.root}, scan not older than ${durationText(flip.scanAgeMs)}`;
      if (flip.kind === "key") return `${flip.key} of ${flip.file} -> ${flip.to}`;
      return `schema ${flip.schema} -> ${flip.to} in ${flip.db}`;
    }
  }
}

function backOf(plan: Plan): readonly string[] {
  const all = plan.phases.toReversed().flatMap((phase) => [
    ...stepsOf(phase)
      .toReversed()
      .flatMap((step) => undoTexts(step)),
    ...phase.undo.map((undo) => ({ last: undo.last, text: undoText(undo) })),
  ]);
  return [...all.filter((one) => !one.last), ...all.filter((one) => one.last)].map(({ text }) => text);
}

function undoTexts(step: Step): readonly { readonly last: boolean; readonly text: string }[] {
  if (step.undo.kind === "none") return [];
  if (step.undo.kind === "own") return [{ last: false, text: `${step.id}.undo: flip back to the recorded value` }];
  return step.undo.actions.map((undo) => ({ last: undo.last, text: undoText(undo) }));
}

function undoText(undo: UndoAction): string {
  const fallback = undo.fallback.length === 0 ? "" : `, else ${undo.fallback.map((one) => wordsOf(one)).join("; ")}`;
  return `${actionText(undo)}${fallback}${undo.last ? " [last: loses data]" : ""}`;
}

function stopText({ id, source, everyMs, badForMs, from, then }: Stop): string {
  const what =
    source.kind === "manual"
      ? `triggered by ${source.by.join(", ")}`
      : source.kind === "use"
        ? source.checks.join(", ")
        : wordsOf(source.check);
  const pace = everyMs === undefined ? "" : ` every ${durationText(everyMs)}`;
  const start = from === undefined ? "" : ` from ${from.kind === "T0" ? "T0" : from.id}`;
  return `${id}: ${what}${pace}, bad for ${durationText(badForMs)}${start} -> ${then}`;
}
