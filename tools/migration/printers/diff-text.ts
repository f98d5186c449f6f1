import type { Difference, DiffOutcome, ModuleDiff } from "../operations/diff.ts";
import { table } from "./table.ts";

/** What differs between two candidates, as a person reads it. */
export function diffText({ summary, shown, report }: DiffOutcome): string {
  const modules = Object.entries(summary.modules).filter(([, module]) => !isSame(module));
  const count = summary.totalDifferences;
  const told = Object.values(summary.modules).reduce((sum, one) => sum + one.added + one.removed + one.changed, 0);
  const lines = [
    `diff: ${count === 0 ? "no" : count} difference${count === 1 ? "" : "s"}`,
    ...moduleTable(modules),
    ...shown.map(differenceText),
    ...(told > shown.length ? [`… ${told - shown.length} more in ${report}/differences.jsonl`] : []),
    ...(summary.inputs.length === 0 ? [] : [`other inputs: ${summary.inputs.join(", ")}`]),
    `run root before ${summary.before}`,
    `run root after  ${summary.after}`,
    `report ${report}/`,
  ];
  return `${lines.join("\n")}\n`;
}

function isSame({ before, after, added, removed, changed }: ModuleDiff): boolean {
  return added + removed + changed === 0 && before !== undefined && after !== undefined;
}

function moduleTable(modules: readonly (readonly [string, ModuleDiff])[]): string[] {
  if (modules.length === 0) return [];
  const rows = modules.map(([name, { before, after, added, removed, changed }]) => [
    name,
    ...[before ?? "none", after ?? "none", added, removed, changed].map(String),
  ]);
  return table([["module", "before", "after", "added", "removed", "changed"], ...rows]);
}

function differenceText({ kind, module, id, fields = [] }: Difference): string {
  return [kind, module, id, ...(fields.length === 0 ? [] : ["fields", fields.join(", ")])].join(" ");
}
