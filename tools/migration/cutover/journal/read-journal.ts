import { readFileSync } from "node:fs";
import { MigrationError, systemCode } from "../../model/errors.ts";
import { toStoreError } from "../../stores/atomic-file.ts";
import { type Head, NO_RECORDS, readRecord } from "./chain.ts";
import { readHead } from "./head-file.ts";
import type { JournalRecord } from "./record.ts";
import type { RunDirectory } from "./run-directory.ts";

/** Everything that reading a journal can tell; nothing is changed. */
export interface JournalContent {
  readonly records: readonly JournalRecord[];
  readonly head: Head;
  /** Bytes up to the last whole record. */
  readonly sizeBytes: number;
  /** What a write that was cut off left behind the last record. */
  readonly torn: Buffer;
  /** True when HEAD is missing, not whole, or behind; harmless, and repaired by the next driver. */
  readonly isHeadBehind: boolean;
}

/**
 * Reads and verifies the journal of a run. JOURNAL_DAMAGED names the first bad record; EVIDENCE_TRUNCATED says that
 * HEAD knows of records that are not there.
 */
export function readJournal(run: RunDirectory): JournalContent {
  const bytes = readBytes(run.journal);
  const anchor = readHead(run.head);
  const records: JournalRecord[] = [];
  let head = NO_RECORDS;
  let from = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
    const record = readRecord(bytes.toString("utf8", from, end), head, run.id);
    if (typeof record === "string") {
      // The last line, and HEAD does not know it: a write that did not come to its end, on a disk that writes out of order.
      if (end === bytes.length - 1 && (anchor?.seq ?? head.seq) <= head.seq) break;
      throw damaged(head.seq + 1, record);
    }
    records.push(record);
    if (anchor?.seq === record.seq && anchor.hash !== record.hash) {
      throw damaged(record.seq, "HEAD holds another hash for it");
    }
    head = { seq: record.seq, hash: record.hash };
    from = end + 1;
  }
  if (anchor !== undefined && anchor.seq > head.seq) throw truncated(head.seq, anchor);
  const isHeadBehind = anchor === undefined || anchor.seq < head.seq;
  return { records, head, sizeBytes: from, torn: bytes.subarray(from), isHeadBehind };
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return Buffer.alloc(0);
    throw toStoreError(error, "Reading the journal");
  }
}

function damaged(seq: number, why: string): MigrationError {
  return new MigrationError("JOURNAL_DAMAGED", {
    message: `Record ${seq} of the journal cannot be trusted: ${why}.`,
    remedy: "Keep a copy of the run folder, and bring journal.jsonl back from a copy that is whole.",
  });
}

function truncated(last: number, anchor: Head): MigrationError {
  return new MigrationError("EVIDENCE_TRUNCATED", {
    message: `Evidence truncated: HEAD names record ${anchor.seq}, but the journal ends with record ${last}.`,
    remedy: "Keep a copy of the run folder, and bring journal.jsonl back from a copy that is whole.",
  });
}
