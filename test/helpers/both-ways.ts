import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MigrationError } from "../../tools/migration/model/errors.ts";
import type { Context } from "../../tools/migration/operations/context.ts";
import { dryRun } from "../../tools/migration/operations/dry-run.ts";
import { migrate } from "../../tools/migration/operations/migrate.ts";
import type { Outcome } from "../../tools/migration/operations/report.ts";
import { scan } from "../../tools/migration/operations/scan.ts";
import { ALL_CHECKS, VERIFY_CHECKS } from "../../tools/migration/operations/scan-levels.ts";
import type { Tuning } from "../../tools/migration/operations/tuning.ts";
import { verifySource } from "../../tools/migration/operations/verify-source.ts";
import { contextOf } from "./operations.ts";

/** How a command is run: by default as a user runs it. */
export interface Way {
  readonly workers?: number;
  readonly tuning?: Partial<Tuning>;
  readonly input?: string;
  readonly maxMemoryBytes?: number;
}

/** The authority alone. */
export const SEQUENTIAL: Way = { tuning: { sequential: true } };

/** Small data cut as if it were large: matchers compiled, each chunk a task, in this thread. */
export const CUT: Way = {
  workers: 1,
  tuning: {
    rangeBytes: 1,
    spanBytes: 300,
    idsPerTask: 7,
    recordsPerTask: 10,
    partitionBytes: 4096,
    // Less than the lines of a module, so that some of them go to files.
    lineMemoryBytes: 64 * 1024,
    threads: { execArgv: [] },
  },
};

/** The same on threads. */
export function threads(workers: number): Way {
  return { workers, tuning: { ...CUT.tuning, smallBytes: 0 } };
}

/** A command that may go either way. */
export type TwoWayCommand = "scan-all" | "verify-checksums" | "scrub" | "verify-source" | "dry-run" | "migrate";

/** Everything a command said: totals and findings, or how it failed. The order of findings is not promised. */
export interface Said {
  readonly error?: string;
  readonly summary?: Outcome["summary"];
  readonly findings?: readonly string[];
}

/** Runs a command one way and tells what it said. */
export async function saidBy(root: string, command: TwoWayCommand, way: Way): Promise<Said> {
  return (await watched(root, command, way)).said;
}

/** The same, and whether the authority had to look at everything. */
export async function watched(
  root: string,
  command: TwoWayCommand,
  way: Way,
): Promise<{ said: Said; isFast: boolean }> {
  let isFast = true;
  // Only the fast path of a build knows beforehand how much there is to do; a scan says that it reads again.
  const stage = (name: string, total?: number): void => {
    isFast &&= total !== undefined && !name.endsWith(" again");
  };
  const context = contextOf(root);
  const said = await sayingOf({ ...context, progress: { ...context.progress, stage } }, command, way);
  return { said, isFast };
}

async function sayingOf(context: Context, command: TwoWayCommand, way: Way): Promise<Said> {
  try {
    const { summary, report } = await start(context, command, way);
    const lines = readFileSync(join(context.root, report, "findings.jsonl"), "utf8").split("\n");
    return { summary, findings: lines.sort() };
  } catch (error) {
    if (error instanceof MigrationError) return { error: `${error.code} ${error.message}` };
    throw error;
  }
}

function start(context: Context, command: TwoWayCommand, way: Way): Promise<Outcome> {
  const options = { runId: "run-local", ...way };
  if (command === "dry-run") return dryRun(context, options);
  if (command === "migrate") return migrate(context, { ...options, failAfterModule: undefined });
  if (command === "verify-source") return verifySource(context, { input: "storage_candidate/v1", ...options });
  const deep = command === "scan-all";
  const level = deep ? "deep" : command === "scrub" ? "scrub" : "verify";
  const checks = deep ? ALL_CHECKS : VERIFY_CHECKS;
  return scan(context, { input: "storage_candidate/v1", ...options, command, modules: [], checks, level });
}
