import type { DryRun } from "../cutover/engine/dry-run.ts";
import type { EvaluatedGate } from "../cutover/engine/send-request.ts";
import type { PlanDescription } from "../cutover/plan/describe.ts";
import { type LintMessage, lintLine } from "../cutover/plan/lint-book.ts";
import type { RunStatus } from "../cutover/state/status.ts";

/** What lint has to say, one line each, and the sum. */
export function lintText(file: string, messages: readonly LintMessage[]): string {
  const lines = messages.map((one) => `${one.severity} ${lintLine(file, one)}\n`);
  const count = (severity: string): number => messages.filter((one) => one.severity === severity).length;
  return `${lines.join("")}${file}: ${count("error")} errors, ${count("warning")} warnings\n`;
}

/** A plan in its order, one line each. */
export function planText(plan: PlanDescription): string {
  const part = (title: string, lines: readonly string[]): string =>
    lines.length === 0 ? "" : `${title}:\n${lines.map((line) => `  ${line}\n`).join("")}`;
  return [
    `${plan.title} (${plan.id})\nsha256 ${plan.digest}\n`,
    part("must be given", plan.open),
    part("timeline", plan.timeline),
    part("order", plan.forward),
    part("rollback", plan.back),
    part("stops", plan.stops),
  ].join("");
}

/** What the read-only checks of a dry run said. */
export function probeText({ probes, report }: DryRun): string {
  const lines = probes.map(
    ({ check, verdict, reason }) => `${verdict.padEnd(7)} ${check}${reason === null ? "" : `: ${reason}`}\n`,
  );
  const said = probes.length === 0 ? "nothing was asked or run\n" : "read-only checks were asked:\n";
  return `${said}${lines.join("")}report ${report}\n`;
}

/** The status of a run. */
export function statusText(status: RunStatus): string {
  const list = (title: string, entries: Readonly<Record<string, string>>): string[] =>
    Object.keys(entries).length === 0
      ? []
      : [
          `${title}  ${Object.entries(entries)
            .map(([name, value]) => `${name} ${value}`)
            .join(", ")}`,
        ];
  const { driver, hold, steps, fired, left, head } = status;
  const lines = [
    `${status.run}  ${status.state}${status.reason === null ? "" : `: ${status.reason}`}`,
    ...(status.t0 === null ? [] : [`t0      ${status.t0}`]),
    `driver  ${driver === null ? "none" : `process ${driver.pid} on ${driver.host} since ${driver.since} (${driver.state})`}`,
    ...(hold === null
      ? []
      : [
          `hold    ${hold.subject}: ${hold.reason}; candor cutover sign --for ${hold.subject} --say ${hold.choices.join("|")}`,
        ]),
    ...(status.waitingFor === null ? [] : [`waiting ${status.waitingFor}`]),
    ...list("phases", status.phases),
    `steps   ${steps.done} done, ${steps.failed} failed, ${steps.unknown} unknown, ${steps.running} running, ${steps.skipped} skipped`,
    ...list("gates ", status.gates),
    ...list("ticks ", status.ticks),
    ...fired.map(({ stop, action, acted }) => `fired   ${stop} -> ${action}${acted ? "" : " (recorded only)"}`),
    ...left.map((name) => `left    ${name}: candor cutover undo ${name}`),
    `head    ${head.seq} ${head.hash}`,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** Gates as a table: verdict, who owns it, what is missing. */
export function gatesText(gates: readonly EvaluatedGate[]): string {
  const rows = gates.map(
    ({ gate, verdict, by, missing }) => [gate, verdict, by.join(", "), missing.join("; ")] as const,
  );
  const widths = [0, 1, 2].map((at) => Math.max(0, ...rows.map((row) => (row[at] ?? "").length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join("");
}
