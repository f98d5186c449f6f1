import type { Context } from "../../operations/context.ts";
import type { VerbContext } from "./verb.ts";

/** A run as an operation of the toolkit knows it: no screen, the clock of the run. */
export function operationContext({ root, clock, signal }: VerbContext): Context {
  return { root, clock: clock.wall, signal, progress: { stage: () => {}, advance: () => {}, end: () => {} } };
}

/** How changes of this run mark what they leave on disk, with a point of the crash tests after each. */
export function flipMarks({ runId, crashPoint }: VerbContext): { tag: string; onStep: (step: string) => void } {
  return { tag: runId.replaceAll(/[^A-Za-z0-9._-]/g, "_"), onStep: (step) => crashPoint(`flip.${step}`) };
}
