import { isJsonObject } from "../../model/json.ts";
import type { Receipt } from "../journal/record.ts";
import { substitute } from "../plan/placeholders.ts";
import { code, codeCell, plain } from "./markdown.ts";
import type { ResultView, RunView } from "./run-view.ts";

/** A text of the plan with the values of this run; what has none stays as written. */
export function withValues(view: RunView, text: string): string {
  const vars = view.start?.vars ?? {};
  return substitute(text, (name) => {
    const value = vars[name];
    return typeof value === "string" || typeof value === "number" ? String(value) : `\${${name}}`;
  });
}

/** The verdict and what was found, as one markdown text: `PASS: db=ok, minio=ok`. */
export function resultText(view: RunView, result: ResultView): string {
  const found = [...counted(view, result), ...facts(result)];
  const reason = result.verdict === "PASS" || result.reason === null ? [] : [plain(result.reason)];
  const details = [...reason, ...found].join(", ");
  return details === "" ? result.verdict : `${result.verdict}: ${details}`;
}

/** Where the evidence of a result is: run keys that its output named, else its record; never less than one of them. */
export function evidenceText(result: ResultView): string {
  const keys = runKeys(result.receipts).map(code);
  return [...keys, `record ${result.seq}`].join(", ");
}

/** Values that the plan's `harvest` found in these outputs, each once, in order. */
export function runKeys(receipts: readonly Receipt[]): readonly string[] {
  return [...new Set(receipts.flatMap(({ harvested }) => Object.values(harvested).flat()))];
}

/** What was asked or run, as a cell: the text of the first receipt, and the host. */
export function methodText(view: RunView, result: ResultView): string {
  const first = result.receipts[0];
  if (first === undefined) return methodOfPlan(view, result.id);
  const where = first.on === null ? "" : ` on ${plain(first.on)}`;
  const more = result.receipts.length > 1 ? ` (${result.receipts.length} times)` : "";
  return `${codeCell(withValues(view, first.text))}${where}${more}`;
}

/** How the documents call a check or step: as `pack.names` says, else by its id. */
export function nameOf(view: RunView, id: string): string {
  const names = view.plan.pack["names"];
  const given = isJsonObject(names) ? names[id] : undefined;
  return plain(withValues(view, typeof given === "string" ? given : id));
}

/** The method of a check that was not asked yet. */
export function methodOfPlan(view: RunView, id: string): string {
  const steps = view.plan.phases.flatMap((phase) => phase.steps);
  const step = steps.find((one) => !("use" in one) && one.id === id);
  const action = step !== undefined && !("use" in step) ? step : view.plan.checks.get(id);
  if (action === undefined) return "";
  const { verb } = action;
  const text = {
    sh: () => ("command" in verb ? verb.command : ""),
    probe: () => ("command" in verb ? verb.command : ""),
    http: () => (verb.kind === "http" ? `${verb.method} ${verb.url}` : ""),
    sql: () => (verb.kind === "sql" ? verb.statement : ""),
    flip: () => "flip",
    manual: () => (verb.kind === "manual" ? verb.text : ""),
    wait: () => (verb.kind === "wait" ? `wait ${verb.ms} ms` : ""),
    restore: () => (verb.kind === "restore" ? `restore ${verb.files.join(" ")}` : ""),
    see: () => (verb.kind === "see" ? verb.files.join(" ") : ""),
  }[verb.kind]();
  return codeCell(withValues(view, text));
}

/**
 * `6/6 passed (2 skipped: API_KEY not set)`, from saved values whose names end in `passed`, `total`, `skipped` and
 * `skip_reason`: variables of a plan are global, so a plan has `smoke_passed`.
 */
function counted(view: RunView, { receipts }: ResultView): readonly string[] {
  return receipts.flatMap(({ saved }) => {
    const [passed, total, skipped, said] = COUNT_ENDS.map((end) => endingIn(saved, end));
    if (passed === undefined && skipped === undefined) return [];
    const of = total === undefined ? "" : `/${plain(total)}`;
    const done = passed === undefined ? "" : `${plain(passed)}${of} passed`;
    if (skipped === undefined || skipped === "0") return [done];
    const reason = said ?? missingSecrets(view);
    return [`${done} (${plain(skipped)} skipped${reason === "" ? "" : `: ${plain(reason)}`})`.trim()];
  });
}

const COUNT_ENDS = ["passed", "total", "skipped", "skip_reason"] as const;
const COUNT_NAME = /(^|_)(passed|total|skipped|skip_reason)$/;

function endingIn(saved: Readonly<Record<string, string>>, end: string): string | undefined {
  return Object.entries(saved).find(([name]) => name === end || name.endsWith(`_${end}`))?.[1];
}

function missingSecrets(view: RunView): string {
  const missing = Object.entries(view.start?.secrets ?? {}).filter(([, digest]) => digest === null);
  return missing.map(([name]) => `${name} not set`).join(", ");
}

/** The status of an answer, saved values, and the parts of a JSON answer that were looked at. */
function facts({ receipts }: ResultView): readonly string[] {
  const several = receipts.length > 1;
  return receipts.flatMap(({ item, saved, expectations }) => {
    const values = Object.entries(saved).filter(([name]) => !COUNT_NAME.test(name));
    const status = expectations.filter(({ kind }) => kind === "status").map(({ got }) => `HTTP ${plain(got)}`);
    const json = expectations.filter(({ kind }) => kind === "json").map(({ expected, got }) => [partOf(expected), got]);
    const named = [...values, ...json].map(([name = "", value = ""]) => `${plain(name)}=${plain(unquoted(value))}`);
    const all = [...status, ...named];
    return several && item !== null && all.length > 0 ? [`${plain(item)} ${all.join(" ")}`] : all;
  });
}

/** `/status "ok"` speaks of status. */
function partOf(expected: string): string {
  return (expected.split(" ")[0] ?? "").replace(/^\//, "");
}

function unquoted(value: string): string {
  return /^".*"$/s.test(value) ? value.slice(1, -1) : value;
}
