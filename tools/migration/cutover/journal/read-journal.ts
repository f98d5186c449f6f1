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

/** A journal as far as it can be trusted. */
export interface ScannedJournal extends JournalContent {
  /** JOURNAL_DAMAGED naming the first bad record, or EVIDENCE_TRUNCATED where HEAD knows of records that are not there. */
  readonly problem: MigrationError | undefined;
}

/** Reads and verifies the journal of a run; JOURNAL_DAMAGED or EVIDENCE_TRUNCATED where it cannot be trusted. */
export function readJournal(run: RunDirectory): JournalContent {
  const { problem, ...content } = scanJournal(run);
  if (problem !== undefined) throw problem;
  return content;
}

/** As `readJournal`, but gives what comes before the first problem, and the problem. */
export function scanJournal(run: RunDirectory): ScannedJournal {
  const bytes = readBytes(run.journal);
  const anchor = readHead(run.head);
  const records: JournalRecord[] = [];
  let head = NO_RECORDS;
  let from = 0;
  let problem: MigrationError | undefined;
  for (let end = bytes.indexOf(10); end >= 0 && problem === undefined; end = bytes.indexOf(10, from)) {
    const record = readRecord(bytes.toString("utf8", from, end), head, run.id);
    if (typeof record === "string") {
      // The last line, and HEAD does not know it: a write that did not come to its end, on a disk that writes out of order.
      if (end === bytes.length - 1 && (anchor?.seq ?? head.seq) <= head.seq) break;
      problem = damaged(run, head.seq + 1, record);
    } else if (anchor?.seq === record.seq && anchor.hash !== record.hash) {
      problem = damaged(run, record.seq, "HEAD holds another hash for it");
    } else {
      records.push(record);
      head = { seq: record.seq, hash: record.hash };
      from = end + 1;
    }
  }
  if (problem === undefined && anchor !== undefined && anchor.seq > head.seq)
    problem = truncated(run, head.seq, anchor);
  const isHeadBehind = anchor === undefined || anchor.seq < head.seq;
  return { records, head, sizeBytes: from, torn: bytes.subarray(from), isHeadBehind, problem };
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return Buffer.alloc(0);
    throw toStoreError(error, "Reading the journal");
  }
}

function damaged(run: RunDirectory, seq: number, why: string): MigrationError {
  return new MigrationError("JOURNAL_DAMAGED", {
    message: `Record ${seq} of the journal cannot be trusted: ${why}.`,
    remedy: `Keep a copy of the folder of the run ${run.id}, and bring its journal.jsonl back from a copy that is whole.`,
  });
}

function truncated(run: RunDirectory, last: number, anchor: Head): MigrationError {
  return new MigrationError("EVIDENCE_TRUNCATED", {
    message: `Evidence truncated: HEAD names record ${anchor.seq}, but the journal ends with record ${last}.`,
    remedy: `Keep a copy of the folder of the run ${run.id}, and bring its journal.jsonl back from a copy that is whole.`,
  });
}
