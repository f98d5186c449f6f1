import type { Verb } from "../plan/action.ts";
import { resultAt, stamp } from "./results.ts";
import { fill, fillShown } from "./values.ts";
import type { VerbContext, VerbDriver, VerbResult } from "./verb.ts";

type Manual = Extract<Verb, { kind: "manual" }>;

/** `manual`: done once every role it names has said so; a signature given before a crash counts. Without `timeout` it waits for ever. */
export const manualDriver: VerbDriver<Manual> = {
  prepare: async (verb, context) => ({ text: fillShown(verb.text, context), preImage: null }),
  run: ask,
  recover: ask,
};

async function ask(verb: Manual, context: VerbContext): Promise<VerbResult> {
  const start = stamp(context);
  const item = context.vars.get("item");
  const asked = {
    name: context.name,
    text: fill(verb.text, context),
    by: context.by,
    ask: verb.ask,
    item: typeof item === "string" ? item : undefined,
    timeoutMs: context.timeoutMs,
  };
  const { isDone, reason, fields, timedOut } = await context.acknowledge(asked);
  return resultAt(start, context, {
    outcome: isDone ? "asked" : "failed",
    exit: isDone ? 0 : 1,
    reason,
    timedOut,
    saved: fields,
  });
}
