import type { JournalRecord } from "../../tools/migration/cutover/journal/record.ts";
import type { Played } from "./play.ts";

/** The sentences whose condition does not hold. */
export function failing(claims: Readonly<Record<string, boolean>>): readonly string[] {
  return Object.entries(claims)
    .filter(([, holds]) => !holds)
    .map(([claim]) => `not so: ${claim}`);
}

/** How often a record of this type stands in the journal, of one step where it is named. */
export function count(played: Played, type: JournalRecord["type"], step?: string): number {
  return played.records.filter((record) => record.type === type && (step === undefined || record.step === step)).length;
}

/** True for the end of this step. */
export function ends(record: JournalRecord, step: string): boolean {
  return record.type === "step.end" && record.step === step;
}

/** True once, when `when` holds for the first time. */
export function once(when: (record: JournalRecord) => boolean): (record: JournalRecord) => boolean {
  let isOver = false;
  return (record) => {
    if (isOver || !when(record)) return false;
    isOver = true;
    return true;
  };
}
