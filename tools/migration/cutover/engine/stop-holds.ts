import type { JournalRecord } from "../journal/record.ts";
import type { Stop } from "../plan/plan.ts";
import { checksNamed } from "../plan/sets.ts";
import type { RunState } from "../state/run-state.ts";
import type { Run } from "./run.ts";

type Fire = RunState["fires"][number];

/** Stops that fired `hold` and that nobody has answered, each once, oldest first. */
export function openFires(run: Run): readonly Fire[] {
  const open = run.state.fires.filter((one) => one.acted && one.action === "hold" && !isAnswered(run, one));
  return open.filter((one, at) => open.findIndex(({ stop }) => stop === one.stop) === at);
}

/** True for checks that somebody is asked about; a stop without any is about something else. */
export function isAbout(checks: readonly string[] = [], asked: readonly string[]): boolean {
  return checks.length > 0 && checks.every((check) => asked.includes(check));
}

/** The last record in which somebody answered for this stop, or for one of its checks; -1 for none. */
export function lastAnswer({ plan, state }: Run, stop: Stop): number {
  const go = state.decision(`stop:${stop.id}`, ["go"], -1)?.seq ?? -1;
  if (stop.source.kind !== "use") return go;
  const names = stop.source.checks.flatMap((name) => checksNamed(plan, name));
  return Math.max(go, state.answered.findLast(({ checks }) => checks.some((one) => names.includes(one)))?.seq ?? -1);
}

/**
 * One answer is enough for one outage: it counts until somebody has seen the stop or its checks good, or a rollback has begun.
 * What a driver after this one finds still bad needs no second one, what gets bad anew does.
 */
function isAnswered(run: Run, fire: Fire): boolean {
  const since = fire.sign === null ? goodBefore(run, fire) : fire.seq;
  return (
    run.state.decision(`stop:${fire.stop}`, ["go"], since) !== undefined ||
    run.state.answered.some(({ seq, checks }) => seq > since && isAbout(fire.checks, checks))
  );
}

function goodBefore({ parts }: Run, fire: Fire): number {
  return parts.journal.records.findLast((one) => one.seq < fire.seq && isGood(one, fire))?.seq ?? -1;
}

function isGood({ type, step, data }: JournalRecord, fire: Fire): boolean {
  if (type === "rollback.start") return true;
  if (type === "stop.sample") return step === fire.stop && data.verdict === "PASS" && !data.bad;
  return type === "check" && data.verdict === "PASS" && fire.checks?.includes(step ?? "") === true;
}
