import { isJsonObject } from "../../model/json.ts";
import type { JournalRecord } from "../journal/record.ts";
import { checksNamed } from "../plan/sets.ts";
import { ofType, type RunView } from "./run-view.ts";

/**
 * Milliseconds from the begin of the step that `pack.downtime.from` names until each check of `until` has passed again
 * (002-02); after a rollback, until each check of `restored` has. Null where the plan does not say, or it is not over.
 */
export function downtimeMs(view: RunView): number | null {
  const asked = view.plan.pack["downtime"];
  if (!isJsonObject(asked)) return view.end?.downtimeMs ?? null;
  const { from, until } = asked;
  const begun = ofType(view.records, "step.intent").find(({ step }) => step === from);
  if (begun === undefined || !Array.isArray(until)) return null;
  const back = ofType(view.records, "rollback.end").findLast(
    ({ seq, data }) => seq > begun.seq && data.result === "done",
  );
  const names = back === undefined ? until.map(String) : view.plan.restored;
  const checks = names.flatMap((name) => checksNamed(view.plan, name));
  const after = view.records.filter(({ seq }) => seq > (back?.seq ?? begun.seq));
  const passed = checks.map((name) => after.find((record) => isPass(record, name)));
  const last = passed.reduce((late, one) => (one !== undefined && one.seq > (late?.seq ?? -1) ? one : late), undefined);
  if (last === undefined || passed.includes(undefined)) return null;
  return between(begun, last);
}

/** An answer that the plan asked for; samples of stops are not kept one by one. */
function isPass(record: JournalRecord, name: string): boolean {
  return record.type === "check" && record.step === name && record.data.verdict === "PASS";
}

/** By the monotonic clock where one driver saw both; else by wall time, which is all there is. */
function between(from: JournalRecord, to: JournalRecord): number {
  const isSame = from.boot !== null && from.boot === to.boot && from.host === to.host && to.mono >= from.mono;
  return isSame ? Math.round(to.mono - from.mono) : Date.parse(to.at) - Date.parse(from.at);
}
