import { rmSync } from "node:fs";
import { join, relative } from "node:path";
import { type SigningKey, signEnvelope } from "../../integrity/dsse.ts";
import { MigrationError } from "../../model/errors.ts";
import { writeFileAtomic } from "../../stores/atomic-file.ts";
import type { Head } from "../journal/chain.ts";
import { takeDriverLock } from "../journal/driver-lock.ts";
import { Journal } from "../journal/journal.ts";
import { NO_MASK } from "../journal/mask.ts";
import type { Clock } from "../time/clock.ts";
import { openRun } from "./open-run.ts";
import { DOCUMENTS, type DocumentName, type WrittenDocument, writeDocuments } from "./render.ts";
import { runStatement, STATEMENT_FILE, UNSIGNED_FILE } from "./statement.ts";

/** What a run is sealed with. */
export interface SealOptions {
  readonly clock: Clock;
  /** Repository to commit. */
  readonly commits: ReadonlyMap<string, string>;
  /** Undefined = the statement is written without a signature. */
  readonly key: SigningKey | undefined;
}

/** A sealed run. */
export interface SealedRun {
  readonly run: string;
  readonly head: Head;
  readonly documents: readonly WrittenDocument[];
  /** Path of the statement, relative to the project. */
  readonly statement: string;
  readonly isSigned: boolean;
  /** Receipts without a proper run key. */
  readonly receiptProblems: readonly string[];
}

/**
 * Ends the evidence of a run: adds the commits that its documents cannot hold, renders all documents and states them with
 * the head of the journal. USAGE while the run has not ended; LOCK_HELD while a driver works on it.
 */
export function sealRun(root: string, id: string, options: SealOptions): SealedRun {
  addSeal(root, id, options);
  const opened = openRun(root, id, { unsealed: false });
  const names = Object.keys(DOCUMENTS) as DocumentName[];
  const documents = writeDocuments(root, opened, names);
  const inRun = new Map(
    names.map((name) => [`docs/${DOCUMENTS[name].file}`, documents.find((one) => one.name === name)?.content ?? ""]),
  );
  const statement = runStatement(opened.view, inRun);
  const { key } = options;
  const [file, other] = key === undefined ? [UNSIGNED_FILE, STATEMENT_FILE] : [STATEMENT_FILE, UNSIGNED_FILE];
  const path = join(opened.run.docs, file);
  const text = key === undefined ? `${JSON.stringify(statement, undefined, 2)}\n` : signEnvelope(statement, key);
  writeFileAtomic(path, text, { mode: 0o600 });
  // A statement of an earlier seal speaks of documents that are no more.
  rmSync(join(opened.run.docs, other), { force: true });
  const { head, receiptProblems } = opened.view;
  return { run: id, head, receiptProblems, documents, statement: relative(root, path), isSigned: key !== undefined };
}

function addSeal(root: string, id: string, { clock, commits }: SealOptions): void {
  const { run, view } = openRun(root, id, { unsealed: false });
  if (view.end === undefined) {
    throw new MigrationError("USAGE", {
      message: `Run ${id} has not ended, so there is nothing to seal.`,
      remedy: "`candor cutover status` shows where it is.",
    });
  }
  for (const [repo, commit] of commits) {
    if (/^[0-9a-f]{7,64}$/.test(commit)) continue;
    throw new MigrationError("USAGE", { message: `The commit of ${repo} must be 7 to 64 hex digits, got ${commit}.` });
  }
  const lock = takeDriverLock(run, { clock, command: "cutover seal" });
  try {
    const journal = new Journal(run, { clock, mask: NO_MASK });
    const data = { commits: Object.fromEntries(commits), head: journal.head.hash };
    journal.append({ type: "seal", step: null, attempt: null, data });
    journal.close();
  } finally {
    lock.release();
  }
}
