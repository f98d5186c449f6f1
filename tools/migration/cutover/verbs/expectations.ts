import type { JsonValue } from "../../model/json.ts";
import type { ExpectationResult, Verdict } from "../journal/record.ts";
import type { Action, Expectations, Pattern, RowCount, Save } from "../plan/action.ts";
import { patternText } from "../plan/patterns.ts";
import { matchingPaths } from "./globs.ts";
import { atPointer, fits, matchText } from "./json-match.ts";
import type { RegexRunner } from "./regex.ts";
import { fill, fillIn, type Values } from "./values.ts";
import type { VerbResult } from "./verb.ts";

/** What a verb left, as text with secrets masked. */
export interface Output {
  readonly out: string;
  readonly err: string;
}

/** What expectations are looked at with. */
export interface JudgeContext extends Values {
  readonly root: string;
  readonly regex: RegexRunner;
  /** Saved values that may be any text without a newline. */
  readonly textNames: ReadonlySet<string>;
  readonly harvest: ReadonlyMap<string, Pattern>;
}

/** The judgement on an action that ran. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly expectations: readonly ExpectationResult[];
  readonly saved: Readonly<Record<string, string>>;
  readonly harvested: Readonly<Record<string, readonly string[]>>;
  /** Why it is not PASS, in one sentence. */
  readonly reason: string | null;
}

/** A value that an unquoted variable of a shell leaves in one piece. */
export const SAFE_VALUE = /^[A-Za-z0-9._:/@+][A-Za-z0-9._:/@+-]*$/;

/** Holds a result against everything its action expects. */
export async function judge(
  action: Action,
  result: VerbResult,
  output: Output,
  context: JudgeContext,
): Promise<Judgement> {
  const all = output.err === "" ? output.out : `${output.out}\n${output.err}`;
  const expectations = [
    ...plain(action, result, all, context),
    ...(await patterns(action.expect, all, context)),
    ...(await json(action.expect, output.out, context)),
  ];
  const saving = await save(action.options.save, all, context);
  const harvested = await harvest(all, context);
  const verdict = verdictOf(result, [...expectations, ...saving.faults]);
  const reason = result.reason ?? reasonOf([...expectations, ...saving.faults]);
  const saved = { ...result.saved, ...saving.saved };
  return { verdict, expectations: [...expectations, ...saving.faults], saved, harvested, reason };
}

function verdictOf(result: VerbResult, expectations: readonly ExpectationResult[]): Verdict {
  if (result.outcome === "unknown") return "UNKNOWN";
  if (result.outcome === "failed" || expectations.some(({ verdict }) => verdict === "FAIL")) return "FAIL";
  return expectations.some(({ verdict }) => verdict === "UNKNOWN") ? "UNKNOWN" : "PASS";
}

function reasonOf(expectations: readonly ExpectationResult[]): string | null {
  const first = expectations.find(({ verdict }) => verdict !== "PASS");
  return first === undefined ? null : `${first.kind}: expected ${first.expected}, got ${first.got}`;
}

function plain({ verb, expect }: Action, result: VerbResult, all: string, context: JudgeContext): ExpectationResult[] {
  const found: ExpectationResult[] = [];
  if (verb.kind === "probe" || verb.kind === "sh" || verb.kind === "sql") {
    const isExpected = result.exit === expect.exit;
    found.push(outcome("exit", String(expect.exit), exitText(result), isExpected));
  }
  if (verb.kind === "sql" && verb.rows !== undefined && result.rows !== null) {
    const { min, max } = verb.rows;
    const isExpected = result.rows >= min && result.rows <= max;
    found.push(outcome("rows", rowsText(verb.rows), String(result.rows), isExpected));
  }
  if (verb.kind === "http" && result.status !== null) {
    const { status } = result;
    const isExpected = expect.status === undefined ? status >= 200 && status < 300 : status === expect.status;
    found.push(
      outcome("status", expect.status === undefined ? "200 to 299" : String(expect.status), String(status), isExpected),
    );
  }
  if (expect.empty) found.push(outcome("empty", "no output", `${Buffer.byteLength(all)} bytes`, all.trim() === ""));
  for (const path of expect.absent) {
    const there = matchingPaths(context.root, fill(path, context));
    found.push(outcome("absent", `no ${path}`, there.length === 0 ? "none" : there.join(", "), there.length === 0));
  }
  return found;
}

function rowsText({ min, max }: RowCount): string {
  if (min === max) return String(min);
  return max === Number.MAX_SAFE_INTEGER ? `at least ${min}` : `${min} to ${max}`;
}

function exitText({ exit, signal, timedOut }: VerbResult): string {
  if (timedOut) return "the time limit";
  return signal === null ? String(exit ?? "nothing") : `${signal}`;
}

async function patterns(expect: Expectations, all: string, context: JudgeContext): Promise<ExpectationResult[]> {
  const { out, not } = expect;
  const filled = [...out, ...not].map((pattern) => fillIn(pattern, context));
  const answer = await context.regex.run({ text: all, patterns: filled, all: false });
  return filled.map((pattern, at) => {
    const kind = at < out.length ? "out" : "not";
    const expected = kind === "out" ? patternText(pattern) : `no ${patternText(pattern)}`;
    if (answer === undefined) return overTime(kind, expected);
    const isFound = answer[at] !== undefined;
    return outcome(kind, expected, isFound ? "found" : "not found", isFound === (kind === "out"));
  });
}

async function json(expect: Expectations, out: string, context: JudgeContext): Promise<ExpectationResult[]> {
  if (expect.json.size === 0) return [];
  const value = parse(out);
  if (value === undefined) return [outcome("json", "JSON alone on stdout", "something else", false)];
  const results: ExpectationResult[] = [];
  for (const [pointer, match] of expect.json) {
    const found = atPointer(value, pointer);
    const expected = `${pointer} ${matchText(match)}`;
    const got = shown(found);
    if (!fits(found, match, context) || match.match === undefined) {
      results.push(outcome("json", expected, got, fits(found, match, context)));
      continue;
    }
    const text = typeof found === "string" ? found : JSON.stringify(found ?? null);
    const answer = await context.regex.run({ text, patterns: [fillIn(match.match, context)], all: false });
    results.push(
      answer === undefined ? overTime("json", expected) : outcome("json", expected, got, answer[0] !== undefined),
    );
  }
  return results;
}

async function save(
  saves: readonly Save[],
  all: string,
  context: JudgeContext,
): Promise<{ saved: Record<string, string>; faults: ExpectationResult[] }> {
  const saved: Record<string, string> = {};
  const faults: ExpectationResult[] = [];
  const filled = saves.map(({ pattern }) => fillIn(pattern, context));
  const answer = await context.regex.run({ text: all, patterns: filled, all: false });
  for (const [at, { name, isOptional, pattern }] of saves.entries()) {
    const expected = `${name} by ${patternText(pattern)}`;
    const value = answer?.[at]?.[0];
    if (answer === undefined) faults.push(overTime("save", expected));
    else if (value === undefined) {
      if (!isOptional) faults.push(outcome("save", expected, "not found", false));
    } else if (isSavable(value, context.textNames.has(name))) saved[name] = value;
    else faults.push(outcome("save", expected, "a value that a shell would take apart", false));
  }
  return { saved, faults };
}

/** A saved value becomes a shell variable later: no newline and no NUL, and one word unless it was declared as text. */
export function isSavable(value: string, isText: boolean): boolean {
  return isText ? !/[\n\r\0]/.test(value) : SAFE_VALUE.test(value);
}

async function harvest(all: string, context: JudgeContext): Promise<Record<string, readonly string[]>> {
  if (context.harvest.size === 0 || all === "") return {};
  const names = [...context.harvest.keys()];
  const answer = await context.regex.run({ text: all, patterns: [...context.harvest.values()], all: true });
  const found = names.map((name, at) => [name, [...new Set(answer?.[at] ?? [])]] as const);
  return Object.fromEntries(found.filter(([, values]) => values.length > 0));
}

function outcome(kind: string, expected: string, got: string, holds: boolean): ExpectationResult {
  return { kind, expected, got, verdict: holds ? "PASS" : "FAIL" };
}

function overTime(kind: string, expected: string): ExpectationResult {
  return { kind, expected, got: "the pattern took too long: mend the plan", verdict: "UNKNOWN" };
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

function shown(value: JsonValue | undefined): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
