import { visible, visibleJson } from "./markdown.ts";
import { type ReportCase, reportCases } from "./report-cases.ts";
import type { RunView } from "./run-view.ts";

/** Everything that was asked or done in a run, skips apart (G14). */
export interface RunReport {
  readonly format: "candor-cutover-report/1";
  readonly run: string;
  readonly plan: string;
  readonly planSha256: string;
  readonly outcome: string;
  readonly complete: boolean;
  readonly closable: boolean;
  readonly head: { readonly seq: number; readonly hash: string };
  readonly counts: Readonly<Record<"passed" | "failed" | "unknown" | "skipped", number>>;
  readonly cases: readonly ReportCase[];
}

/** The report of a run: each step, check, gate, tick and undo once, with its last answer. */
export function runReport(view: RunView): RunReport {
  const cases = reportCases(view);
  const count = (verdict: string): number => cases.filter((one) => one.verdict === verdict).length;
  return {
    format: "candor-cutover-report/1",
    run: view.run,
    plan: view.plan.id,
    planSha256: view.plan.digest,
    outcome: view.end?.outcome ?? "OPEN",
    complete: view.end?.complete ?? false,
    closable: view.end?.closable ?? false,
    head: view.head,
    counts: { passed: count("PASS"), failed: count("FAIL"), unknown: count("UNKNOWN"), skipped: count("SKIPPED") },
    cases,
  };
}

/** Indented JSON with a final LF. */
export function reportJson(report: RunReport): string {
  return `${visibleJson(JSON.stringify(report, undefined, 2))}\n`;
}

/** TAP 14. A skip is `ok` with the directive that says so, as the format wants; the counts tell them apart. */
export function reportTap({ cases, counts }: RunReport): string {
  const lines = cases.map((one, at) => {
    const ok = one.verdict === "PASS" || one.verdict === "SKIPPED" ? "ok" : "not ok";
    const name = tapText(`${one.suite}: ${one.name}`);
    const directive = one.verdict === "SKIPPED" ? ` # SKIP ${tapText(one.reason ?? "")}` : "";
    const why = one.verdict === "PASS" || one.verdict === "SKIPPED" ? [] : tapDiagnosis(one);
    const before = earlierOf(one).map((text) => `# ${text}`);
    return [`${ok} ${at + 1} - ${name}${directive}`, ...why, ...before].join("\n");
  });
  const { passed, failed, unknown, skipped } = counts;
  const end = `# ${passed} passed, ${failed} failed, ${unknown} unknown, ${skipped} skipped`;
  return `${["TAP version 14", `1..${cases.length}`, ...lines, end].join("\n")}\n`;
}

/** JUnit XML: FAIL is a failure, UNKNOWN an error, a skip a skip; what it was before stands in `system-out`. */
export function reportJunit(report: RunReport): string {
  const suites = [...new Set(report.cases.map(({ suite }) => suite))];
  const parts = suites.map((suite) => {
    const cases = report.cases.filter((one) => one.suite === suite);
    const attributes = `name="${xml(suite)}" ${totals(cases)}`;
    return `  <testsuite ${attributes}>\n${cases.map(testCase).join("")}  </testsuite>\n`;
  });
  const head = `name="${xml(report.plan)}" ${totals(report.cases)}`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${head}>\n${parts.join("")}</testsuites>\n`;
}

function tapText(text: string): string {
  return visible(text).replace(/[\\#]/g, "\\$&");
}

function tapDiagnosis({ verdict, reason, seq }: ReportCase): readonly string[] {
  return [
    "  ---",
    `  verdict: ${verdict}`,
    `  reason: ${JSON.stringify(visible(reason ?? ""))}`,
    `  record: ${seq}`,
    "  ...",
  ];
}

function totals(cases: readonly ReportCase[]): string {
  const count = (verdict: string): number => cases.filter((one) => one.verdict === verdict).length;
  const seconds = (cases.reduce((sum, { ms }) => sum + ms, 0) / 1000).toFixed(3);
  return `tests="${cases.length}" failures="${count("FAIL")}" errors="${count("UNKNOWN")}" skipped="${count("SKIPPED")}" time="${seconds}"`;
}

function testCase(one: ReportCase): string {
  const { suite, name, verdict, reason, ms, seq } = one;
  const open = `    <testcase classname="${xml(suite)}" name="${xml(name)}" time="${(ms / 1000).toFixed(3)}"`;
  const message = `message="${xml(`${reason ?? ""} (record ${seq})`.trim())}"`;
  const result = {
    PASS: "",
    FAIL: `<failure ${message}/>`,
    UNKNOWN: `<error ${message}/>`,
    SKIPPED: `<skipped ${message}/>`,
  }[verdict];
  const before = earlierOf(one).map(xml).join("&#10;");
  const inside = `${result}${before === "" ? "" : `<system-out>${before}</system-out>`}`;
  return inside === "" ? `${open}/>\n` : `${open}>${inside}</testcase>\n`;
}

/** What did not pass before it was asked again, a line each. */
function earlierOf({ earlier }: ReportCase): readonly string[] {
  const bad = earlier.filter(({ verdict }) => verdict !== "PASS" && verdict !== "SKIPPED");
  return bad.map(({ verdict, reason, seq }) => visible(`before: ${verdict} (record ${seq}) ${reason ?? ""}`.trim()));
}

/** Text in an attribute; XML 1.0 has no word for most controls, so they are shown as elsewhere. */
function xml(text: string): string {
  const shown = visible(text);
  return shown.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
