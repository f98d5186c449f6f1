import { checksNamed } from "../plan/sets.ts";
import { plain, table } from "./markdown.ts";
import { listOf } from "./pack-change.ts";
import { evidenceText, methodOfPlan, methodText, nameOf, resultText } from "./result-text.ts";
import type { ResultView, RunView } from "./run-view.ts";

const HEAD = ["Check", "Method", "Result", "Receipt"];
/** Where a check tells something about the state before or after the cutover. */
const PLACES = new Set(["step", "checkpoint", "gate", "tick", "baseline", "done", "restored", "set"]);

/** The last answer of each check before the first step that changes something; else its first answer at all. */
export function preMatrix(view: RunView): string {
  const before = view.results.filter(({ seq }) => seq < view.firstChange);
  const answer = (name: string): ResultView | undefined =>
    before.findLast((one) => isAnswer(one, name)) ?? view.results.find((one) => isAnswer(one, name));
  return matrix(view, {
    names: namesOf(view, "pre", before),
    answer,
    none: "nothing was checked before the first change",
  });
}

/** The last answer of each check after it. */
export function postMatrix(view: RunView): string {
  const after = view.results.filter(({ seq }) => seq > view.firstChange);
  const answer = (name: string): ResultView | undefined => after.findLast((one) => isAnswer(one, name));
  const none = "nothing was changed, so nothing was checked afterwards";
  return matrix(view, { names: namesOf(view, "post", after), answer, none });
}

interface Matrix {
  readonly names: readonly string[];
  readonly answer: (name: string) => ResultView | undefined;
  readonly none: string;
}

function matrix(view: RunView, { names, answer, none }: Matrix): string {
  if (names.length === 0) return `None: ${none}.`;
  const rows = names.map((name) => row(view, name, answer(name)));
  const count = (verdict: string): number => rows.filter(([, , result]) => result?.startsWith(verdict)).length;
  const counts = ["PASS", "FAIL", "UNKNOWN", "SKIPPED", "not run"].map((word) => `${count(word)} ${word}`);
  return `${counts.join(", ")}.\n\n${table(HEAD, rows)}`;
}

function isAnswer({ id, place }: ResultView, name: string): boolean {
  return id === name && PLACES.has(place);
}

function row(view: RunView, name: string, result: ResultView | undefined): readonly string[] {
  const skip = view.skips.findLast(({ id }) => id === name);
  if (result === undefined && skip !== undefined) {
    return [nameOf(view, name), methodOfPlan(view, name), `SKIPPED: ${plain(skip.reason)}`, `record ${skip.seq}`];
  }
  if (result === undefined) return [nameOf(view, name), methodOfPlan(view, name), "not run", ""];
  return [nameOf(view, name), methodText(view, result), resultText(view, result), evidenceText(result)];
}

/** The names the plan lists, sets taken apart; else every check that was asked, in the order of its first answer. */
function namesOf(view: RunView, key: string, results: readonly ResultView[]): readonly string[] {
  const listed = listOf(view, key).flatMap((name) => checksNamed(view.plan, name));
  if (listed.length > 0) return [...new Set(listed)];
  const asked = results.filter(({ place, id }) => PLACES.has(place) && view.plan.checks.has(id));
  return [...new Set(asked.map(({ id }) => id))];
}
