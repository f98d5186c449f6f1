import type { JsonObject } from "../../model/json.ts";
import type { JournalRecord } from "../journal/record.ts";
import { save } from "./fold-work.ts";
import type { RunState } from "./run-state.ts";

/** What people were asked and told, and what they said. */
export function foldPeople(state: RunState, record: JournalRecord): void {
  const kept = { seq: record.seq, at: record.at };
  switch (record.type) {
    case "hold":
      state.mode = "HOLD";
      state.hold = { ...record.data, seq: record.seq, subject: record.step ?? "run" };
      return;
    case "sign":
      state.signs.push({ ...record.data, ...kept });
      if (record.data.say === "done") save(state, [{ saved: record.data.fields }]);
      return;
    case "escalation":
      state.told.push({ seq: record.seq, cause: record.data.cause });
      return;
    case "request":
      state.requests.add(record.data.id);
      ask(state, record.seq, record.data);
      return;
    case "deviation":
      state.deviations.push({ ...record.data, ...kept });
      if (record.data.plan !== null) {
        state.ruling = { sha256: record.data.plan.after, before: record.data.plan.before };
      }
      return;
    default:
  }
}

function ask(state: RunState, seq: number, { command, body }: { readonly command: string; readonly body: JsonObject }) {
  if (command !== "hold" && command !== "rollback") return;
  const { scope, reason } = body;
  state.asked.push({
    seq,
    command,
    scope: typeof scope === "string" ? scope : "run",
    reason: typeof reason === "string" ? reason : command,
  });
}
