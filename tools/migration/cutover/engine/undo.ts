import type { Verdict } from "../journal/record.ts";
import { acknowledge } from "./acknowledge.ts";
import { ask } from "./checks.ts";
import { Diversion } from "./diversion.ts";
import { guarded } from "./guard.ts";
import { assertGoingOn, WAY_BACK } from "./hold.ts";
import { itemsOf } from "./items.ts";
import { fileProblems, keptOf } from "./kept-files.ts";
import { type Performed, perform, recover, takeBack, type Work } from "./perform.ts";
import type { Run } from "./run.ts";
import { resultOf } from "./steps.ts";
import { recordEnd } from "./storage-fault.ts";
import { fallbackUnits, stepOf, type UndoUnit } from "./undo-units.ts";

/** Takes one unit back: true once it is done, had nothing to do, or its fallback is done. */
export async function runUnit(run: Run, unit: UndoUnit): Promise<boolean> {
  if (isSettled(run, unit)) return true;
  const nothing = await nothingToDo(run, unit);
  if (nothing !== undefined) {
    run.record({ type: "undo.none", step: unit.name, attempt: null, data: { of: unit.of, reason: nothing } });
    return true;
  }
  if (await attemptUnit(run, unit, false)) return true;
  // What stands in for it would overwrite what somebody else wrote.
  if (run.state.undos.get(unit.name)?.end?.reason?.startsWith("FILE_CHANGED") === true) return false;
  const fallback = fallbackUnits(run, unit);
  for (const other of fallback) {
    if (!isSettled(run, other) && !(await attemptUnit(run, other, true))) return false;
  }
  return fallback.length > 0;
}

/** Whether a unit was done, or its fallback was. */
export function isSettled(run: Run, unit: UndoUnit): boolean {
  const isDone = (name: string): boolean =>
    run.state.nothingToUndo.has(name) || run.state.undos.get(name)?.end?.result === "done";
  const fallback = fallbackUnits(run, unit);
  return isDone(unit.name) || (fallback.length > 0 && fallback.every((other) => isDone(other.name)));
}

/** Why a unit has nothing to do: its step has not happened, or a person lets what it would stop run on. */
async function nothingToDo(run: Run, unit: UndoUnit): Promise<string | undefined> {
  if (run.state.undos.has(unit.name)) return undefined;
  const { attempt, phase, action } = unit;
  const step = attempt === undefined ? undefined : stepOf(attempt, phase);
  if (attempt !== undefined && step?.doneIf !== undefined && attempt.end?.result !== "done") {
    const item = attempt.intent.item ?? undefined;
    const verdict: Verdict = await ask(run, step.doneIf, {
      place: "done_if",
      within: phase.id,
      phase,
      name: attempt.key,
      item,
      isBack: true,
    });
    if (verdict === "FAIL") return "its done_if says that it has not happened";
  }
  if (action === undefined || action.verb.kind === "manual" || action.options.by.length === 0) return undefined;
  const wasRunning = action.was !== undefined && run.state.phases.get(phase.id)?.running[action.was] === "PASS";
  if (!action.last && !wasRunning) return undefined;
  const why = action.last ? "it loses data" : `${action.was} held already when the phase began`;
  return (await isAgreed(run, unit, why)) ? undefined : `${action.options.by.join(", ")} decided to leave it`;
}

async function isAgreed(run: Run, unit: UndoUnit, why: string): Promise<boolean> {
  const { by } = unit.action?.options ?? { by: [] };
  const loses = await lossOf(run, unit);
  const text = `undo ${unit.name} (${why}${loses}): ${unit.resolved.text}; done = do it, failed = leave it`;
  const { isDone } = await guarded(run, "asking", (signal) =>
    acknowledge(
      run,
      { name: unit.name, text, by, ask: [], item: undefined, timeoutMs: 0 },
      signal,
      run.state.rollback?.seq ?? -1,
    ),
  );
  if (run.parts.options.interrupted.aborted) throw new Diversion({ kind: "interrupted" });
  return isDone;
}

/** What the plan's check says would be lost (F47): the values it saves, or that nobody could count. */
async function lossOf(run: Run, { action, phase }: UndoUnit): Promise<string> {
  const check = action?.loses === undefined ? undefined : run.plan.checks.get(action.loses);
  if (check === undefined) return "";
  const verdict = await ask(run, check, { place: "way-back", within: phase.id, phase, isBack: true });
  const { receipts = [] } = run.state.check("way-back", phase.id, check.name) ?? {};
  const values = receipts.flatMap(({ saved }) => Object.entries(saved).map(([name, value]) => `${name}=${value}`));
  return verdict === "UNKNOWN" || values.length === 0 ? ": it could not be counted" : `: ${values.join(", ")}`;
}

/** One try, or the rest of one whose driver was killed. */
async function attemptUnit(run: Run, unit: UndoUnit, fallback: boolean): Promise<boolean> {
  assertGoingOn(run);
  const before = run.state.undos.get(unit.name);
  if (before !== undefined && before.end === undefined) {
    const found = await findOut(run, unit, before.intent.number, before.attempt);
    if (found !== undefined) return await end(run, unit, before.attempt, found);
  }
  // A failed undo is not tried again by itself: `cutover undo` is the way to do that.
  if (before?.end !== undefined && !run.isAgain(unit.name)) return before.end.result === "done";
  const attempt = (before?.attempt ?? 0) + 1;
  return await end(run, unit, attempt, await start(run, unit, attempt, fallback));
}

async function start(run: Run, unit: UndoUnit, attempt: number, fallback: boolean): Promise<Performed> {
  const { resolved, of, phase, action } = unit;
  const number = run.nextNumber();
  const timeoutMs = action?.options.timeoutMs ?? 0;
  const announce: Work["announce"] = () => {
    const data = { of, phase: phase.id, number, action: resolved, fallback, timeoutMs };
    run.record({ type: "undo.intent", step: unit.name, attempt, data });
  };
  const spawned: Work["spawned"] = (data) => {
    run.record({ type: "undo.spawn", step: unit.name, attempt, data });
  };
  return await act(run, unit, { number, attempt, announce, spawned });
}

/** Why a unit cannot bring its files back; empty for everything but a `restore`. */
export async function problemsOfFiles(run: Run, unit: UndoUnit): Promise<readonly string[]> {
  const work = workOf(run, unit, { number: 0, attempt: 1, signal: new AbortController().signal });
  return work === undefined || isSettled(run, unit) ? [] : await fileProblems(run, unit, work, isForced(run));
}

/** Whether somebody who was told of files that others wrote has said since the rollback began: go on all the same. */
function isForced(run: Run): boolean {
  const sign = run.state.decision(WAY_BACK, ["go", "leave"], run.state.rollback?.seq ?? -1);
  if (sign?.say !== "go") return false;
  const holds = run.parts.journal.records.flatMap((record) => (record.type === "hold" ? [record] : []));
  const answered = holds.findLast(({ seq, step }) => step === WAY_BACK && seq < sign.seq);
  return answered?.data.code === "FILE_CHANGED";
}

type How = Pick<Work, "number" | "attempt" | "announce" | "spawned">;

async function act(run: Run, unit: UndoUnit, how: How): Promise<Performed> {
  const isWaiting = unit.action?.verb.kind === "manual";
  const performed = await guarded(run, isWaiting ? "asking" : "back", (signal) => {
    const work = workOf(run, unit, { ...how, signal });
    if (work === undefined) return Promise.reject(new Diversion({ kind: "held" }));
    const pre = unit.attempt?.intent.preImage ?? null;
    return unit.action === undefined
      ? takeBack(run, work, { text: unit.resolved.text, preImage: pre })
      : perform(run, work);
  });
  if (isWaiting && run.parts.options.interrupted.aborted) throw new Diversion({ kind: "interrupted" });
  return performed;
}

function workOf(run: Run, unit: UndoUnit, how: How & Pick<Work, "signal">): Work | undefined {
  const { attempt, phase, vars, name } = unit;
  const step = attempt === undefined ? undefined : stepOf(attempt, phase);
  const action = unit.action ?? (step === undefined ? undefined : { ...step, name: `${step.id}.undo` });
  if (action === undefined) return undefined;
  const item = attempt?.intent.item ?? itemsOf(run, undefined, phase)[0];
  const kept = keptOf(unit, isForced(run));
  return { ...how, kept, action, phase, item, vars, name, round: run.state.rollback?.seq ?? -1 };
}

async function findOut(run: Run, unit: UndoUnit, number: number, attempt: number): Promise<Performed | undefined> {
  const pre = unit.attempt?.intent.preImage ?? null;
  // Going back by compare and swap is safe to do again.
  if (unit.action === undefined || unit.action.verb.kind === "restore") return undefined;
  const isWaiting = unit.action.verb.kind === "manual";
  return await guarded(run, isWaiting ? "asking" : "back", async (signal) => {
    const work = workOf(run, unit, { number, attempt, signal });
    return work === undefined ? undefined : recover(run, work, { text: unit.resolved.text, preImage: pre });
  });
}

async function end(run: Run, unit: UndoUnit, attempt: number, { receipt, flip }: Performed): Promise<boolean> {
  if (flip !== null) await recordEnd(run, { type: "flip", step: unit.name, attempt, data: flip });
  const result = resultOf(receipt.verdict);
  const reason = result === "done" ? null : (receipt.notes[0] ?? null);
  await recordEnd(run, {
    type: "undo.end",
    step: unit.name,
    attempt,
    data: { of: unit.of, result, reason, receipts: [receipt] },
  });
  run.parts.say(`undo ${result.padEnd(7)} ${unit.name}${reason === null ? "" : `: ${reason}`}`);
  return result === "done";
}
