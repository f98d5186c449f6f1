import { durationText } from "./durations.ts";
import type { LintBook } from "./lint-book.ts";
import type { Plan, Stop } from "./plan.ts";
import { checksNamed } from "./sets.ts";

/** Notes stops that can never fire, or that cannot keep the time they promise. */
export function lintStops(plan: Plan, book: LintBook): void {
  for (const stop of plan.stops) {
    lintPace(stop, book);
    if (stop.source.kind !== "use") continue;
    for (const name of stop.source.checks.flatMap((one) => checksNamed(plan, one))) {
      const kind = plan.checks.get(name)?.verb.kind;
      if (kind === "manual" || kind === "wait")
        book.error(stop.line, stop.id, `${name} is asked of a person: nothing can watch it`);
    }
  }
  for (const gate of plan.gates.values()) {
    if (gate.freshMs === undefined) book.warning(gate.line, gate.id, "says nothing of `fresh`: an old PASS would do");
  }
}

function lintPace(stop: Stop, book: LintBook): void {
  const { everyMs, badForMs, line, id } = stop;
  if (stop.source.kind === "manual") {
    if (everyMs !== undefined || badForMs > 0) book.error(line, id, "is triggered by a person: no every, no bad_for");
    return;
  }
  if (everyMs === undefined) {
    if (stop.source.kind === "check") book.error(line, id, "needs `every`: nothing else asks this check");
    else if (badForMs > 0) book.error(line, id, "bad_for needs `every`: time is measured between samples");
    return;
  }
  // Fires at the first bad sample after bad_for, so an outage is told apart from a longer one to within one sample.
  const fine = Math.max(1000, badForMs / 60);
  if (badForMs > 0 && everyMs > fine) {
    book.warning(
      line,
      id,
      `every ${durationText(everyMs)} is coarse for bad_for ${durationText(badForMs)}: at most ${durationText(fine)} keeps it to a second in a minute`,
    );
  }
}
