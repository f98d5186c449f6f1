import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../../tools/migration/operations/context.ts";
import { ALL_CHECKS, DEFAULT_INPUT, type ScanOptions, VERIFY_CHECKS } from "../../tools/migration/operations/scan.ts";
import { contextOf } from "./operations.ts";

/** The commands that can be stopped and resumed. */
export type PausedCommand = "scan-all" | "verify-checksums";

/** Options of a scan in ranges of one chunk, whose progress is kept; `extra` replaces some of them. */
export function pausedScan(command: PausedCommand, extra: Partial<ScanOptions> = {}): ScanOptions {
  const what =
    command === "scan-all" ? { checks: ALL_CHECKS, level: "deep" } : { checks: VERIFY_CHECKS, level: "verify" };
  return {
    command,
    runId: "run-test",
    input: DEFAULT_INPUT,
    modules: [],
    pause: { maxMs: undefined, resume: false },
    tuning: { smallBytes: 0, rangeBytes: 1 },
    ...what,
    workers: 0,
    ...extra,
  };
}

/** A context whose clock jumps by an hour once `ranges` ranges are done. */
export function stoppingContext(root: string, ranges: number): Context {
  const context = contextOf(root);
  let done = 0;
  return {
    ...context,
    clock: () => new Date(context.clock().getTime() + (done >= ranges ? 3_600_000 : 0)),
    progress: {
      ...context.progress,
      advance: () => {
        done += 1;
      },
    },
  };
}

/** The parts of a report that do not depend on the time. */
export function reportOf(root: string, command: PausedCommand): Record<string, string> {
  const folder = join(root, "storage_reports", command === "scan-all" ? "latest-scan" : `latest-${command}`);
  const files = ["summary.json", "findings.jsonl"];
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), "utf8")]));
}
