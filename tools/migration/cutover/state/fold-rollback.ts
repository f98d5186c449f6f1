import type { JournalRecord } from "../journal/record.ts";
import type { RunState } from "./run-state.ts";

/** What was taken back. */
export function foldRollback(state: RunState, record: JournalRecord): void {
  const name = record.step ?? "";
  const { seq } = record;
  switch (record.type) {
    case "rollback.start":
      state.rollback = { ...record.data, seq, result: undefined, left: [] };
      state.mode = "ROLLING_BACK";
      state.hasRolledBack = true;
      // A stop can still take a success back; the run then ends once more.
      state.end = undefined;
      state.isWatching = false;
      state.hold = undefined;
      return;
    case "rollback.end":
      if (state.rollback === undefined) return;
      state.rollback.result = record.data.result;
      state.rollback.left = record.data.left;
      return;
    case "undo.intent":
      state.undos.set(name, {
        key: name,
        attempt: record.attempt ?? 1,
        seq,
        intent: record.data,
        end: undefined,
      });
      return;
    case "undo.end": {
      const undo = state.undos.get(name);
      if (undo !== undefined) undo.end = { ...record.data, seq };
      return;
    }
    case "undo.none":
      state.nothingToUndo.add(name);
      return;
    default:
  }
}
