import { code, plain } from "./markdown.ts";
import { changeDescription, ipMap, lanOnly } from "./pack-change.ts";
import { deferredItems, documentationSweep, imageDigests, migration, signOff } from "./pack-closing.ts";
import { postMatrix, preMatrix } from "./pack-matrix.ts";
import { cutoverSequence, rollbackMap } from "./pack-sequence.ts";
import type { RunView } from "./run-view.ts";

/** The sections of a change pack, in their order (FORMATS.md); two locks of the users look for these names. */
export const PACK_SECTIONS = [
  ["Change Description", changeDescription],
  ["IP Map", ipMap],
  ["Rollback Map", rollbackMap],
  ["Pre-Cutover Verification Matrix", preMatrix],
  ["Cutover Sequence", cutoverSequence],
  ["LAN-Only Devices", lanOnly],
  ["Post-Cutover Verification Matrix", postMatrix],
  ["Sign-Off", signOff],
  ["Image Digests", imageDigests],
  ["Database Migration", migration],
  ["Deferred Items", deferredItems],
  ["Documentation Sweep", documentationSweep],
] as const;

/** The change pack of a run, as Markdown: a pure function of plan and journal. */
export function changePack(view: RunView): string {
  const { front } = view.plan;
  const facts = [
    ["Run", code(view.run)],
    ["Plan", `${code(view.plan.id)}, SHA-256 ${code(view.plan.digest)}`],
    ["Journal head", `record ${view.head.seq}, ${code(view.head.hash)}`],
    ["Outcome", outcomeLine(view)],
    ["Status", front.status],
    ["Last verified", front.lastVerified],
    ["Scope", front.scope],
    ["Related", front.related.length === 0 ? undefined : front.related.map(code).join(", ")],
  ];
  const head = facts.flatMap(([name, text]) => (text === undefined ? [] : [`* ${name}: ${text}`]));
  const sections = PACK_SECTIONS.map(([name, render]) => `## ${name}\n\n${render(view)}`);
  return `${[`# Change Pack: ${plain(view.plan.title)}`, head.join("\n"), ...sections].join("\n\n")}\n`;
}

/** `SUCCEEDED, complete, closable`, or that the run has not ended. */
export function outcomeLine(view: RunView): string {
  if (view.end === undefined) return "the run has not ended";
  const { outcome, complete, closable, reason } = view.end;
  const words = [outcome, complete ? "complete" : "not complete", closable ? "closable" : "not closable"];
  return reason === null ? words.join(", ") : `${words.join(", ")}: ${plain(reason)}`;
}
