import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256Hex } from "../../integrity/digest.ts";
import { openEnvelope, type SigningKey } from "../../integrity/dsse.ts";
import { isJsonObject, type JsonObject } from "../../model/json.ts";
import { FIRST_PREV, type Head } from "../journal/chain.ts";
import type { JournalRecord, OutputDigest } from "../journal/record.ts";
import type { RunDirectory } from "../journal/run-directory.ts";
import { type OpenRun, openRun } from "./open-run.ts";
import { ofType, viewRun } from "./run-view.ts";
import { STATEMENT_FILE } from "./statement.ts";

/** What `verify` is told beside the run. */
export interface VerifyOptions {
  /** A head that was kept elsewhere: printed, signed, held by the target lock. */
  readonly head?: Head;
  readonly key?: SigningKey;
}

/** The verdict of `verify`. */
export interface VerifiedRun {
  readonly run: string;
  readonly records: number;
  readonly head: Head;
  readonly outputs: number;
  readonly signatures: number;
  /** `unchecked` = there is a statement, but no key to check it with. */
  readonly statement: "none" | "unchecked" | "valid" | "invalid";
  /** One sentence for each thing that is not as the records say; empty = everything is. */
  readonly problems: readonly string[];
}

/** Checks chain, plan, outputs, signatures, heads and statement of a run; changes nothing. */
export function verifyRun(root: string, id: string, options: VerifyOptions): VerifiedRun {
  const opened = openRun(root, id, { unsealed: true });
  const { run, view } = opened;
  const outputs = outputsOf(view.records);
  const statement = checkStatement(opened, options.key);
  const problems = [
    ...opened.problems,
    ...outputs.flatMap(({ seq, output }) => outputProblems(run, seq, output)),
    ...signatureProblems(view.records),
    ...fenceProblems(view.records),
    ...(options.head === undefined ? [] : headProblems(view.records, options.head, "The head that was given")),
    ...statement.problems,
  ];
  const { signs } = viewRun(view.plan, id, view.records);
  const counts = { records: view.records.length, outputs: outputs.length, signatures: signs.length };
  return { run: id, head: view.head, ...counts, statement: statement.state, problems };
}

interface RecordedOutput {
  readonly seq: number;
  readonly output: OutputDigest;
}

function outputsOf(records: readonly JournalRecord[]): readonly RecordedOutput[] {
  return records.flatMap((record): readonly RecordedOutput[] => {
    if (record.type !== "check" && record.type !== "step.end" && record.type !== "undo.end") return [];
    const found = record.data.receipts.flatMap(({ out, err }) => [out, err]);
    return found.flatMap((output) => (output === null ? [] : [{ seq: record.seq, output }]));
  });
}

function outputProblems(run: RunDirectory, seq: number, output: OutputDigest): readonly string[] {
  const path = join(run.path, output.file);
  if (!existsSync(path)) return [`Record ${seq}: its output ${output.file} is missing.`];
  const digest = sha256Hex(readFileSync(path));
  return digest === output.sha256 ? [] : [`Record ${seq}: its output ${output.file} was changed.`];
}

/** A signature names the head that its signer saw: a record before it. */
function signatureProblems(records: readonly JournalRecord[]): readonly string[] {
  const hashes = new Map(records.map(({ hash, seq }) => [hash, seq]));
  return viewSigns(records).flatMap(({ seq, head }) => {
    const seen = head === FIRST_PREV ? -1 : hashes.get(head);
    return seen !== undefined && seen < seq
      ? []
      : [`Record ${seq}: it signs the head ${head}, which no record before it has.`];
  });
}

function viewSigns(records: readonly JournalRecord[]): readonly { seq: number; head: string }[] {
  return records.flatMap((record) => {
    if (record.type === "sign") return [{ seq: record.seq, head: record.data.head }];
    if (record.type === "takeover") return [{ seq: record.seq, head: record.data.sign.head }];
    if (record.type !== "stop.fire" && record.type !== "deviation") return [];
    return record.data.sign === null ? [] : [{ seq: record.seq, head: record.data.sign.head }];
  });
}

/** Each driver of a run has a higher number than the one before. */
function fenceProblems(records: readonly JournalRecord[]): readonly string[] {
  const locks = ofType(records, "lock");
  return locks.flatMap(({ seq, data }, at) => {
    const before = locks[at - 1]?.data.fence ?? 0;
    return data.fence > before ? [] : [`Record ${seq}: driver number ${data.fence} comes after ${before}.`];
  });
}

function headProblems(records: readonly JournalRecord[], { seq, hash }: Head, what: string): readonly string[] {
  const record = records.find((one) => one.seq === seq);
  if (record === undefined) return [`${what} is record ${seq}, which the journal does not have: its end was cut off.`];
  return record.hash === hash ? [] : [`${what} has another hash for record ${seq}: the journal was written anew.`];
}

interface CheckedStatement {
  readonly state: VerifiedRun["statement"];
  readonly problems: readonly string[];
}

function checkStatement({ run, view }: OpenRun, key: SigningKey | undefined): CheckedStatement {
  const path = join(run.docs, STATEMENT_FILE);
  if (!existsSync(path)) {
    return {
      state: "none",
      problems: key === undefined ? [] : ["A key was given, but the run has no signed statement."],
    };
  }
  const opened = openEnvelope(readFileSync(path, "utf8"), key);
  if (opened === undefined) return { state: "invalid", problems: [`${STATEMENT_FILE} is not a DSSE envelope.`] };
  const problems = [...statementHead(view.records, opened.statement), ...subjectProblems(run, opened.statement)];
  if (key === undefined) return { state: "unchecked", problems };
  if (opened.isSigned) return { state: "valid", problems };
  return { state: "invalid", problems: [...problems, `${STATEMENT_FILE} is not signed with the key that was given.`] };
}

function statementHead(records: readonly JournalRecord[], statement: JsonObject): readonly string[] {
  const predicate = statement["predicate"];
  const head = isJsonObject(predicate) ? predicate["head"] : undefined;
  if (!isJsonObject(head)) return ["The statement names no head."];
  const { seq, hash } = head;
  if (typeof seq !== "number" || typeof hash !== "string") return ["The statement names no head."];
  return headProblems(records, { seq, hash }, "The head of the statement");
}

/** Every file that the statement is about must be what it was. */
function subjectProblems(run: RunDirectory, statement: JsonObject): readonly string[] {
  const subjects = statement["subject"];
  return (Array.isArray(subjects) ? subjects : []).flatMap((subject) => {
    if (!isJsonObject(subject) || !isJsonObject(subject["digest"]))
      return ["A subject of the statement has no digest."];
    const name = String(subject["name"]);
    const path = join(run.path, name);
    if (name.includes("..")) return [`The subject ${name} is outside of the run.`];
    if (!existsSync(path)) return [`${name} is missing; the statement is about it.`];
    return sha256Hex(readFileSync(path)) === subject["digest"]["sha256"]
      ? []
      : [`${name} is not what the statement says.`];
  });
}
