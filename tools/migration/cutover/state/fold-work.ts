import type { JournalRecord, StepIntent } from "../journal/record.ts";
import { checkKey, stepKey } from "./keys.ts";
import type { Attempt, RunState } from "./run-state.ts";

/** What was done: phases, steps, checks. */
export function foldWork(state: RunState, record: JournalRecord): void {
  const name = record.step ?? "";
  const kept = { seq: record.seq, at: record.at };
  switch (record.type) {
    case "phase.start":
      state.phases.set(name, { status: "running", since: record.seq, running: record.data.running });
      return;
    case "phase.end":
      endPhase(state, name, record.data.result);
      return;
    case "step.intent":
      begin(state, record.seq, name, record.attempt ?? 1, record.data);
      return;
    case "step.spawn": {
      const attempt = openAttempt(state, name, record.attempt);
      if (attempt !== undefined) attempt.isSpawned = true;
      return;
    }
    case "step.end": {
      const attempt = openAttempt(state, name, record.attempt);
      if (attempt !== undefined) {
        attempt.end = { ...record.data, seq: record.seq };
        // Announced and never begun: as if it had never been announced.
        attempt.isUndone = record.data.result === "failed" && record.data.receipts.length === 0;
      }
      save(state, record.data.receipts);
      return;
    }
    case "step.skip":
      state.skips.set(name, { reason: record.data.reason, ...kept });
      return;
    case "check":
      state.checks.set(checkKey(record.data.place, record.data.within, name), { ...record.data, ...kept });
      save(state, record.data.receipts);
      return;
    default:
  }
}

/** Takes in values that something has saved. */
export function save(state: RunState, receipts: readonly { readonly saved: Readonly<Record<string, string>> }[]): void {
  for (const { saved } of receipts) for (const [name, value] of Object.entries(saved)) state.saved.set(name, value);
}

function begin(state: RunState, seq: number, step: string, attempt: number, intent: StepIntent): void {
  state.hasMutated = true;
  const key = stepKey(step, intent.item);
  state.attempts.push({ key, step, attempt, seq, intent, isSpawned: false, end: undefined, isUndone: false });
}

/** The try of this step that has no end; items of an `each` run one after the other, so there is only one. */
function openAttempt(state: RunState, step: string, attempt: number | null): Attempt | undefined {
  return state.attempts.findLast((one) => one.step === step && one.attempt === attempt && one.end === undefined);
}

function endPhase(state: RunState, phase: string, result: "passed" | "failed" | "rolled-back"): void {
  const before = state.phases.get(phase);
  if (before === undefined) return;
  state.phases.set(phase, { ...before, status: result });
  if (result !== "rolled-back") return;
  for (const attempt of state.attempts) if (attempt.intent.phase === phase) attempt.isUndone = true;
  for (const [key, { intent }] of state.undos) if (intent.phase === phase) state.undos.delete(key);
  state.nothingToUndo.clear();
}
