import type { StepResult, Verdict } from "../journal/record.ts";
import type { Step } from "../plan/action.ts";
import type { Phase } from "../plan/plan.ts";
import { stepKey } from "../state/keys.ts";
import type { Attempt } from "../state/run-state.ts";
import { ask } from "./checks.ts";
import { Diversion, WHOLE_RUN } from "./diversion.ts";
import { requireGo } from "./final-go.ts";
import { guarded } from "./guard.ts";
import { decide, ready } from "./hold.ts";
import { itemsOf, skipOf } from "./items.ts";
import { keepBefore, leftAfter } from "./kept-files.ts";
import { namedFiles } from "./named-files.ts";
import { type Performed, perform, recover, type Work } from "./perform.ts";
import { resolveUndo } from "./resolve-undo.ts";
import type { Run } from "./run.ts";
import { recordEnd } from "./storage-fault.ts";

/** Why an attempt has no receipt: it was announced and never begun. */
export const NEVER_BEGAN = "the driver was killed before it began";

const CHOICES = ["again", "done", "rollback-phase", "rollback", "abort"];

/** One item of a step in its phase. */
interface Task {
  readonly step: Step;
  readonly phase: Phase;
  readonly item: string | undefined;
  readonly key: string;
}

/** Takes a step to its end: done, left out, or decided so by a person. Each item of a list is a step of its own. */
export async function walkStep(run: Run, phase: Phase, step: Step): Promise<void> {
  const skip = skipOf(run, step, phase);
  if (skip !== undefined) {
    if (!run.state.skips.has(step.id)) run.record({ type: "step.skip", step: step.id, attempt: null, data: skip });
    return;
  }
  for (const item of itemsOf(run, step.options.each, phase)) {
    await walkItem(run, { step, phase, item, key: stepKey(step.id, item ?? null) });
  }
}

async function walkItem(run: Run, task: Task): Promise<void> {
  for (;;) {
    const last = run.state.lastAttempt(task.key);
    if (last === undefined) await begin(run, task);
    else if (last.end === undefined) await findOut(run, task, last);
    else if (last.end.result === "done") return;
    else if (last.end.result === "failed") {
      if ((await afterFailure(run, task, last.end.seq, last.end.reason)) === "done") return;
      await begin(run, task);
    } else if (await isDone(run, task, last.end.seq)) return;
    else await begin(run, task);
  }
}

/** A new try: announced with its undo, done, and its end written down. */
async function begin(run: Run, task: Task): Promise<void> {
  await ready(run);
  await requireGo(run, task.step);
  const { step, phase, item } = task;
  const attempt = run.state.tries(task.key) + 1;
  const number = run.nextNumber();
  let isAnnounced = false;
  const announce: Work["announce"] = ({ text, preImage }) => {
    isAnnounced = true;
    const { verb, options } = step;
    const data = {
      phase: phase.id,
      number,
      say: options.say ?? null,
      verb: verb.kind,
      text,
      on: "on" in verb ? (verb.on ?? null) : null,
      item: item ?? null,
      timeoutMs: options.timeoutMs,
      undo: resolveUndo(run, step, phase, item),
      preImage,
      files: namedFiles(run.parts.root, text),
    };
    run.record({ type: "step.intent", step: step.id, attempt, data });
  };
  const spawned: Work["spawned"] = (data) => {
    run.record({ type: "step.spawn", step: step.id, attempt, data });
  };
  const performed = await doGuarded(run, task, { number, attempt, announce, spawned });
  if (isAnnounced) await end(run, task, attempt, performed);
  else await refused(run, task, performed);
}

async function doGuarded(
  run: Run,
  task: Task,
  how: Pick<Work, "number" | "attempt" | "announce" | "spawned">,
): Promise<Performed> {
  const { step, phase, item } = task;
  const isWaiting = step.verb.kind === "manual" || step.verb.kind === "wait";
  const performed = await guarded(run, isWaiting ? "waiting" : "forward", (signal) => {
    const work = { ...how, action: step, phase, item, name: step.id, signal, round: roundOf(run, phase) };
    return perform(run, { ...work, keep: (intent) => keepBefore(run, step, task.key, work, intent) });
  });
  // Nothing ran: it is still waited for when the run is resumed.
  if (isWaiting && run.parts.options.interrupted.aborted) throw new Diversion({ kind: "interrupted" });
  return performed;
}

function roundOf(run: Run, phase: Phase): number {
  return run.state.phases.get(phase.id)?.since ?? -1;
}

/** A driver before this one announced it: what came of it? */
async function findOut(run: Run, task: Task, { attempt, intent }: Attempt): Promise<void> {
  const { step, phase, item } = task;
  const isWaiting = step.verb.kind === "manual";
  const found = await guarded(run, isWaiting ? "waiting" : "forward", (signal) =>
    recover(
      run,
      { action: step, phase, item, number: intent.number, attempt, name: step.id, signal, round: roundOf(run, phase) },
      { text: intent.text, preImage: intent.preImage },
    ),
  );
  if (isWaiting && run.parts.options.interrupted.aborted) throw new Diversion({ kind: "interrupted" });
  if (found !== undefined) {
    await end(run, task, attempt, found);
    return;
  }
  const data = { result: "failed", reason: NEVER_BEGAN, receipts: [] } as const;
  run.record({ type: "step.end", step: step.id, attempt, data });
}

async function end(run: Run, task: Task, attempt: number, { receipt, flip }: Performed): Promise<void> {
  const { step, key, phase, item } = task;
  if (flip !== null) await recordEnd(run, { type: "flip", step: step.id, attempt, data: flip });
  const result = resultOf(receipt.verdict);
  const reason = result === "done" ? null : (receipt.notes[0] ?? null);
  const signal = new AbortController().signal;
  const work = { action: step, phase, item, number: 0, attempt, name: step.id, signal, round: -1 };
  const left = await leftAfter(run, work, run.state.lastAttempt(key)?.intent.preImage ?? null);
  const data = { result, reason, receipts: [receipt], ...(left === undefined ? {} : { left }) };
  await recordEnd(run, { type: "step.end", step: step.id, attempt, data });
  run.parts.say(`${result.padEnd(7)} ${key}${reason === null ? "" : `: ${reason}`}`);
}

/** The result of a step by the verdict on it. */
export function resultOf(verdict: Verdict): StepResult {
  if (verdict === "PASS") return "done";
  return verdict === "FAIL" ? "failed" : "unknown";
}

/** It was refused before anything was announced: nothing has happened, so there is nothing to undo. */
async function refused(run: Run, task: Task, { receipt }: Performed): Promise<void> {
  const reason = receipt.notes[0] ?? "refused";
  const text = `${task.key} was refused: ${reason}`;
  const { seq } = run.record({ type: "note", step: task.step.id, attempt: null, data: { code: "OTHER", text } });
  if ((await afterFailure(run, task, seq, reason)) === "again") return;
  await accept(run, task, "a person decided that it is done");
}

/** Without an attempt in the journal a refused step would begin again: the decision is written as its end. */
async function accept(run: Run, { step, phase, item, key }: Task, reason: string): Promise<void> {
  const attempt = run.state.tries(key) + 1;
  const data = {
    phase: phase.id,
    number: run.nextNumber(),
    say: step.options.say ?? null,
    verb: step.verb.kind,
    text: reason,
    on: null,
    item: item ?? null,
    timeoutMs: 0,
    undo: { none: "it did not run here", actions: [] },
    preImage: null,
    files: [],
  };
  run.record({ type: "step.intent", step: step.id, attempt, data });
  run.record({ type: "step.end", step: step.id, attempt, data: { result: "done", reason, receipts: [] } });
}

async function afterFailure(run: Run, { phase, key }: Task, since: number, reason: string | null): Promise<string> {
  const why = reason ?? "failed";
  await ready(run);
  if (phase.onFail !== "hold") {
    const scope = phase.onFail === "rollback" ? WHOLE_RUN : phase.id;
    throw new Diversion({ kind: "rollback", scope, cause: `${key}: ${why}` });
  }
  return await decide(run, { subject: key, since, reason: why, choices: CHOICES });
}

/** Nobody saw its end: `done_if` is asked, `redo` may run twice, else a person decides. */
async function isDone(run: Run, task: Task, since: number): Promise<boolean> {
  const { step, phase, item, key } = task;
  if (step.doneIf !== undefined) {
    const asked = run.state.check("done_if", phase.id, key, since)?.verdict;
    const verdict =
      asked ?? (await ask(run, step.doneIf, { place: "done_if", within: phase.id, phase, name: key, item }));
    if (verdict !== "UNKNOWN") return verdict === "PASS";
  } else if (step.redo) return false;
  const reason = `nobody knows whether it happened: ${run.state.lastAttempt(key)?.end?.reason ?? "its end was not seen"}`;
  return (await decide(run, { subject: key, since, reason, choices: CHOICES })) === "done";
}
