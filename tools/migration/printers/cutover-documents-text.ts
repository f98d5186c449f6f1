import type { WrittenDocument } from "../cutover/documents/render.ts";
import type { SealedRun } from "../cutover/documents/seal.ts";
import type { VerifiedRun } from "../cutover/documents/verify-run.ts";

/** The verdict of `verify` as a person reads it. */
export function verifiedText(verified: VerifiedRun, invocation: string): string {
  const { run, records, outputs, signatures, statement, problems, head } = verified;
  const state = {
    none: "no signed statement",
    unchecked: "statement not checked: no key was given",
    valid: "statement signed with this key",
    invalid: "statement not valid",
  }[statement];
  const lines = [
    `run ${run}: ${problems.length === 0 ? "everything is as the records say" : `${problems.length} problems`}`,
    `${records} records, ${outputs} outputs, ${signatures} signatures; ${state}`,
    `head ${head.seq}:${head.hash}`,
    ...problems.map((one) => `PROBLEM ${one}`),
  ];
  const next =
    problems.length === 0
      ? []
      : [`next: keep a copy of the folder; ${invocation} cutover verify again after bringing files back`];
  return `${[...lines, ...next].join("\n")}\n`;
}

/** One line for each document. */
export function writtenText(written: readonly WrittenDocument[]): string {
  return written.map(({ path }) => `wrote ${path}\n`).join("");
}

/** Why the evidence of a run does not let it be closed, a line each. */
export function receiptsText(problems: readonly string[]): string {
  return problems.map((problem) => `not closable: RECEIPT_INVALID: ${problem}\n`).join("");
}

/** What sealing wrote, and the head to keep elsewhere. */
export function sealedText(sealed: SealedRun): string {
  const how = sealed.isSigned ? "signed" : "not signed: no key was given";
  return `${writtenText(sealed.documents)}wrote ${sealed.statement} (${how})\nhead ${sealed.head.seq}:${sealed.head.hash}\n`;
}
