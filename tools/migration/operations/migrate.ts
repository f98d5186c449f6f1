import { readdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { PROJECT, under } from "../config/paths.ts";
import { loadProject, type Project } from "../config/project.ts";
import type { RunInputs } from "../integrity/run-file.ts";
import { MigrationError, systemCode } from "../model/errors.ts";
import type { FindingSink } from "../model/finding.ts";
import type { Source } from "../sources/source.ts";
import { toStoreError } from "../stores/atomic-file.ts";
import { type Build, CandidateFolder } from "../stores/candidate-folder.ts";
import { assertDiskSpace } from "../stores/disk.ts";
import { resolvesInto } from "../stores/pointer.ts";
import { acquireLock, type StoreLock } from "../stores/store-lock.ts";
import type { Context } from "./context.ts";
import { summarize } from "./dry-run.ts";
import { fastBuild } from "./fast-build.ts";
import { createBuildPool, type FastRun, type FastStart, prepareFastRun } from "./fast-map.ts";
import { openSource } from "./inputs.ts";
import { type Ledger, MAP_CHECKS } from "./map-modules.ts";
import { withSortMemory } from "./memory-plan.ts";
import type { BuiltModule } from "./module-builder.ts";
import { pickModules } from "./pick-modules.ts";
import { checkUnknownRegistries } from "./registry-check.ts";
import { type ModuleSummary, type Outcome, Report } from "./report.ts";
import { subjects } from "./run-subjects.ts";
import {
  type BuiltModules,
  buildSequentially,
  loadSequentialInputs,
  type SequentialInputs,
} from "./sequential-build.ts";
import { type BuildPool, sharedRunInputs } from "./shared-inputs.ts";
import { type Tuning, tuned } from "./tuning.ts";
import { writeRun } from "./write-run.ts";

/** How a candidate is built. */
export interface MigrateOptions {
  /** A label, written into run.json; not part of the root. */
  readonly runId: string;
  /** Failure drill: fail after this module was built. */
  readonly failAfterModule: string | undefined;
  /** Worker threads for a source that is not small; one per core where it is left out. */
  readonly workers?: number;
  /** Memory to stay below, about; undefined for as little as is quick. */
  readonly maxMemoryBytes?: number | undefined;
  readonly tuning?: Partial<Tuning>;
}

/** Room that is kept free beside a candidate of known size, in bytes. */
const SPARE_BYTES = 16 * 1024 * 1024;

/**
 * Builds a candidate from the source and publishes it as v1, or leaves none (FORMATS.md, section 6). A blocker in the
 * data publishes nothing; the outcome then holds every finding of the run.
 */
export async function migrate(context: Context, options: MigrateOptions): Promise<Outcome> {
  const project = loadProject(context.root);
  if (options.failAfterModule !== undefined) pickModules(project.modules, [options.failAfterModule]);
  const folder = new CandidateFolder(join(context.root, PROJECT.candidates), { command: "migrate" });
  refuseLiveCandidate(project, folder);
  const source = await openSource(project, context);
  try {
    folder.prepare();
    const lock = acquireLock(folder.dir, "migrate");
    try {
      folder.sweep();
      refuseLiveCandidate(project, folder);
      preflight(folder);
      return await migrateLocked({ context, options, project, folder, lock, source });
    } finally {
      lock.release();
    }
  } finally {
    await source.close();
  }
}

interface Run {
  readonly context: Context;
  readonly options: MigrateOptions;
  readonly project: Project;
  readonly folder: CandidateFolder;
  readonly lock: StoreLock;
  readonly source: Source;
}

async function migrateLocked(run: Run): Promise<Outcome> {
  const { context, options, project } = run;
  const report = new Report(context, {
    command: "migrate",
    runId: options.runId,
    waivers: project.waivers,
    checks: MAP_CHECKS,
  });
  const { workers = availableParallelism() } = options;
  const { maxMemoryBytes } = options;
  const start = { ...run, workers, maxMemoryBytes, tuning: tuned(options.tuning) };
  const pool = createBuildPool(start);
  try {
    return await migrateReported({ ...start, report, pool });
  } catch (error) {
    report.discard();
    throw error;
  } finally {
    await pool.close();
  }
}

interface ReportedRun extends Run, FastStart {
  readonly report: Report;
  readonly pool: BuildPool;
}

async function migrateReported(run: ReportedRun): Promise<Outcome> {
  const { context, options, project, folder, lock, report, source, pool } = run;
  const { sink } = report.book;
  checkUnknownRegistries(context.root, project.modules, sink);
  // The failure drill stops after a module, which only the build in one thread does.
  const fast = options.failAfterModule === undefined ? await prepareFastRun(run, pool) : undefined;
  const loaded = fast === undefined ? loadSequentialInputs(project, sink) : undefined;
  lock.assertHeld();
  folder.retire();
  let build: Build | undefined = folder.beginBuild();
  try {
    const { path } = build;
    const result = (fast && (await buildFast(fast, path, sink))) ?? (await buildSlowly(run, path, loaded));
    await source.assertUnchanged();
    if (report.book.blockers > 0) {
      folder.discard(build);
      build = undefined;
      return report.publish({ modules: summarize(result.ledgers), level: "migrate" });
    }
    const record = writeRun({ ...result, path, runId: options.runId });
    lock.assertHeld();
    folder.publish(build);
    build = undefined;
    const modules = summarizeBuilt(result.ledgers, result.built);
    return report.publish({ root: record.root, modules, subjects: subjects(record), level: "migrate" });
  } finally {
    if (build !== undefined) folder.discard(build);
  }
}

interface BuildResult extends BuiltModules {
  readonly inputs: RunInputs;
}

/** The build on all cores; undefined where it met anything that the build in one thread has to word. */
async function buildFast(fast: FastRun, path: string, sink: FindingSink): Promise<BuildResult | undefined> {
  try {
    const built = await fastBuild(fast, path);
    if (built === undefined) return undefined;
    for (const { name } of fast.project.modules) built.reportUnused(name, sink);
    return { ...built, inputs: sharedRunInputs(fast.project, fast.inputs) };
  } catch (error) {
    throw systemCode(error) === undefined ? error : toStoreError(error, "Building the candidate");
  }
}

async function buildSlowly(run: ReportedRun, path: string, loaded: SequentialInputs | undefined): Promise<BuildResult> {
  const { context, options, project, source, report, pool } = run;
  await pool.close();
  for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true, force: true });
  const { failAfterModule } = options;
  const inputs = loaded ?? loadSequentialInputs(project, report.book.sink);
  const { maxMemoryBytes } = options;
  const { sequential } = run.tuning;
  const { sortMemoryBytes } = maxMemoryBytes === undefined ? run.tuning : withSortMemory(run.tuning, maxMemoryBytes);
  const build = { context, project, source, book: report.book, path, failAfterModule, sortMemoryBytes, sequential };
  const built = await buildSequentially(build, inputs);
  return { ...built, inputs: inputs.inputs };
}

/** A pointer into a generation means that an application reads it now: retiring it would take its data away. */
function refuseLiveCandidate(project: Project, folder: CandidateFolder): void {
  const pointer = under(project.root, project.pointer);
  const used = [folder.candidate, folder.previous].find((generation) => resolvesInto(pointer, generation));
  if (used === undefined) return;
  throw new MigrationError("LIVE_POINTER", {
    message: `The live pointer ${project.pointer} resolves into ${PROJECT.candidates}/${basename(used)}; building anew would take it away from its readers.`,
    remedy: `Point ${project.pointer} at a release instead, then run \`candor migrate\` again.`,
  });
}

/** Refuses to begin where the disk cannot hold another candidate like the last one, plus its spilled lines. */
function preflight(folder: CandidateFolder): void {
  const largest = Math.max(0, ...folder.generations().map((generation) => generation.bytes));
  assertDiskSpace(folder.dir, largest * 2 + SPARE_BYTES, "Building the candidate");
}

function summarizeBuilt(
  ledgers: ReadonlyMap<string, Ledger>,
  built: ReadonlyMap<string, BuiltModule>,
): Record<string, ModuleSummary> {
  const modules = summarize(ledgers);
  for (const [name, { merkle }] of built) modules[name] = { ...modules[name], size: merkle.size, root: merkle.root };
  return modules;
}
