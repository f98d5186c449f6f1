import { NO_RECORDS, sealRecord } from "../journal/chain.ts";
import type { CutoverRecord, JournalRecord } from "../journal/record.ts";
import { RECORD_VERSION } from "../journal/record.ts";
import type { RunJournal } from "./run.ts";

/** A journal that nobody keeps: for a dry run, which leaves no run behind. */
export function memoryJournal(id: string): RunJournal {
  const records: JournalRecord[] = [];
  let head = NO_RECORDS;
  const append = (body: CutoverRecord): JournalRecord => {
    const fields = {
      v: RECORD_VERSION,
      seq: head.seq + 1,
      prev: head.hash,
      run: id,
      at: "",
      mono: 0,
      boot: null,
      host: "",
      user: "",
    };
    const { record } = sealRecord(fields, body);
    head = { seq: record.seq, hash: record.hash };
    records.push(record);
    return record;
  };
  return {
    records,
    get head() {
      return head;
    },
    append,
    appendUrgent: append,
    close: () => {},
  };
}
