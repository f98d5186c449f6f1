import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PROJECT, under } from "../config/paths.ts";
import { loadProject, type Project } from "../config/project.ts";
import { compareCodeUnits } from "../integrity/order.ts";
import { type RunModule, type RunRecord, runLine, runRoot } from "../integrity/run-file.ts";
import { MigrationError, systemCode } from "../model/errors.ts";
import type { Source } from "../sources/source.ts";
import { toStoreError } from "../stores/atomic-file.ts";
import { type Build, CandidateFolder } from "../stores/candidate-folder.ts";
import { assertDiskSpace } from "../stores/disk.ts";
import { FileWriter } from "../stores/file-writer.ts";
import { CHECKSUMS_NAME, runFile } from "../stores/module-files.ts";
import { resolvesInto } from "../stores/pointer.ts";
import { acquireLock, type StoreLock } from "../stores/store-lock.ts";
import { type Context, turn } from "./context.ts";
import { summarize } from "./dry-run.ts";
import type { FindingBook } from "./finding-book.ts";
import { checkFreeze, loadRegistries, openSource, type RegistryMap, runInputs } from "./inputs.ts";
import { createMappers, type Ledger, MAP_CHECKS, mapModules, type RecordMappers } from "./map-modules.ts";
import { type BuiltModule, ModuleBuilder, spillFolder } from "./module-builder.ts";
import { checkUnknownRegistries, pickModules } from "./registry-check.ts";
import { type ModuleSummary, type Outcome, Report } from "./report.ts";
import { subjects } from "./run-subjects.ts";

/** How a candidate is built. */
export interface MigrateOptions {
  /** A label, written into run.json; not part of the root. */
  readonly runId: string;
  /** Failure drill: fail after this module was built. */
  readonly failAfterModule: string | undefined;
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
  const source = await openSource(project);
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
  const { context, options, project, folder, lock } = run;
  const report = new Report(context, {
    command: "migrate",
    runId: options.runId,
    waivers: project.waivers,
    checks: MAP_CHECKS,
  });
  let build: Build | undefined;
  try {
    const registries = loadRegistries(context.root, project.modules, report.book.sink);
    checkFreeze(context.root, registries, report.book.sink);
    checkUnknownRegistries(context.root, project.modules, report.book.sink);
    const mappers = createMappers(project, registries, report.book.sink);
    lock.assertHeld();
    folder.retire();
    build = folder.beginBuild();
    const { ledgers, built } = await buildModules(run, { registries, mappers, book: report.book, path: build.path });
    await run.source.assertUnchanged();
    if (report.book.blockers > 0) {
      folder.discard(build);
      return report.publish({ modules: summarize(ledgers), level: "migrate" });
    }
    const record = writeRun(project, registries, { ledgers, built, path: build.path, runId: options.runId });
    lock.assertHeld();
    folder.publish(build);
    build = undefined;
    return report.publish({
      root: record.root,
      modules: summarizeBuilt(ledgers, built),
      subjects: subjects(record),
      level: "migrate",
    });
  } catch (error) {
    report.discard();
    if (build !== undefined) folder.discard(build);
    throw error;
  }
}

interface BuiltModules {
  readonly ledgers: ReadonlyMap<string, Ledger>;
  readonly built: ReadonlyMap<string, BuiltModule>;
}

interface BuildParts {
  readonly registries: RegistryMap;
  readonly mappers: RecordMappers;
  readonly book: FindingBook;
  readonly path: string;
}

async function buildModules(run: Run, { registries, mappers, book, path }: BuildParts): Promise<BuiltModules> {
  const { context, options, project, source } = run;
  const built = new Map<string, BuiltModule>();
  const builders = new Map<string, ModuleBuilder>();
  try {
    const ledgers = await mapModules({
      project,
      registries,
      mappers,
      source,
      book,
      context,
      emit: (module, id, line) => {
        // After the first blocker nothing can be published: the rest is read only to report all faults.
        if (book.blockers > 0) return;
        builderOf(builders, path, module.name).add(id, line);
      },
      endModule: async (module, ledger) => {
        const builder = builderOf(builders, path, module.name);
        if (book.blockers === 0) {
          assertBalanced(module.name, ledger);
          context.progress.stage(`write ${module.name}`);
          const result = await builder.build(() => turn(context));
          if (result.merkle.size !== ledger.written) throw unbalanced(module.name, ledger, result.merkle.size);
          built.set(module.name, result);
        }
        builder.close();
        if (options.failAfterModule === module.name) throw injectedFailure(module.name);
      },
    });
    rmSync(spillFolder(path), { recursive: true, force: true });
    return { ledgers, built };
  } catch (error) {
    // A fault without a system code is one of the program: it keeps its stack.
    throw systemCode(error) === undefined ? error : toStoreError(error, "Building the candidate");
  } finally {
    for (const builder of builders.values()) builder.close();
  }
}

function builderOf(builders: Map<string, ModuleBuilder>, path: string, module: string): ModuleBuilder {
  const known = builders.get(module);
  if (known !== undefined) return known;
  const made = new ModuleBuilder(path, spillFolder(path), module);
  builders.set(module, made);
  return made;
}

/** A pointer into v1 means that an application reads it now: retiring it would take its data away. */
function refuseLiveCandidate(project: Project, folder: CandidateFolder): void {
  if (!resolvesInto(under(project.root, project.pointer), folder.candidate)) return;
  throw new MigrationError("LIVE_POINTER", {
    message: `The live pointer ${project.pointer} resolves into ${PROJECT.candidates}/v1; building anew would take it away from its readers.`,
    remedy: `Point ${project.pointer} at a release instead, then run \`candor migrate\` again.`,
  });
}

/** Refuses to begin where the disk cannot hold another candidate like the last one, plus its spilled lines. */
function preflight(folder: CandidateFolder): void {
  const largest = Math.max(0, ...folder.generations().map((generation) => generation.bytes));
  assertDiskSpace(folder.dir, largest * 2 + SPARE_BYTES, "Building the candidate");
}

function assertBalanced(module: string, ledger: Ledger): void {
  if (ledger.read !== ledger.written + ledger.rejected || ledger.rejected > 0)
    throw unbalanced(module, ledger, ledger.written);
}

function unbalanced(module: string, ledger: Ledger, size: number): MigrationError {
  return new MigrationError("LEDGER", {
    message: `The ledger of ${module} does not balance: ${ledger.read} read, ${ledger.rejected} rejected, ${size} written.`,
    remedy: "This is a fault of the tool; keep the report and do not use the candidate.",
  });
}

function injectedFailure(module: string): MigrationError {
  return new MigrationError("INJECTED_FAILURE", {
    message: `Failure drill: MIGRATE_FAIL_AFTER_MODULE=${module} stopped the build after ${module}; no candidate was published.`,
    remedy: "`candor migrate` without the variable builds a candidate; `candor restore` brings the previous one back.",
  });
}

interface RunParts extends BuiltModules {
  readonly path: string;
  readonly runId: string;
}

function writeRun(project: Project, registries: RegistryMap, parts: RunParts): RunRecord {
  const inputs = runInputs(project, registries);
  const modules: RunModule[] = [...parts.built]
    .sort(([a], [b]) => compareCodeUnits(a, b))
    .map(([name, { merkle, merkleSha256 }]) => {
      const read = parts.ledgers.get(name)?.read ?? 0;
      return { merkleSha256, name, read, root: merkle.root, size: merkle.size };
    });
  const root = runRoot(inputs, modules);
  const record: RunRecord = { format: "candor-run/1", inputs, modules, root, runId: parts.runId };
  mkdirSync(join(parts.path, CHECKSUMS_NAME));
  const writer = new FileWriter(runFile(parts.path));
  writer.write(runLine(record));
  writer.close();
  return record;
}

function summarizeBuilt(
  ledgers: ReadonlyMap<string, Ledger>,
  built: ReadonlyMap<string, BuiltModule>,
): Record<string, ModuleSummary> {
  const modules = summarize(ledgers);
  for (const [name, { merkle }] of built) modules[name] = { ...modules[name], size: merkle.size, root: merkle.root };
  return modules;
}
