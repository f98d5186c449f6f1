import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../../tools/migration/model/finding.ts";
import type { Context } from "../../tools/migration/operations/context.ts";
import { dryRun } from "../../tools/migration/operations/dry-run.ts";
import type { TargetOptions } from "../../tools/migration/operations/load-plan.ts";
import { checkRegistries } from "../../tools/migration/operations/registry-check.ts";
import type { Outcome } from "../../tools/migration/operations/report.ts";
import {
  ALL_CHECKS,
  DEFAULT_INPUT,
  type ScanOptions,
  scan,
  VERIFY_CHECKS,
} from "../../tools/migration/operations/scan.ts";

import { verifySource } from "../../tools/migration/operations/verify-source.ts";

import { verifyTarget } from "../../tools/migration/operations/verify-target.ts";

/** The day on which every test takes place. */
export const TODAY = "2026-06-15";

/** A context without a screen, on the day `TODAY`. */
export function contextOf(root: string): Context {
  const progress = { stage: () => {}, advance: () => {}, end: () => {} };
  return { root, clock: () => new Date(`${TODAY}T12:00:00Z`), signal: new AbortController().signal, progress };
}

/** The commands with a verdict that tests run in their own process. */
export type VerdictCommand =
  | "scan-all"
  | "verify-checksums"
  | "verify-source"
  | "verify-target"
  | "dry-run"
  | "registry check";

/** An outcome with every finding of the report, waived ones included. */
export interface Verdict extends Outcome {
  readonly findings: readonly (Finding & { readonly waived?: object })[];
}

/** Runs a command on a project and reads its report; `extra` replaces options of a scan. */
export async function runOperation(
  root: string,
  command: VerdictCommand,
  extra: Partial<ScanOptions> = {},
): Promise<Verdict> {
  const outcome = await start(root, command, extra);
  const lines = readFileSync(join(root, outcome.report, "findings.jsonl"), "utf8")
    .split("\n")
    .slice(0, -1);
  return { ...outcome, findings: lines.map((line) => JSON.parse(line)) };
}

function start(root: string, command: VerdictCommand, extra: Partial<ScanOptions>): Promise<Outcome> {
  const context = contextOf(root);
  if (command === "dry-run") return dryRun(context, { runId: "run-test" });
  if (command === "registry check") return checkRegistries(context, { runId: "run-test", modules: [] });
  if (command === "verify-source") return verifySource(context, { runId: "run-test", input: DEFAULT_INPUT });
  if (command === "verify-target") return verifyTarget(context, { runId: "run-test", ...targetOf(root) });
  const deep = command === "scan-all";
  const what = deep ? { checks: ALL_CHECKS, level: "deep" } : { checks: VERIFY_CHECKS, level: "verify" };
  return scan(context, { command, runId: "run-test", input: DEFAULT_INPUT, modules: [], ...what, ...extra });
}

/** The SQLite file beside a project into which tests load. */
export function targetOf(root: string): TargetOptions {
  return { place: "sqlite:target.db", workingDirectory: root, input: DEFAULT_INPUT, modules: [] };
}
