import type { Action, Step } from "./action.ts";
import type { LintBook } from "./lint-book.ts";
import { namesIn, shellNames } from "./placeholders.ts";
import type { Plan } from "./plan.ts";
import { everyAction, isUse, type Placed, stepsOf, textsOf } from "./walk.ts";

/** Placeholders that authors leave behind: `<release-operator>`, `GAP-OP-XXX`, `host:PAYMENT_PORT/`. */
const LEFT_OVER = [
  /(?<![\w<])<[a-z][a-z0-9]*(?:[-_ ][a-z0-9]+)*>/,
  /\bX{3,}\b/,
  /:[A-Z][A-Z0-9]*_[A-Z0-9_]+(?=[/\s]|$)/,
];

/** Notes every `${name}` that nothing gives a value, every placeholder, and lists used where one value belongs. */
export function lintValues(plan: Plan, book: LintBook): void {
  const scope = new Scope(plan);
  for (const placed of everyAction(plan)) lintAction(scope, placed, book);
  const commands = [...plan.dbs].flatMap(([name, db]) => (db.kind === "text" ? [[name, db.text] as const] : []));
  for (const [name, destination] of [...plan.hosts, ...commands]) {
    for (const used of namesIn(destination)) {
      if (!scope.isGlobal(used)) book.error(1, name, `\${${used}} has no value here`);
    }
  }
  lintSaves(plan, book);
}

class Scope {
  readonly #plan: Plan;
  readonly #saved: ReadonlySet<string>;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#saved = new Set([...everyAction(plan)].flatMap(({ action }) => savedBy(action)));
  }

  isGlobal(name: string): boolean {
    return this.#plan.vars.has(name) || this.#plan.secrets.some((secret) => secret.name === name);
  }

  isKnown(name: string, { action, phase, place, hasItem }: Placed): boolean {
    if (name === "item") return hasItem || isListed(this.#plan, action);
    if (this.isGlobal(name) || this.#saved.has(name) || phase?.vars.has(name) === true) return true;
    // A check of the plan may lean on variables that every phase which uses it has.
    return place === "check" && this.#plan.phases.some((one) => one.vars.has(name));
  }

  isList(name: string, { phase }: Placed): boolean {
    const value = phase?.vars.get(name) ?? this.#plan.vars.get(name)?.value;
    return Array.isArray(value);
  }
}

/** True where a phase goes through a list with this check. */
function isListed(plan: Plan, action: Action): boolean {
  const uses = [
    ...plan.phases.flatMap((phase) => phase.steps),
    ...[...plan.gates.values()].flatMap((gate) => gate.pass),
  ];
  return uses.some((item) => isUse(item) && item.use === action.name && item.each !== undefined);
}

function savedBy(action: Action): readonly string[] {
  const asked = action.verb.kind === "manual" ? action.verb.ask : [];
  return [...action.options.save.map((save) => save.name), ...asked];
}

function lintAction(scope: Scope, placed: Placed, book: LintBook): void {
  const { action } = placed;
  const { filled: read, exported } = textsOf(action);
  const filled = [...read, ...filesOf(action)];
  const own = new Set(exported.flatMap((script) => [...shellNames(script)]));
  for (const text of [...filled, ...exported]) {
    for (const name of namesIn(text)) {
      if (!scope.isKnown(name, placed) && !own.has(name)) {
        book.error(
          action.line,
          action.name,
          `\${${name}} has no value here: no variable, secret or saved value is named so`,
        );
      } else if (scope.isList(name, placed)) {
        book.error(
          action.line,
          action.name,
          `\${${name}} is a list: go through it with \`each: ${name}\` and \`\${item}\``,
        );
      }
    }
  }
  const patterns = new Set([...action.expect.out, ...action.expect.not].map((pattern) => pattern.source));
  for (const text of [...filled, ...exported].filter((one) => !patterns.has(one))) leftOver(text, action, book);
  for (const name of [action.options.each, action.options.when]) {
    if (name !== undefined && !scope.isKnown(name, placed))
      book.error(action.line, action.name, `there is no variable ${name}`);
  }
}

/** Files that a step writes. */
function filesOf(action: Action | Step): readonly string[] {
  return "writes" in action ? (action.writes?.files ?? []) : [];
}

function leftOver(text: string, action: Action, book: LintBook): void {
  for (const pattern of LEFT_OVER) {
    const [found] = pattern.exec(text) ?? [];
    if (found !== undefined) book.error(action.line, action.name, `the placeholder ${found} was never filled in`);
  }
}

/** A step may only use what an earlier one has saved. */
function lintSaves(plan: Plan, book: LintBook): void {
  const saved = new Set<string>();
  const later = new Set(plan.phases.flatMap((phase) => stepsOf(phase).flatMap(savedBy)));
  for (const step of plan.phases.flatMap(stepsOf)) {
    const { filled, exported } = textsOf(step);
    for (const name of [...filled, ...exported].flatMap(namesIn)) {
      if (later.has(name) && !saved.has(name) && !savedBy(step).includes(name) && !plan.vars.has(name)) {
        book.error(step.line, step.id, `\${${name}} is saved only by a later step`);
      }
    }
    for (const name of savedBy(step)) {
      if (plan.vars.has(name)) book.error(step.line, step.id, `saves ${name}, which is a variable of the plan`);
      saved.add(name);
    }
  }
}
