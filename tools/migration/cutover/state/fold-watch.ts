import type { JournalRecord } from "../journal/record.ts";
import type { RunState } from "./run-state.ts";

/** What was watched and compared: gates, ticks, stops, the baseline, the commits. */
export function foldWatch(state: RunState, record: JournalRecord): void {
  const name = record.step ?? "";
  const kept = { seq: record.seq, at: record.at };
  switch (record.type) {
    case "gate":
      state.gates.set(name, { ...record.data, ...kept });
      return;
    case "tick":
      state.ticks.set(name, { ...record.data, ...kept });
      return;
    case "stop.fire":
      state.fires.push({ ...record.data, ...kept, stop: name });
      if (record.data.action === "pause" && record.data.acted) state.paused.add(name);
      return;
    case "stop.sample":
      if (!record.data.bad && record.data.verdict === "PASS") state.paused.delete(name);
      return;
    case "baseline":
      state.baseline = record.data;
      return;
    case "heads":
      state.heads.set(record.data.moment, record.data.heads);
      return;
    default:
  }
}
