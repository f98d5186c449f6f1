import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../config/paths.ts";
import { compareCodeUnits } from "../integrity/order.ts";
import { parseStrict } from "../integrity/strict-parse.ts";
import { isJsonObject, type JsonObject } from "../model/json.ts";
import type { Context } from "./context.ts";

/** The head of a summary that a command left. */
export interface LatestReport {
  readonly command: string;
  readonly runId: string;
  readonly totalBlockers: number;
  readonly totalWarnings: number;
  readonly totalWaived: number;
  readonly root: string | undefined;
  /** Folder relative to the project. */
  readonly folder: string;
}

/** The reports there are, in the order in which the work goes. */
export function latestReports(context: Context): readonly LatestReport[] {
  const folder = join(context.root, PROJECT.reports);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith("latest-") && existsSync(join(folder, name, "summary.json")))
    .sort((a, b) => rank(a) - rank(b) || compareCodeUnits(a, b))
    .map((name) => head(join(folder, name, "summary.json"), `${PROJECT.reports}/${name}`))
    .filter((report) => report !== undefined);
}

const ORDER = ["latest-registry-check", "latest-dry-run", "latest-migrate", "latest-scan"];

function rank(name: string): number {
  const at = ORDER.indexOf(name);
  return at < 0 ? ORDER.length : at;
}

function head(path: string, folder: string): LatestReport | undefined {
  const parsed = parseStrict(readFileSync(path, "utf8"));
  if (!parsed.ok || !isJsonObject(parsed.value)) return undefined;
  const summary = parsed.value;
  // A diff has no verdict of findings.
  if (summary["format"] !== "candor-summary/1") return undefined;
  return {
    command: text(summary, "command") ?? "?",
    runId: text(summary, "runId") ?? "?",
    totalBlockers: Number(summary["totalBlockers"]),
    totalWarnings: Number(summary["totalWarnings"]),
    totalWaived: Number(summary["totalWaived"]),
    root: text(summary, "root"),
    folder,
  };
}

function text(summary: JsonObject, name: string): string | undefined {
  const value = summary[name];
  return typeof value === "string" ? value : undefined;
}
