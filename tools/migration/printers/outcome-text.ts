import { FINDING_CODES } from "../model/finding-codes.ts";
import type { ModuleSummary, Outcome, Summary } from "../operations/report.ts";
import { findingText } from "./finding-text.ts";
import { withInvocation } from "./invocation.ts";
import { table } from "./table.ts";

/** The end of a run as a person reads it: verdict, modules, first findings, next steps, where the report is. */
export function outcomeText(outcome: Outcome, invocation: string): string {
  const { summary } = outcome;
  const waived = summary.totalWaived === 0 ? "" : `, ${summary.totalWaived} waived`;
  const isUsual = summary.command !== "verify-checksums" || summary.level === "verify";
  const level = isUsual ? "" : ` --level ${summary.level}`;
  const lines = [
    `${summary.command}${level}: ${summary.totalBlockers} BLOCKER, ${summary.totalWarnings} WARNING${waived}`,
    ...moduleTable(summary.modules),
  ];
  if (summary.root !== undefined)
    lines.push(`run root ${summary.root}${isProven(summary) ? "" : " as recorded, not proven"}`);
  lines.push(...summary.unverified.map((part) => `NOT VERIFIED ${part}`));
  lines.push(...findingLines(outcome, invocation));
  lines.push(`report ${outcome.report}/`);
  return `${lines.join("\n")}\n`;
}

/** Checks without which a root is only what a file says. */
const PROVING_CHECKS = ["layout", "encoding", "order", "digests", "chunks", "merkle"];

function isProven({ byCheck, unverified }: Summary): boolean {
  return unverified.length === 0 && PROVING_CHECKS.every((check) => (byCheck[check]?.blockers ?? 0) === 0);
}

function moduleTable(modules: Readonly<Record<string, ModuleSummary>>): string[] {
  const columns = (["read", "written", "rejected", "size", "root"] as const).filter((column) =>
    Object.values(modules).some((module) => module[column] !== undefined),
  );
  if (columns.length === 0) return [];
  const rows = Object.entries(modules).map(([name, module]) => [
    name,
    ...columns.map((column) => String(module[column] ?? "")),
  ]);
  return table([["module", ...columns], ...rows]);
}

function findingLines(outcome: Outcome, invocation: string): string[] {
  const { summary, shown } = outcome;
  if (shown.length === 0) return [];
  const total = summary.totalBlockers + summary.totalWarnings + summary.totalInfos;
  const more = total > shown.length ? [`… ${total - shown.length} more in ${outcome.report}/findings.jsonl`] : [];
  const remedies = [...new Set(shown.map((found) => FINDING_CODES[found.code].remedy))];
  const next = remedies.slice(0, 3).map((remedy) => `next: ${withInvocation(remedy, invocation)}`);
  return [...shown.map(findingText), ...more, ...next];
}
