import { existsSync, lstatSync, realpathSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { isAbsolute, relative } from "node:path";
import { noCandidate } from "../checks/candidate-index.ts";
import { PROJECT, under } from "../config/paths.ts";
import type { Project } from "../config/project.ts";
import { MigrationError } from "../model/errors.ts";
import type { Context } from "./context.ts";
import { type FastScanEnd, fastScan, NO_FAST_SCAN } from "./fast-scan.ts";
import { PauseControl } from "./pause-control.ts";
import { pickModules } from "./pick-modules.ts";
import { type Outcome, Report, removeReport } from "./report.ts";
import { openProgress } from "./scan-binding.ts";
import { DATA_CHECKS } from "./scan-levels.ts";
import type { ScanOptions } from "./scan-options.ts";
import type { SequentialScan } from "./sequential-scan.ts";
import { tuned } from "./tuning.ts";

export { ALL_CHECKS, DRIFT_CHECKS, PII_CHECKS, VERIFY_CHECKS, VERIFY_LEVELS } from "./scan-levels.ts";
export type { ScanOptions } from "./scan-options.ts";

/** Where the candidate is unless `--input` says otherwise. */
export const DEFAULT_INPUT = `${PROJECT.candidates}/v1`;

/** The live pointer as an input; UNVERIFIABLE says so where it leads nowhere. */
export async function liveInput(context: Context): Promise<string> {
  const { loadProject } = await import("../config/project.ts");
  return loadProject(context.root).pointer;
}

/** Scans a candidate: collects every finding, never stops at the first, and never writes to what it scans. */
export async function scan(context: Context, options: ScanOptions): Promise<Outcome> {
  const needsProject = DATA_CHECKS.some((check) => options.checks.has(check));
  // Loaded when needed: a verification needs no configuration, and a sound candidate no authority.
  const project = needsProject ? (await import("../config/project.ts")).loadProject(context.root) : undefined;
  const chosen = project === undefined ? undefined : pickModules(project.modules, options.modules);
  const place = under(context.root, options.input);
  const input = candidateAt(place, options.input);
  const pause = pauseControl(context, options, input, project);
  const openReport = (): Report =>
    new Report(context, {
      command: options.command,
      runId: options.runId,
      waivers: project?.waivers ?? [],
      checks: options.checks,
      ...(options.modules.length === 0 ? {} : { modules: new Set(options.modules) }),
    });
  const { outcome, suspect, hasRead } = await tryFast(context, options, { input, project, pause, openReport });
  if (outcome === undefined && suspect !== undefined) options.onMismatch?.(suspect);
  const parts = { input, project, chosen, suspect, isSecond: hasRead };
  const end = outcome ?? (await sequential(context, options, { ...parts, report: openReport() }));
  pause.remove();
  if (folderAt(place) !== input) throw movedMeanwhile(context, options);
  return end;
}

async function tryFast(
  context: Context,
  options: ScanOptions,
  parts: {
    readonly input: string;
    readonly project: Project | undefined;
    readonly pause: PauseControl;
    readonly openReport: () => Report;
  },
): Promise<FastScanEnd> {
  const { checks, level, workers = availableParallelism(), modules } = options;
  const tuning = tuned(options.tuning);
  if (checks.has("chunks") && modules.length === 0 && !tuning.sequential) {
    return fastScan(context, { ...parts, checks, level, workers, tuning });
  }
  if (options.pause?.resume === true) openProgress(context.root, options.command, undefined);
  return NO_FAST_SCAN;
}

async function sequential(
  context: Context,
  options: ScanOptions,
  parts: ConstructorParameters<typeof SequentialScan>[2],
): Promise<Outcome> {
  try {
    const { SequentialScan } = await import("./sequential-scan.ts");
    return await new SequentialScan(context, options, parts).run();
  } catch (error) {
    parts.report.discard();
    throw error;
  }
}

function pauseControl(
  context: Context,
  options: ScanOptions,
  input: string,
  project: Project | undefined,
): PauseControl {
  const { command, level, pause } = options;
  const { rangeBytes, smallBytes } = tuned(options.tuning);
  const flags = [
    ...(command === "verify-checksums" && level !== "verify" ? [`--level ${level}`] : []),
    ...(options.input === DEFAULT_INPUT ? [] : [`--input ${options.input}`]),
  ];
  return new PauseControl(context, {
    pause,
    smallBytes,
    binding: { command, level, input, rangeBytes, project },
    goOn: ["candor", command, ...flags, "--resume"].join(" "),
  });
}

/** The folder that is scanned; a link is followed once, so that the whole scan reads the same one. */
function folderAt(place: string): string | undefined {
  if (!existsSync(place) || !statSync(place).isDirectory()) return undefined;
  return lstatSync(place).isSymbolicLink() ? realpathSync.native(place) : place;
}

function candidateAt(place: string, shown: string): string {
  const folder = folderAt(place);
  if (folder !== undefined) return folder;
  throw noCandidate(isAbsolute(shown) ? relative(process.cwd(), shown) || "." : shown);
}

/** A verdict about what the pointer led to before says nothing about what it leads to now: the report goes. */
function movedMeanwhile(context: Context, options: ScanOptions): MigrationError {
  removeReport(context, options.command);
  return new MigrationError("UNVERIFIABLE", {
    message: `${options.input} was moved to another folder during the scan; there is no verdict.`,
    remedy: "Wait until nobody flips it, then run the command again.",
  });
}
