import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openRun } from "../../tools/migration/cutover/documents/open-run.ts";
import { type DocumentName, renderDocument } from "../../tools/migration/cutover/documents/render.ts";
import type { JournalRecord, OutputDigest, Receipt, RecordType } from "../../tools/migration/cutover/journal/record.ts";
import { listRuns } from "../../tools/migration/cutover/journal/run-directory.ts";
import { sha256Hex } from "../../tools/migration/integrity/digest.ts";
import type { Played } from "../estate/play.ts";
import type { Practice } from "../estate/practice.ts";
import { only } from "./cutover.ts";

/** What a run that was played left: records, receipts, documents, effects. */
export class Evidence {
  readonly played: Played;
  readonly practice: Practice;
  readonly records: readonly JournalRecord[];
  readonly #opened: ReturnType<typeof openRun>;

  constructor(practice: Practice, played: Played) {
    this.practice = practice;
    this.played = played;
    const { project } = practice.estate;
    this.#opened = openRun(project, listRuns(project)[0] ?? "", { unsealed: false });
    this.records = this.#opened.view.records;
  }

  /** A document of the run. */
  document(name: DocumentName): string {
    return renderDocument(this.#opened, name);
  }

  /** A section of the change pack, without its heading. */
  section(name: string): string {
    return this.document("changepack").split(`## ${name}\n\n`)[1]?.split("\n\n## ")[0] ?? "";
  }

  /** Receipts of a check, a step or an undo, in their order. */
  receipts(name: string): readonly Receipt[] {
    return this.records.flatMap((record) => {
      if (record.step !== name) return [];
      if (record.type !== "check" && record.type !== "step.end" && record.type !== "undo.end") return [];
      return record.data.receipts;
    });
  }

  /** Texts that were run under a name, each once, in their order. */
  texts(name: string): readonly string[] {
    return [...new Set(this.receipts(name).map(({ text }) => text))];
  }

  /** The output that a receipt names; empty where it names none. */
  output(digest: OutputDigest | null): string {
    return digest === null ? "" : readFileSync(join(this.#opened.run.path, digest.file), "utf8");
  }

  /** SHA-256 of the file that a receipt names; undefined where it names none. */
  digest(output: OutputDigest | null): string | undefined {
    return output === null ? undefined : sha256Hex(readFileSync(join(this.#opened.run.path, output.file)));
  }

  /** Verdicts of a check, a step or an undo, in their order. */
  verdicts(name: string): readonly string[] {
    return this.receipts(name).map(({ verdict }) => verdict);
  }

  /** Number of the first record of this type about this name; NaN where there is none. */
  first(type: RecordType, step: string): number {
    return this.records.find((record) => record.type === type && record.step === step)?.seq ?? Number.NaN;
  }

  /** Number of the last record about this name; NaN where there is none. */
  last(step: string): number {
    return this.records.findLast((record) => record.step === step)?.seq ?? Number.NaN;
  }

  /** Why it held for a subject, in order. */
  holds(subject: string): readonly string[] {
    return only(this.records, "hold").flatMap(({ step, data }) => (step === subject ? [data.reason] : []));
  }

  /** Expectations of the last receipt of a name, as `kind expected`. */
  expected(name: string): readonly string[] {
    return (this.receipts(name).at(-1)?.expectations ?? []).map(({ kind, expected }) => `${kind} ${expected}`);
  }
}
