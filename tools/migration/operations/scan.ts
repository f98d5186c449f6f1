import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { isAbsolute, join, relative } from "node:path";
import { listFolder, statPath } from "../checks/candidate-files.ts";
import { checkInputDrift } from "../checks/input-drift.ts";
import { checkLayout } from "../checks/layout-check.ts";
import { checkMerkle, readMerkle } from "../checks/merkle-check.ts";
import { type ModuleFacts, scanModule } from "../checks/module-scan.ts";
import { checkPiiClasses } from "../checks/pii-check.ts";
import { ReferenceCheck } from "../checks/reference-check.ts";
import { checkRunModule, checkRunRoot, readRun } from "../checks/run-check.ts";
import { PROJECT } from "../config/paths.ts";
import { loadProject, type Project } from "../config/project.ts";
import type { RunRecord } from "../integrity/run-file.ts";
import { MigrationError } from "../model/errors.ts";
import { type Check, finding } from "../model/finding.ts";
import { MODULE_NAME, type ModuleDefinition } from "../model/module.ts";
import { CHECKSUMS_NAME } from "../stores/module-files.ts";
import { type Context, turn } from "./context.ts";
import { EntityScan } from "./entity-scan.ts";
import { fastScan } from "./fast-scan.ts";
import { checkFreeze, loadRegistries, type RegistryMap, runInputs } from "./inputs.ts";
import { pickModules } from "./registry-check.ts";
import { type ModuleSummary, type Outcome, Report } from "./report.ts";
import { subjects } from "./run-subjects.ts";
import { type Tuning, tuned } from "./tuning.ts";

/** What a scan looks at. */
export interface ScanOptions {
  readonly command: string;
  readonly runId: string;
  /** Candidate directory, relative to the project root unless absolute. */
  readonly input: string;
  /** Modules to scan; empty means all. */
  readonly modules: readonly string[];
  readonly checks: ReadonlySet<Check>;
  /** Level of verification for the statement (FORMATS.md, section 8). */
  readonly level: string;
  /** Worker threads for a candidate that is not small; one per core where it is left out. */
  readonly workers?: number;
  readonly tuning?: Partial<Tuning>;
}

/** Everything: what `scan-all` and `scan-module` check. */
export const ALL_CHECKS: ReadonlySet<Check> = new Set<Check>([
  "layout",
  "encoding",
  "order",
  "digests",
  "chunks",
  "merkle",
  "schema",
  "references",
  "invariants",
  "pii",
  "drift",
  "registry",
  "waivers",
]);
/** What `verify-checksums` checks: everything that is hashed, up to the run root; needs no configuration. */
export const VERIFY_CHECKS: ReadonlySet<Check> = new Set<Check>(["layout", "order", "digests", "chunks", "merkle"]);
/** What `scan-pii` checks. */
export const PII_CHECKS: ReadonlySet<Check> = new Set<Check>(["encoding", "pii", "waivers"]);
/** What `scan-drift` checks. */
export const DRIFT_CHECKS: ReadonlySet<Check> = new Set<Check>(["encoding", "drift", "waivers"]);

const DATA_CHECKS: readonly Check[] = ["schema", "references", "invariants", "pii", "drift", "registry"];

/** Scans a candidate: collects every finding, never stops at the first, and never writes to what it scans. */
export async function scan(context: Context, options: ScanOptions): Promise<Outcome> {
  const needsProject = DATA_CHECKS.some((check) => options.checks.has(check));
  const project = needsProject ? loadProject(context.root) : undefined;
  const input = isAbsolute(options.input) ? options.input : join(context.root, options.input);
  const chosen = project === undefined ? undefined : pickModules(project.modules, options.modules);
  assertCandidate(input, options.input);
  const openReport = (): Report =>
    new Report(context, {
      command: options.command,
      runId: options.runId,
      waivers: project?.waivers ?? [],
      checks: options.checks,
      ...(options.modules.length === 0 ? {} : { modules: new Set(options.modules) }),
    });
  const tuning = tuned(options.tuning);
  if (options.checks.has("digests") && options.modules.length === 0 && !tuning.sequential) {
    const { checks, level, workers = availableParallelism() } = options;
    const outcome = await fastScan(context, { input, project, checks, level, workers, tuning, openReport });
    if (outcome !== undefined) return outcome;
  }
  const report = openReport();
  try {
    const run = new Scan(context, options, { input, project, chosen, report });
    return await run.run();
  } catch (error) {
    report.discard();
    throw error;
  }
}

function assertCandidate(input: string, shown: string): void {
  if (existsSync(input) && statPath(input, "")?.isDirectory() === true) return;
  throw new MigrationError("UNVERIFIABLE", {
    message: `There is no candidate at ${isAbsolute(shown) ? relative(process.cwd(), shown) || "." : shown}.`,
    remedy: "`candor migrate` builds one; `candor restore` brings the previous one back.",
  });
}

interface ScanParts {
  readonly input: string;
  readonly project: Project | undefined;
  readonly chosen: readonly ModuleDefinition[] | undefined;
  readonly report: Report;
}

class Scan {
  readonly #context: Context;
  readonly #options: ScanOptions;
  readonly #parts: ScanParts;
  readonly #unverified: string[] = [];

  constructor(context: Context, options: ScanOptions, parts: ScanParts) {
    this.#context = context;
    this.#options = options;
    this.#parts = parts;
  }

  async run(): Promise<Outcome> {
    const { report, input, project } = this.#parts;
    const sink = report.book.sink;
    const run = this.#guard("checksums/run.json", () => readRun(input, this.#has("merkle") ? sink : () => {}));
    const registries = this.#loadRegistries();
    const modules = this.#modules(run);
    if (this.#has("layout") && this.#options.modules.length === 0) {
      this.#guard("the folder", () => checkLayout(input, this.#expected(run), sink));
    }
    if (run !== undefined && this.#has("merkle")) checkRunRoot(run, sink);
    if (run !== undefined && this.#has("drift") && project !== undefined) {
      checkInputDrift(run.inputs, runInputs(project, registries ?? this.#quietRegistries(project)), sink);
    }
    const summaries = await this.#scanModules(modules, run, registries);
    return report.publish({
      ...(run === undefined ? {} : { root: run.root, subjects: subjects(run) }),
      modules: summaries,
      unverified: this.#unverified,
      level: this.#options.level,
    });
  }

  async #scanModules(
    modules: readonly string[],
    run: RunRecord | undefined,
    registries: RegistryMap | undefined,
  ): Promise<Record<string, ModuleSummary>> {
    const { chosen, project, report } = this.#parts;
    const summaries: Record<string, ModuleSummary> = {};
    const references =
      this.#has("references") && project !== undefined ? new ReferenceCheck(project.modules) : undefined;
    for (const module of modules) {
      this.#context.progress.stage(`scan ${module}`);
      const definition = chosen?.find(({ name }) => name === module);
      const registry = this.#has("registry") ? registries?.get(module) : undefined;
      const entityScan =
        definition === undefined
          ? undefined
          : new EntityScan({
              definition,
              checks: this.#options.checks,
              phoneRegions: project?.phoneRegions ?? [],
              references,
              registry,
              sink: report.book.sink,
            });
      if (definition !== undefined && this.#has("pii")) checkPiiClasses(definition, report.book.sink);
      const summary = await this.#guardAsync(module, () => this.#scanModule(module, run, entityScan));
      if (summary !== undefined) summaries[module] = summary;
    }
    await this.#addOtherIds(references, modules);
    if (references !== undefined && chosen !== undefined) references.finish(chosen, report.book.sink);
    this.#context.progress.end();
    return summaries;
  }

  async #scanModule(
    module: string,
    run: RunRecord | undefined,
    entities: EntityScan | undefined,
  ): Promise<ModuleSummary> {
    const { input, report } = this.#parts;
    const sink = report.book.sink;
    if (statPath(input, module)?.isDirectory() !== true) return {};
    const facts = await scanModule({
      input,
      module,
      checks: this.#options.checks,
      ...(entities === undefined ? {} : { onEntity: (entity, place) => entities.next(entity, place) }),
      sink,
      turn: () => turn(this.#context),
    });
    entities?.finish();
    this.#context.progress.advance(facts.entities ?? 0);
    if (this.#has("merkle")) this.#checkTree(module, run, facts);
    return {
      ...(facts.entities === undefined ? {} : { size: facts.entities }),
      ...(facts.root === undefined ? {} : { root: facts.root }),
    };
  }

  #checkTree(module: string, run: RunRecord | undefined, facts: ModuleFacts): void {
    const { input, report } = this.#parts;
    const merkle = readMerkle(input, module, report.book.sink);
    if (merkle?.record !== undefined) checkMerkle(merkle.record, module, facts, report.book.sink);
    if (run !== undefined) checkRunModule(run, module, merkle, report.book.sink);
  }

  /** For a scan of some modules: the ids of the others are needed to judge references, nothing else of them. */
  async #addOtherIds(references: ReferenceCheck | undefined, scanned: readonly string[]): Promise<void> {
    const { project, chosen, input } = this.#parts;
    if (references === undefined || project === undefined || this.#options.modules.length === 0) return;
    const targets = new Set(chosen?.flatMap((module) => module.references.map(({ target }) => target)));
    for (const name of targets) {
      if (scanned.includes(name) || statPath(input, name)?.isDirectory() !== true) continue;
      await this.#guardAsync(name, () =>
        scanModule({
          input,
          module: name,
          checks: new Set<Check>(["encoding"]),
          onEntity: (_entity, place) => references.addEntity(name, place.id ?? ""),
          sink: () => {},
          turn: () => turn(this.#context),
        }),
      );
    }
  }

  /** The modules to scan: the chosen ones, else those of the configuration and of the run, else the folders. */
  #modules(run: RunRecord | undefined): readonly string[] {
    const { chosen, input } = this.#parts;
    if (this.#options.modules.length > 0) {
      const names = chosen?.map(({ name }) => name) ?? this.#options.modules;
      for (const module of names) {
        if (statPath(input, module) === undefined) {
          this.#parts.report.book.sink(finding("MODULE_MISSING", { module, file: module }));
        }
      }
      return names;
    }
    const folders = this.#guard("the folder", () => listFolder(input, "")) ?? [];
    const present = folders.filter((name) => MODULE_NAME.test(name) && name !== CHECKSUMS_NAME);
    const expected = this.#expected(run);
    return [
      ...expected,
      ...present.filter((name) => !expected.includes(name) && statPath(input, name)?.isDirectory() === true),
    ];
  }

  #expected(run: RunRecord | undefined): readonly string[] {
    const configured = this.#parts.project?.modules.map(({ name }) => name) ?? [];
    const recorded = run?.modules.map(({ name }) => name) ?? [];
    return [...configured, ...recorded.filter((name) => !configured.includes(name))];
  }

  #loadRegistries(): RegistryMap | undefined {
    const { project, chosen, report } = this.#parts;
    if (!this.#has("registry") || project === undefined || chosen === undefined) return undefined;
    const sink = report.book.sink;
    const wanted = this.#options.modules.length === 0 ? project.modules : chosen;
    const registries = loadRegistries(this.#context.root, wanted, sink);
    checkFreeze(this.#context.root, registries, sink);
    return wanted === project.modules ? registries : new Map([...this.#quietRegistries(project), ...registries]);
  }

  #quietRegistries(project: Project): RegistryMap {
    return loadRegistries(this.#context.root, project.modules, () => {});
  }

  #has(check: Check): boolean {
    return this.#options.checks.has(check);
  }

  /** What could not be read is noted, and the scan goes on: the verdict is then "incomplete", never "clean". */
  #guard<T>(name: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      this.#note(name, error);
      return undefined;
    }
  }

  async #guardAsync<T>(name: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      this.#note(name, error);
      return undefined;
    }
  }

  #note(name: string, error: unknown): void {
    if (!(error instanceof MigrationError) || error.code !== "UNVERIFIABLE") throw error;
    this.#unverified.push(`${name}: ${error.message}`);
  }
}

/** Where the candidate is unless `--input` says otherwise. */
export const DEFAULT_INPUT = `${PROJECT.candidates}/v1`;
