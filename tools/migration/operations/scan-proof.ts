import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../config/paths.ts";
import { sha256Hex } from "../integrity/digest.ts";
import { parseStrict } from "../integrity/strict-parse.ts";
import { MigrationError, systemCode } from "../model/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../model/json.ts";
import type { Context } from "./context.ts";

/** The passing scan that a flip stands on. */
export interface ScanProof {
  readonly root: string;
  /** End of the scan in UTC. */
  readonly at: string;
  readonly ageMs: number;
  /** Digest of the statement that says so. */
  readonly sha256: string;
}

/** A clock may differ by so much from the one that wrote a report. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

const FOLDER = `${PROJECT.reports}/latest-scan`;

/**
 * The last `scan-all`, where it is one of exactly this root, found no BLOCKER, read everything and ended at most
 * `maxAgeMs` ago; else NOT_PROVED, naming each thing that is not so.
 */
export function passingScan(context: Context, root: string, maxAgeMs: number): ScanProof {
  const summary = readReport(context.root, "summary.json").value;
  const { value, sha256 } = readReport(context.root, "statement.json");
  const predicate = value["predicate"];
  const statement = isJsonObject(predicate) ? predicate : {};
  const end = typeof statement["end"] === "string" ? Date.parse(statement["end"]) : Number.NaN;
  const ageMs = context.clock().getTime() - end;
  const problems = [
    ...differences(summary, { command: "scan-all", level: "deep", root, totalBlockers: 0, unverified: [] }),
    ...differences(statement, { command: "scan-all", level: "deep", runRoot: root, complete: true }),
    ...ageProblems(ageMs, maxAgeMs),
  ];
  if (problems.length > 0) {
    throw notProved(`There is no passing scan of the root ${root} that a flip can stand on.`, problems);
  }
  return { root, at: String(statement["end"]), ageMs, sha256 };
}

function differences(found: JsonObject, expected: Readonly<Record<string, JsonValue>>): string[] {
  return Object.entries(expected)
    .filter(([key, value]) => JSON.stringify(found[key]) !== JSON.stringify(value))
    .map(([key, value]) => `${key}: expected ${word(value)}, got ${word(found[key])}`);
}

function word(value: JsonValue | undefined): string {
  if (value === undefined) return "nothing";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function ageProblems(ageMs: number, maxAgeMs: number): string[] {
  if (!Number.isFinite(ageMs)) return ["end: expected a time, got nothing"];
  if (ageMs < -CLOCK_TOLERANCE_MS) return ["end: expected a time that is past, got one to come; compare the clocks"];
  return ageMs <= maxAgeMs ? [] : [`age: expected at most ${minutes(maxAgeMs)}, got ${minutes(ageMs)}`];
}

function minutes(ms: number): string {
  return `${Math.round(ms / 6000) / 10} minutes`;
}

function readReport(root: string, file: string): { readonly value: JsonObject; readonly sha256: string } {
  try {
    const text = readFileSync(join(root, FOLDER, file), "utf8");
    const parsed = parseStrict(text);
    if (parsed.ok && isJsonObject(parsed.value)) return { value: parsed.value, sha256: sha256Hex(text) };
    throw notProved(`${FOLDER}/${file} is not a report.`, []);
  } catch (error) {
    if (systemCode(error) === "ENOENT") throw notProved("There is no report of a scan.", []);
    throw error;
  }
}

function notProved(message: string, problems: readonly string[]): MigrationError {
  return new MigrationError("NOT_PROVED", {
    message,
    problems,
    remedy: "`candor scan-all` of the candidate or release that is to go live; then run the command again.",
  });
}
