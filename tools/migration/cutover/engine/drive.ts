import { setMaxListeners } from "node:events";
import type { RollbackState } from "../state/run-state.ts";
import { afterRollback, endRun, writeEnd } from "./after-rollback.ts";
import { askAll } from "./checks.ts";
import { Diversion } from "./diversion.ts";
import type { Ending } from "./ending.ts";
import { escalateOnce } from "./escalate.ts";
import { explainCommits } from "./freeze.ts";
import { decide, passes, ready } from "./hold.ts";
import { keepHeads } from "./keep-heads.ts";
import { endLeftReads } from "./left-reads.ts";
import { walkUntil } from "./phases.ts";
import { preflight } from "./preflight.ts";
import { listen } from "./requests.ts";
import { rollBack } from "./rollback.ts";
import type { Run } from "./run.ts";
import { tellOfStops, watchStops } from "./stops.ts";
import { holdForStorage, isStorageFault } from "./storage-fault.ts";
import { lockTarget, unlockTarget } from "./target-lock.ts";
import { walkTimeline } from "./timeline.ts";
import { sleepOrChange } from "./wait-for.ts";

/** Drives a run to its end, from wherever its journal says it is. Stops and the inbox are heard all the time. */
export async function drive(run: Run): Promise<Ending> {
  await lockTarget(run, endUnbegun);
  await endLeftReads(run);
  const over = new AbortController();
  // Every stop listens to it, and Node takes more than ten for a leak.
  setMaxListeners(0, over.signal);
  const background = [listen(run, over.signal), watchStops(run, over.signal)];
  try {
    run.beside(tellOfStops(run));
    return await driveOrHold(run);
  } finally {
    over.abort();
    run.changed.wake();
    await Promise.all(background);
  }
}

/** A run that another one keeps from its very start is over: left open, no command would know which of the two is meant. */
function endUnbegun(run: Run): void {
  if (run.state.t0 !== undefined || run.state.phases.size > 0) return;
  writeEnd(run, "ABORTED", { complete: false, closable: false, reason: "another run holds the lock on the target" });
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

async function driveOn(run: Run): Promise<Ending> {
  for (;;) {
    try {
      const { rollback } = run.state;
      if (rollback !== undefined && rollback.result === undefined) {
        throw new Diversion({ kind: "rollback", scope: rollback.scope, cause: rollback.cause });
      }
      const ended = rollback === undefined ? undefined : await settleRollback(run, rollback);
      if (ended !== undefined) return ended;
      const ending = run.state.end === undefined ? await walk(run) : await watchOn(run, run.state.end.at);
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
  if (!run.parts.journal.records.some(({ type }) => type === "heads")) keepHeads(run, "the start");
  if (run.plan.timeline.length > 0) await walkTimeline(run);
  else for (const phase of run.plan.phases) await walkUntil(run, phase);
  await explainCommits(run);
  await untilDone(run);
  return await succeed(run);
}

async function untilDone(run: Run): Promise<void> {
  const { done } = run.plan;
  const since = run.state.lastSeq;
  for (;;) {
    await ready(run);
    const verdicts = await askAll(run, done.checks, { place: "done", within: "done", phase: undefined });
    const bad = [...verdicts].filter(([, verdict]) => verdict !== "PASS");
    if (bad.length === 0) return passes(run, "done");
    const reason = `not done: ${bad.map(([name, verdict]) => `${name} is ${verdict}`).join(", ")}`;
    const choice = await decide(run, {
      subject: "done",
      since,
      reason,
      choices: ["again", "override", "rollback", "abort"],
      checks: bad.map(([name]) => name),
    });
    if (choice === "override") return;
  }
}

async function succeed(run: Run): Promise<Ending> {
  const complete = run.state.undos.size === 0 && !run.state.hasRolledBack;
  const data = { complete, closable: true, reason: null };
  if (run.plan.watchForMs === 0) {
    await endRun(run, "SUCCEEDED", data);
    return { outcome: "SUCCEEDED", reason: null };
  }
  const reason = `for ${Math.round(run.plan.watchForMs / 1000)} s`;
  run.record({ type: "run.state", step: null, attempt: null, data: { state: "WATCHING", reason } });
  writeEnd(run, "SUCCEEDED", data);
  return await watchOn(run, run.clock.wall().toISOString());
}

/** After success the stops keep watching for a stated time, and can still roll back. */
async function watchOn(run: Run, since: string): Promise<Ending> {
  const leftMs = Date.parse(since) + run.plan.watchForMs - run.clock.wall().getTime();
  const endMs = run.clock.monoMs() + Math.min(leftMs, run.plan.watchForMs);
  if (leftMs > 0) run.parts.say(`watching for ${Math.round(leftMs / 1000)} s`);
  for (;;) {
    await ready(run);
    if (run.clock.monoMs() >= endMs) break;
    await sleepOrChange(run, endMs - run.clock.monoMs());
  }
  await unlockTarget(run);
  run.record({ type: "run.state", step: null, attempt: null, data: { state: "SUCCEEDED", reason: "watched" } });
  return { outcome: "SUCCEEDED", reason: null };
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
        await escalateOnce(run, `ABORTED: ${cause.reason ?? "by a person"}`, -1);
        await endRun(run, "ABORTED", { complete: false, closable: false, reason: cause.reason });
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
