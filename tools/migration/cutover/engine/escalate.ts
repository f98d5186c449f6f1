import { rmSync } from "node:fs";
import { MigrationError } from "../../model/errors.ts";
import type { CutoverRecord } from "../journal/record.ts";
import { guarded } from "./guard.ts";
import { perform } from "./perform.ts";
import type { Run } from "./run.ts";

/**
 * Tells the people: an escalation record, and the plan's `notify` with it on stdin. A failing notify stops nothing.
 * `folder` takes its files, and is removed, where the run folder cannot (F63).
 */
export async function escalate(run: Run, cause: string, folder?: string): Promise<void> {
  const { notify } = run.plan;
  run.parts.say(`ESCALATION ${cause}`);
  if (notify === undefined) {
    recordTold(run, { cause, to: null, delivered: null });
    return;
  }
  const message = JSON.stringify({
    run: run.parts.directory.id,
    plan: run.plan.id,
    cause,
    at: run.clock.wall().toISOString(),
    head: run.parts.journal.head,
  });
  const delivered = await deliver(run, notify.options.timeoutMs, message, folder);
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  recordTold(run, { cause, to: "notify", delivered });
}

/** Who was told was told, also where there is no room to say so. */
function recordTold(run: Run, data: Extract<CutoverRecord, { type: "escalation" }>["data"]): void {
  try {
    run.urgent({ type: "escalation", step: null, attempt: null, data });
  } catch (error) {
    if (!(error instanceof MigrationError) || error.code === "INTERNAL") throw error;
  }
}

/** The same, unless it was told since this record: a driver may be killed between what happened and the telling. */
export async function escalateOnce(run: Run, cause: string, since: number): Promise<void> {
  if (!run.state.told.some((one) => one.seq > since && one.cause === cause)) await escalate(run, cause);
}

async function deliver(run: Run, timeoutMs: number, message: string, folder?: string): Promise<boolean> {
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
      ...(folder === undefined ? {} : { folder }),
    }),
  );
  return receipt.verdict === "PASS";
}
