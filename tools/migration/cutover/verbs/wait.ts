import type { Verb } from "../plan/action.ts";
import { durationText } from "../plan/durations.ts";
import { resultAt, stamp } from "./results.ts";
import type { VerbDriver } from "./verb.ts";

type Wait = Extract<Verb, { kind: "wait" }>;

/** `wait`: at least that long. */
export const waitDriver: VerbDriver<Wait> = {
  prepare: async (verb) => ({ text: durationText(verb.ms), preImage: null }),
  run: async (verb, context) => {
    const start = stamp(context);
    await context.clock.sleep(verb.ms, context.signal);
    if (!context.signal.aborted) return resultAt(start, context, { exit: 0 });
    return resultAt(start, context, { outcome: "failed", reason: "ended before its time" });
  },
  // A wait that was cut short waits again in full.
  recover: async () => undefined,
};
