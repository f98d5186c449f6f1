import type { Stop } from "../plan/plan.ts";
import type { Run } from "./run.ts";

/** Whether a stop watches now: from a step once it has ended, from a phase once it has started, from T0 at its tick. */
export function isActive(run: Run, stop: Stop): boolean {
  const { state, plan } = run;
  switch (stop.from?.kind) {
    case undefined:
      return true;
    case "step": {
      const { id } = stop.from;
      return state.attempts.some((attempt) => attempt.step === id && attempt.end !== undefined && !attempt.isUndone);
    }
    case "phase": {
      const phase = state.phases.get(stop.from.id);
      return phase !== undefined && phase.status !== "rolled-back";
    }
    case "T0": {
      const tick = plan.timeline.find((one) => one.offsetMs === 0);
      return tick !== undefined && (state.ticks.has(tick.label) || state.begun.has(tick.label));
    }
  }
}
