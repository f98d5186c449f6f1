import { guarded } from "./guard.ts";
import { perform } from "./perform.ts";
import type { Run } from "./run.ts";

/** Tells the people: an escalation record, and the plan's `notify` with it on stdin. A failing notify stops nothing. */
export async function escalate(run: Run, cause: string): Promise<void> {
  const { notify } = run.plan;
  run.parts.say(`ESCALATION ${cause}`);
  if (notify === undefined) {
    run.urgent({ type: "escalation", step: null, attempt: null, data: { cause, to: null, delivered: null } });
    return;
  }
  const message = JSON.stringify({
    run: run.parts.directory.id,
    plan: run.plan.id,
    cause,
    at: run.clock.wall().toISOString(),
    head: run.parts.journal.head,
  });
  const delivered = await deliver(run, notify.options.timeoutMs, message);
  run.urgent({ type: "escalation", step: null, attempt: null, data: { cause, to: "notify", delivered } });
}

async function deliver(run: Run, timeoutMs: number, message: string): Promise<boolean> {
  const { notify } = run.plan;
  if (notify === undefined) return false;
  // Somebody who cannot be reached must not hold up a rollback.
  const options = { ...notify.options, timeoutMs: Math.min(timeoutMs, 15_000) };
  const { receipt } = await guarded(run, "back", (signal) =>
    perform(run, {
      action: { ...notify, options },
      phase: undefined,
      item: undefined,
      number: run.nextNumber(),
      attempt: 1,
      vars: new Map([...run.vars(undefined), ["message", message]]),
      input: message,
      name: "notify",
      signal,
      round: -1,
    }),
  );
  return receipt.verdict === "PASS";
}
