import { setMaxListeners } from "node:events";
import type { RollbackState } from "../state/run-state.ts";
import { afterRollback, endRun } from "./after-rollback.ts";
import { askAll } from "./checks.ts";
import { Diversion } from "./diversion.ts";
import type { Ending } from "./ending.ts";
import { escalate } from "./escalate.ts";
import { decide, ready } from "./hold.ts";
import { walkUntil } from "./phases.ts";
import { preflight } from "./preflight.ts";
import { listen } from "./requests.ts";
import { rollBack } from "./rollback.ts";
import type { Run } from "./run.ts";
import { watchStops } from "./stops.ts";
import { holdForStorage, isStorageFault } from "./storage-fault.ts";
import { lockTarget, unlockTarget } from "./target-lock.ts";
import { walkTimeline } from "./timeline.ts";
import { sleepOrChange } from "./wait-for.ts";

/** Drives a run to its end, from wherever its journal says it is. Stops and the inbox are heard all the time. */
export async function drive(run: Run): Promise<Ending> {
  await lockTarget(run);
  const over = new AbortController();
  // Every stop listens to it, and Node takes more than ten for a leak.
  setMaxListeners(0, over.signal);
  const background = [listen(run, over.signal), watchStops(run, over.signal)];
  try {
    const ending = await driveOrHold(run);
    if (hasEnded(ending)) await unlockTarget(run);
    return ending;
  } finally {
    over.abort();
    run.changed.wake();
    await Promise.all(background);
  }
}

/** A disk that takes no record is a HOLD: who cannot write down what it does begins nothing. */
async function driveOrHold(run: Run): Promise<Ending> {
  try {
    return await driveOn(run);
  } catch (error) {
    if (!isStorageFault(error)) throw error;
    return await holdForStorage(run, error);
  }
}

/** A failed rollback, a HOLD or an interrupt is not over: nobody else may change the target meanwhile. */
function hasEnded({ outcome }: Ending): boolean {
  return outcome === "SUCCEEDED" || outcome === "ROLLED_BACK" || outcome === "ABORTED";
}

async function driveOn(run: Run): Promise<Ending> {
  for (;;) {
    try {
      const { rollback } = run.state;
      if (rollback !== undefined && rollback.result === undefined) {
        throw new Diversion({ kind: "rollback", scope: rollback.scope, cause: rollback.cause });
      }
      const ended = rollback === undefined ? undefined : await settleRollback(run, rollback);
      if (ended !== undefined) return ended;
      const ending = await walk(run);
      if (ending !== undefined) return ending;
    } catch (thrown) {
      const ending = await divert(run, thrown);
      if (ending !== undefined) return ending;
    }
  }
}

/** A rollback that has ended, and nothing has followed: the end of the run, or the question what to do without the phase. */
async function settleRollback(run: Run, { scope, seq, result }: RollbackState): Promise<Ending | undefined> {
  const restarted = run.state.phases.get(scope)?.since ?? -1;
  return restarted > seq ? undefined : await afterRollback(run, scope, result === "done");
}

/** The plan from top to bottom; what is done is passed over. */
async function walk(run: Run): Promise<Ending | undefined> {
  await ready(run);
  await preflight(run);
  if (run.plan.timeline.length > 0) await walkTimeline(run);
  else for (const phase of run.plan.phases) await walkUntil(run, phase);
  await finish(run);
  return { outcome: "SUCCEEDED", reason: null };
}

async function finish(run: Run): Promise<void> {
  const { done } = run.plan;
  const since = run.state.lastSeq;
  for (;;) {
    await ready(run);
    const verdicts = await askAll(run, done.checks, { place: "done", within: "done", phase: undefined });
    const bad = [...verdicts]
      .filter(([, verdict]) => verdict !== "PASS")
      .map(([name, verdict]) => `${name} is ${verdict}`);
    if (bad.length === 0) break;
    const reason = `not done: ${bad.join(", ")}`;
    const choice = await decide(run, {
      subject: "done",
      since,
      reason,
      choices: ["again", "override", "rollback", "abort"],
    });
    if (choice === "override") break;
  }
  const complete = run.state.undos.size === 0 && !run.state.hasRolledBack;
  endRun(run, "SUCCEEDED", { complete, closable: true, reason: null });
  await watchOn(run);
}

/** After success the stops keep watching for a stated time, and can still roll back. */
async function watchOn(run: Run): Promise<void> {
  const { watchForMs } = run.plan;
  if (watchForMs === 0) return;
  const endMs = run.clock.monoMs() + watchForMs;
  run.parts.say(`watching for ${Math.round(watchForMs / 1000)} s`);
  while (run.clock.monoMs() < endMs) {
    await ready(run);
    await sleepOrChange(run, endMs - run.clock.monoMs());
  }
}

async function divert(run: Run, thrown: unknown): Promise<Ending | undefined> {
  if (!(thrown instanceof Diversion)) throw thrown;
  const { cause } = thrown;
  try {
    switch (cause.kind) {
      case "rollback": {
        const { isDone } = await rollBack(run, cause.scope, cause.cause);
        return await afterRollback(run, cause.scope, isDone);
      }
      case "aborted":
        endRun(run, "ABORTED", { complete: false, closable: false, reason: cause.reason });
        await escalate(run, `ABORTED: ${cause.reason ?? "by a person"}`);
        return { outcome: "ABORTED", reason: cause.reason };
      case "held":
        return { outcome: "HOLD", reason: run.state.hold?.reason ?? null };
      case "interrupted":
        run.urgent({
          type: "run.state",
          step: null,
          attempt: null,
          data: { state: "INTERRUPTED", reason: "by a signal" },
        });
        return { outcome: "INTERRUPTED", reason: "interrupted" };
      case "until":
        return { outcome: "UNTIL", reason: `${cause.phase} has passed` };
    }
  } catch (again) {
    if (again instanceof Diversion && again !== thrown) return divert(run, again);
    throw again;
  }
}
