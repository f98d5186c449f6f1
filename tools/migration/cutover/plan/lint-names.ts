import type { Action } from "./action.ts";
import type { LintBook } from "./lint-book.ts";
import type { Plan } from "./plan.ts";
import { everyAction, isUse, stepsOf } from "./walk.ts";

/** Notes every name that leads nowhere, and every id that is there twice. */
export function lintNames(plan: Plan, book: LintBook): void {
  const names = new Names(plan, book);
  names.ids();
  names.phases();
  names.gatesAndTicks();
  names.stops();
  names.top();
  for (const { action } of everyAction(plan)) names.action(action);
}

class Names {
  readonly #plan: Plan;
  readonly #book: LintBook;

  constructor(plan: Plan, book: LintBook) {
    this.#plan = plan;
    this.#book = book;
  }

  ids(): void {
    const { phases, stops } = this.#plan;
    const steps = phases.flatMap((phase) => stepsOf(phase).map((step) => ({ id: step.id, line: step.line })));
    this.#unique("phase or step", [...phases.map(({ id, line }) => ({ id, line })), ...steps]);
    this.#unique("stop", stops);
    for (const step of steps) {
      if (this.#plan.checks.has(step.id))
        this.#book.error(step.line, step.id, "a check has the same name as this step");
    }
  }

  phases(): void {
    const earlier = new Set<string>();
    for (const phase of this.#plan.phases) {
      for (const need of phase.needs) {
        if (!earlier.has(need)) this.#book.error(phase.line, phase.id, `needs ${need}, which is no earlier phase`);
      }
      earlier.add(phase.id);
      for (const item of phase.steps) if (isUse(item)) this.#checks([item.use], item.line, phase.id);
      this.#checks(phase.checkpoint, phase.line, phase.id);
      for (const undo of phase.undo) if (undo.was !== undefined) this.#checks([undo.was], undo.line, undo.name);
      const ofSteps = stepsOf(phase).flatMap(({ undo }) => (undo.kind === "actions" ? undo.actions : []));
      for (const { needs, loses, line, name } of [...ofSteps, ...phase.undo]) {
        this.#checks(loses === undefined ? needs : [...needs, loses], line, name);
      }
    }
  }

  gatesAndTicks(): void {
    const { gates, timeline, phases } = this.#plan;
    for (const gate of gates.values()) {
      this.#roles(gate.by, gate.line, gate.id);
      for (const item of gate.pass) if (isUse(item)) this.#checks([item.use], item.line, gate.id);
    }
    const played = timeline.flatMap((tick) => tick.phases);
    for (const tick of timeline) {
      this.#roles(tick.by, tick.line, tick.label);
      this.#known(tick.gates, gates, "gate", tick.line, tick.label);
      this.#checks(tick.checks, tick.line, tick.label);
      this.#known(tick.phases, new Set(phases.map((phase) => phase.id)), "phase", tick.line, tick.label);
    }
    if (timeline.length === 0) return;
    this.#unique(
      "tick",
      timeline.map(({ label, line }) => ({ id: label, line })),
    );
    for (const phase of phases) {
      const times = played.filter((id) => id === phase.id).length;
      if (times === 1) continue;
      const said = times === 0 ? "no tick of the timeline plays it" : `${times} ticks play it`;
      this.#book.error(phase.line, phase.id, `${said}: each phase needs exactly one`);
    }
    const order = played.map((id) => phases.findIndex((phase) => phase.id === id));
    if (order.some((at, index) => index > 0 && at < (order[index - 1] ?? 0))) {
      this.#book.error(timeline[0]?.line ?? 1, "timeline", "plays the phases in another order than they are written");
    }
  }

  stops(): void {
    const steps = new Set(this.#plan.phases.flatMap((phase) => stepsOf(phase).map((step) => step.id)));
    for (const stop of this.#plan.stops) {
      if (stop.source.kind === "use") this.#checks(stop.source.checks, stop.line, stop.id);
      if (stop.source.kind === "manual") this.#roles(stop.source.by, stop.line, stop.id);
      if (stop.from?.kind === "step" && !steps.has(stop.from.id)) {
        this.#book.error(stop.line, stop.id, `from ${stop.from.id}, which is no step, phase or T0`);
      }
      if (stop.from?.kind === "T0" && !this.#plan.timeline.some((tick) => tick.offsetMs === 0)) {
        this.#book.error(stop.line, stop.id, "from T0, and the timeline has no T0");
      }
    }
  }

  top(): void {
    const plan = this.#plan;
    for (const group of plan.distinct) this.#roles(group, 1, "distinct");
    for (const [set, checks] of plan.sets) this.#checks(checks, 1, `sets ${set}`);
    if (plan.control !== undefined) this.#checks([plan.control], 1, "control");
    this.#checks(plan.restored, 1, "restored");
    this.#checks(plan.done.checks, 1, "done");
    if (plan.baseline !== undefined) {
      this.#checks(plan.baseline.of, 1, "baseline");
      const moments = [...plan.phases.map((phase) => phase.id), ...plan.timeline.map((tick) => tick.label)];
      this.#known([plan.baseline.after], new Set(moments), "phase or tick", 1, "baseline");
    }
    if (plan.lock?.host !== undefined) this.#known([plan.lock.host], plan.hosts, "host", 1, "lock");
  }

  action(action: Action): void {
    const { verb, options, name, line } = action;
    if ("on" in verb && verb.on !== undefined) this.#known([verb.on], this.#plan.hosts, "host", line, name);
    if (verb.kind === "sql") this.#known([verb.db], this.#plan.dbs, "database (dbs)", line, name);
    if (verb.kind === "flip" && verb.flip.kind === "schema") {
      this.#known([verb.flip.db], this.#plan.dbs, "database (dbs)", line, name);
    }
    this.#roles(options.by, line, name);
  }

  /** A set counts wherever checks are listed. */
  #checks(names: readonly string[], line: number, at: string): void {
    this.#known(names, new Set([...this.#plan.checks.keys(), ...this.#plan.sets.keys()]), "check or set", line, at);
  }

  #roles(names: readonly string[], line: number, at: string): void {
    this.#known(names, this.#plan.roles, "role", line, at);
  }

  #known(
    names: readonly string[],
    known: { has(name: string): boolean },
    what: string,
    line: number,
    at: string,
  ): void {
    for (const name of names) if (!known.has(name)) this.#book.error(line, at, `there is no ${what} named ${name}`);
  }

  #unique(what: string, items: readonly { readonly id: string; readonly line: number }[]): void {
    const seen = new Map<string, number>();
    for (const { id, line } of items) {
      const before = seen.get(id);
      if (before === undefined) seen.set(id, line);
      else this.#book.error(line, id, `this name of a ${what} is already on line ${before}`);
    }
  }
}
