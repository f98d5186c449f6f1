import type { JournalRecord } from "../journal/record.ts";
import { foldPeople } from "./fold-people.ts";
import { foldRollback } from "./fold-rollback.ts";
import { foldWatch } from "./fold-watch.ts";
import { foldWork } from "./fold-work.ts";
import type { RunState } from "./run-state.ts";

/** Takes a record into what is known of a run; each part knows its own types. */
export function fold(state: RunState, record: JournalRecord): void {
  foldRun(state, record);
  foldPeople(state, record);
  foldWork(state, record);
  foldWatch(state, record);
  foldRollback(state, record);
}

/** The run as a whole. */
function foldRun(state: RunState, record: JournalRecord): void {
  const kept = { seq: record.seq, at: record.at };
  switch (record.type) {
    case "run.start":
      state.start = { ...record.data, ...kept };
      state.ruling = { sha256: record.data.planSha256, before: undefined };
      return;
    case "run.armed":
      state.t0 = record.data.t0;
      state.lists = record.data.lists;
      return;
    case "run.state":
      state.mode = record.data.state;
      state.isWatching = record.data.state === "WATCHING";
      if (record.data.state !== "HOLD") leaveHold(state, record);
      if (record.data.state === "TICK") state.begun.set(record.step ?? "", record.seq);
      return;
    case "run.end":
      state.end = { ...record.data, ...kept };
      state.mode = record.data.outcome;
      state.hold = undefined;
      return;
    case "run.resume":
      if (state.mode === "INTERRUPTED") state.mode = "RUNNING";
      leaveStorageHold(state);
      return;
    case "lock":
      state.fence = record.data.fence;
      return;
    default:
  }
}

/** Whoever leaves a HOLD by its name has an answer to it. */
function leaveHold(state: RunState, { seq, step }: JournalRecord): void {
  const { hold } = state;
  if (hold !== undefined && hold.subject === step) state.answered.push({ seq, checks: hold.checks ?? [] });
  state.hold = undefined;
}

/** A HOLD for a full disk asks nobody anything: going on is the answer. */
function leaveStorageHold(state: RunState): void {
  if (state.hold?.subject !== "storage") return;
  state.hold = undefined;
  state.mode = "RUNNING";
}
