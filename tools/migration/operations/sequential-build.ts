import { rmSync } from "node:fs";
import type { Project } from "../config/project.ts";
import type { RunInputs } from "../integrity/run-file.ts";
import { MigrationError, systemCode } from "../model/errors.ts";
import type { FindingSink } from "../model/finding.ts";
import type { Source } from "../sources/source.ts";
import { toStoreError } from "../stores/atomic-file.ts";
import { type Context, turn } from "./context.ts";
import type { FindingBook } from "./finding-book.ts";
import { checkFreeze, loadRegistries, type RegistryMap, runInputs } from "./inputs.ts";
import { createMappers, type Ledger, mapModules, type RecordMappers } from "./map-modules.ts";
import { type BuiltModule, ModuleBuilder, spillFolder } from "./module-builder.ts";

/** What a build of all modules came to. */
export interface BuiltModules {
  readonly ledgers: ReadonlyMap<string, Ledger>;
  readonly built: ReadonlyMap<string, BuiltModule>;
}

/** The registries and mappers of a build in one thread. */
export interface SequentialInputs {
  readonly registries: RegistryMap;
  readonly mappers: RecordMappers;
  readonly inputs: RunInputs;
}

/** Loads what a build in one thread needs, reporting the faults of the registries. */
export function loadSequentialInputs(project: Project, sink: FindingSink): SequentialInputs {
  const registries = loadRegistries(project.root, project.modules, sink);
  checkFreeze(project.root, registries, sink);
  const mappers = createMappers(project, registries, sink);
  return { registries, mappers, inputs: runInputs(project, registries) };
}

/** A build in one thread: it words every finding, and can fail on purpose after a module. */
export interface SequentialBuild {
  readonly context: Context;
  readonly project: Project;
  readonly source: Source;
  readonly book: FindingBook;
  readonly path: string;
  readonly failAfterModule: string | undefined;
  /** Lines that are sorted in memory. */
  readonly sortMemoryBytes: number;
  /** True where only the authority may judge. */
  readonly sequential: boolean;
}

/** Reads, maps, checks and writes every module; what it found is in the book. */
export async function buildSequentially(run: SequentialBuild, loaded: SequentialInputs): Promise<BuiltModules> {
  const { context, project, source, book } = run;
  const { registries, mappers } = loaded;
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
      sequential: run.sequential,
      emit: (module, id, line) => {
        // After the first blocker nothing can be published: the rest is read only to report all faults.
        if (book.blockers > 0) return;
        builderOf(builders, run, module.name).add(id, line);
      },
      endModule: async (module, ledger) => {
        const builder = builderOf(builders, run, module.name);
        if (book.blockers === 0) {
          assertBalanced(module.name, ledger);
          context.progress.stage(`write ${module.name}`);
          const result = await builder.build(() => turn(context));
          if (result.merkle.size !== ledger.written) throw unbalanced(module.name, ledger, result.merkle.size);
          built.set(module.name, result);
        }
        builder.close();
        if (run.failAfterModule === module.name) throw injectedFailure(module.name);
      },
    });
    rmSync(spillFolder(run.path), { recursive: true, force: true });
    return { ledgers, built };
  } catch (error) {
    // A fault without a system code is one of the program: it keeps its stack.
    throw systemCode(error) === undefined ? error : toStoreError(error, "Building the candidate");
  } finally {
    for (const builder of builders.values()) builder.close();
  }
}

function builderOf(builders: Map<string, ModuleBuilder>, run: SequentialBuild, module: string): ModuleBuilder {
  const known = builders.get(module);
  if (known !== undefined) return known;
  const made = new ModuleBuilder(run.path, spillFolder(run.path), { module, sortMemoryBytes: run.sortMemoryBytes });
  builders.set(module, made);
  return made;
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
