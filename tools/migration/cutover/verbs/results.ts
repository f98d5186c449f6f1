import type { VerbContext, VerbResult } from "./verb.ts";

/** A result without process and output; `over` says what is different. */
export function resultAt(start: Stamp, context: VerbContext, over: Partial<VerbResult>): VerbResult {
  return {
    outcome: "asked",
    reason: null,
    exit: null,
    signal: null,
    timedOut: false,
    status: null,
    rows: null,
    start: start.at,
    end: context.clock.wall().toISOString(),
    ms: Math.round(context.clock.monoMs() - start.monoMs),
    out: null,
    err: null,
    saved: {},
    notes: [],
    recovered: false,
    flip: null,
    ...over,
  };
}

/** A moment: wall time as a label, monotonic time for the duration. */
export interface Stamp {
  readonly at: string;
  readonly monoMs: number;
}

/** Now. */
export function stamp({ clock }: Pick<VerbContext, "clock">): Stamp {
  return { at: clock.wall().toISOString(), monoMs: clock.monoMs() };
}
