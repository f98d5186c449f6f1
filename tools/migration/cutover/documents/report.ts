import type { Receipt, Verdict } from "../journal/record.ts";
import { visible, visibleJson } from "./markdown.ts";
import { ofType, type RunView } from "./run-view.ts";

/** One line of the reports. */
export interface ReportCase {
  /** Phase, gate, tick or `rollback`: the suite. */
  readonly suite: string;
  readonly name: string;
  readonly verdict: Verdict | "SKIPPED";
  readonly reason: string | null;
  readonly ms: number;
  readonly seq: number;
  readonly outputs: readonly string[];
}

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

/** The report of a run: each step, check, gate, tick and undo once for each time it was asked. */
export function runReport(view: RunView): RunReport {
  const cases = [...resultCases(view), ...gateCases(view), ...skipCases(view)].sort((a, b) => a.seq - b.seq);
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
    return [`${ok} ${at + 1} - ${name}${directive}`, ...why].join("\n");
  });
  const { passed, failed, unknown, skipped } = counts;
  const end = `# ${passed} passed, ${failed} failed, ${unknown} unknown, ${skipped} skipped`;
  return `${["TAP version 14", `1..${cases.length}`, ...lines, end].join("\n")}\n`;
}

/** JUnit XML: FAIL is a failure, UNKNOWN an error, a skip a skip. */
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

function resultCases(view: RunView): readonly ReportCase[] {
  return view.results.map(({ id, place, within, verdict, reason, receipts, seq }) => ({
    suite: place === "undo" ? `rollback ${within}`.trim() : within || place,
    name: place === "step" || place === "undo" ? id : `${id} (${place})`,
    verdict,
    reason: reason ?? reasonOf(receipts),
    ms: receipts.reduce((sum, { ms }) => sum + ms, 0),
    seq,
    outputs: receipts.flatMap(({ out, err }) => [out, err].flatMap((one) => (one === null ? [] : [one.sha256]))),
  }));
}

function reasonOf(receipts: readonly Receipt[]): string | null {
  const bad = receipts.flatMap(({ expectations }) => expectations).find(({ verdict }) => verdict !== "PASS");
  if (bad !== undefined) return `${bad.kind}: expected ${bad.expected}, got ${bad.got}`;
  return receipts.find(({ verdict }) => verdict !== "PASS")?.notes[0] ?? null;
}

function gateCases(view: RunView): readonly ReportCase[] {
  const gates = ofType(view.records, "gate").map(({ step, seq, data }) => {
    const bad = data.items.find(({ verdict }) => verdict !== "PASS");
    return { ...EMPTY, suite: "gates", name: step ?? "", verdict: data.verdict, reason: bad?.reason ?? null, seq };
  });
  const ticks = ofType(view.records, "tick").map(({ step, seq, data }) => {
    return { ...EMPTY, suite: "timeline", name: step ?? "", verdict: data.verdict, reason: data.reason, seq };
  });
  return [...gates, ...ticks];
}

const EMPTY = { ms: 0, outputs: [] };

function skipCases(view: RunView): readonly ReportCase[] {
  return view.skips.map(({ id, seq, reason }) => ({
    ...EMPTY,
    suite: "skipped",
    name: id,
    verdict: "SKIPPED",
    reason,
    seq,
  }));
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

function testCase({ suite, name, verdict, reason, ms, seq }: ReportCase): string {
  const open = `    <testcase classname="${xml(suite)}" name="${xml(name)}" time="${(ms / 1000).toFixed(3)}"`;
  const message = `message="${xml(`${reason ?? ""} (record ${seq})`.trim())}"`;
  const inside = {
    PASS: "",
    FAIL: `<failure ${message}/>`,
    UNKNOWN: `<error ${message}/>`,
    SKIPPED: `<skipped ${message}/>`,
  };
  return inside[verdict] === "" ? `${open}/>\n` : `${open}>${inside[verdict]}</testcase>\n`;
}

/** Text in an attribute; XML 1.0 has no word for most controls, so they are shown as elsewhere. */
function xml(text: string): string {
  const shown = visible(text);
  return shown.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
