import type { ErrorCode } from "../../model/errors.ts";
import type { JournalRecord, Receipt } from "../journal/record.ts";
import type { Plan, RunKeys } from "../plan/plan.ts";

/** What messages about receipts without a proper run key begin with. */
export const RECEIPT_INVALID: ErrorCode = "RECEIPT_INVALID";

/**
 * X22: commands that must leave a run key and did not, or left one that is not of its form; a sentence each. The last
 * answer counts where something was asked again, and only what passed is evidence.
 */
export function runKeyProblems(plan: Plan, records: readonly JournalRecord[]): readonly string[] {
  const { runKeys } = plan;
  if (runKeys === undefined) return [];
  const last = new Map<string, JournalRecord>();
  for (const record of records) {
    if (receiptsOf(record).length === 0) continue;
    const place = record.type === "check" ? `${record.data.place} ${record.data.within}` : record.type;
    const items = receiptsOf(record).map(({ item }) => item ?? "");
    last.set(JSON.stringify([place, record.step, record.type === "check" ? [] : items]), record);
  }
  return [...last.values()].flatMap((record) =>
    receiptsOf(record).flatMap((receipt) => {
      const problem = problemOf(runKeys, receipt);
      return problem === undefined ? [] : [`record ${record.seq}, ${record.step ?? ""}: ${problem}`];
    }),
  );
}

function receiptsOf(record: JournalRecord): readonly Receipt[] {
  const has = record.type === "check" || record.type === "step.end" || record.type === "undo.end";
  return has ? record.data.receipts : [];
}

function problemOf({ harvest, of, form }: RunKeys, { verdict, text, harvested }: Receipt): string | undefined {
  if (verdict !== "PASS" || !new RegExp(of.source, of.flags).test(text)) return undefined;
  const keys = harvested[harvest] ?? [];
  if (keys.length === 0) return "its output names no run key";
  const bad = keys.find((key) => !new RegExp(form.source, form.flags).test(key));
  return bad === undefined ? undefined : `the run key ${bad} is not of the form ${form.source}`;
}
