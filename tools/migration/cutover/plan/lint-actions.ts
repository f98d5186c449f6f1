import type { Action, Step, UndoAction } from "./action.ts";
import type { LintBook } from "./lint-book.ts";
import { isMutating } from "./parse-action.ts";
import { patternProblem, patternText } from "./patterns.ts";
import type { Plan } from "./plan.ts";
import { everyAction, type Placed, stepsOf } from "./walk.ts";

/** Notes steps without a way back, regular expressions that do not compile, and expectations that promise little. */
export function lintActions(plan: Plan, book: LintBook): void {
  for (const placed of everyAction(plan)) {
    lintPatterns(placed.action, book);
    lintExpectations(placed, book);
    lintHabits(placed.action, book);
  }
  for (const step of plan.phases.flatMap(stepsOf)) lintStep(step, plan, book);
  for (const phase of plan.phases) {
    for (const undo of phase.undo) {
      lintLast(undo, undo.last, book);
      if (isMutating(undo.verb) && undo.was === undefined) {
        book.warning(undo.line, undo.name, "may stop what was running before the phase began: name a check with `was`");
      }
    }
  }
  const { runKeys } = plan;
  if (runKeys !== undefined && !plan.harvest.has(runKeys.harvest)) {
    book.error(1, "run_keys", `there is no value of harvest named ${runKeys.harvest}`);
  }
  const keys =
    runKeys === undefined
      ? []
      : ([
          ["of", runKeys.of],
          ["form", runKeys.form],
        ] as const);
  for (const [name, pattern] of keys) {
    const problem = patternProblem(pattern);
    if (problem !== undefined) book.error(1, `run_keys ${name}`, `${patternText(pattern)}: ${problem}`);
  }
  for (const [name, pattern] of plan.harvest) {
    const problem = patternProblem(pattern);
    if (problem !== undefined) book.error(1, `harvest ${name}`, `${patternText(pattern)}: ${problem}`);
  }
}

function lintPatterns(action: Action, book: LintBook): void {
  const { expect, options } = action;
  const matches = [...expect.json.values()].flatMap((match) => match.match ?? []);
  const saves = options.save.map((save) => save.pattern);
  for (const pattern of [...expect.out, ...expect.not, ...matches, ...saves]) {
    const problem = patternProblem(pattern);
    if (problem !== undefined) book.error(action.line, action.name, `${patternText(pattern)}: ${problem}`);
  }
  for (const { name, pattern } of options.save) {
    if (
      patternProblem(pattern) === undefined &&
      new RegExp(`${pattern.source}|`, pattern.flags).exec("")?.length === 1
    ) {
      book.error(action.line, action.name, `save ${name}: the pattern has no group 1`);
    }
  }
}

/** `not: FAIL` is satisfied by silence, and exit codes and status say little (G12, F33, F34). */
function lintExpectations({ action, place }: Placed, book: LintBook): void {
  const { verb, expect } = action;
  if (place === "undo" || place === "phase-undo" || place === "evidence" || place === "notify") return;
  const says = expect.out.length > 0 || expect.json.size > 0 || expect.empty || expect.absent.length > 0;
  if (says) return;
  if (expect.not.length > 0)
    book.warning(action.line, action.name, "only says what must not be there: silence passes too");
  else if (verb.kind === "probe")
    book.warning(action.line, action.name, "only the exit code is looked at: say what must be there");
  else if (verb.kind === "http" && verb.isRead) {
    book.warning(action.line, action.name, "only the status is looked at: an old instance or an error page passes too");
  }
}

const HABITS: readonly (readonly [RegExp, string])[] = [
  [/\bcurl\b(?!.*(?:\s-f|--fail))/, "curl exits 0 on HTTP 500: use the verb http, or curl --fail"],
  [/\bgrep\s+(?:-\w+\s+)*-\w*E\w*\s+\S*\|/, "grep of alternatives passes with one of them: use a list in `out`"],
  [/\bln\s+-\w*s/, "ln -s onto a link makes a link inside the old target: use the verb flip"],
];

function lintHabits({ verb, line, name }: Action, book: LintBook): void {
  if (verb.kind !== "sh" && verb.kind !== "probe") return;
  for (const [pattern, text] of HABITS) if (pattern.test(verb.command)) book.warning(line, name, text);
}

function lintStep(step: Step, plan: Plan, book: LintBook): void {
  const { verb, undo, line, id } = step;
  if (isMutating(verb) && undo.kind === "none" && undo.reason === "") {
    book.error(line, id, "changes things and has no undo: give one, or `undo: {none: reason}`");
  }
  if (isMutating(verb) && step.options.retryMs !== undefined) {
    book.error(line, id, "retry repeats a check; this changes things");
  }
  if (isMutating(verb) && step.options.each !== undefined && step.doneIf !== undefined) {
    book.warning(line, id, "done_if is asked once per item: let it use the item");
  }
  if (verb.kind === "flip" && plan.writes === undefined) {
    book.error(
      line,
      id,
      "the plan flips a pointer: say under `writes` how writes are fenced or captured, or `writes: none`",
    );
  }
  const hasGo = plan.timeline.some((tick) => tick.decision?.choose.includes("go") === true);
  if (step.final && !hasGo && step.options.by.length === 0) {
    book.error(line, id, "final needs a go decision: name who gives it with `by`, or a tick that signs go");
  }
  if (undo.kind === "actions") for (const action of undo.actions) lintLast(action, action.last, book);
}

function lintLast(action: UndoAction, last: boolean, book: LintBook): void {
  if (action.loses !== undefined && !last) {
    book.error(
      action.line,
      action.name,
      "`loses` counts what an undo loses: mark it with `last` and name who must agree",
    );
  }
  if (last && action.options.by.length === 0) {
    book.error(action.line, action.name, "`last` marks an undo that loses data: name with `by` who must agree");
  }
}
