import { listFolder, statPath } from "../checks/candidate-files.ts";
import { checkInputDrift } from "../checks/input-drift.ts";
import { checkLayout } from "../checks/layout-check.ts";
import { checkMerkle, type MerkleFacts, readMerkle } from "../checks/merkle-check.ts";
import { scanModule } from "../checks/module-scan.ts";
import { scrubModule } from "../checks/module-scrub.ts";
import { moduleSizes } from "../checks/module-sizes.ts";
import { checkPiiClasses } from "../checks/pii-check.ts";
import { ReferenceCheck } from "../checks/reference-check.ts";
import { checkRunModule, checkRunRoot, readRun } from "../checks/run-check.ts";
import type { Project } from "../config/project.ts";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";
import type { RunRecord } from "../integrity/run-file.ts";
import { MigrationError } from "../model/errors.ts";
import { type Check, type Finding, type FindingPlace, finding } from "../model/finding.ts";
import { MODULE_NAME, type ModuleDefinition } from "../model/module.ts";
import { CHECKSUMS_NAME } from "../stores/module-files.ts";
import { type Context, turn } from "./context.ts";
import { EntityScan } from "./entity-scan.ts";
import { checkFreeze, loadRegistries, type RegistryMap, runInputs } from "./inputs.ts";
import type { ModuleSummary, Outcome, Report } from "./report.ts";
import { subjects } from "./run-subjects.ts";
import { isBelowVerify, VERIFY_CHECKS } from "./scan-levels.ts";
import type { ScanOptions } from "./scan-options.ts";

/** What a sequential scan works with. */
export interface ScanParts {
  readonly input: string;
  readonly project: Project | undefined;
  readonly chosen: readonly ModuleDefinition[] | undefined;
  readonly report: Report;
  /** Where the fast path met bytes that did not prove what they should. */
  readonly suspect: FindingPlace | undefined;
  /** True where the fast path has read the data before and gave up. */
  readonly isSecond: boolean;
}

/** The authority: scans one module after the other, line by line, and words every finding. */
export class SequentialScan {
  readonly #context: Context;
  readonly #options: ScanOptions;
  readonly #parts: ScanParts;
  readonly #unverified: string[] = [];
  /** Faults of what is hashed, or of its form: they explain why the fast path gave up. */
  #faults = 0;

  constructor(context: Context, options: ScanOptions, parts: ScanParts) {
    this.#context = context;
    this.#options = options;
    this.#parts = parts;
  }

  async run(): Promise<Outcome> {
    const { report, input, project } = this.#parts;
    const sink = this.#sink;
    const run = this.#guard("checksums/run.json", () => readRun(input, this.#has("merkle") ? sink : () => {}));
    const registries = this.#loadRegistries();
    const modules = this.#modules(run);
    if (this.#has("layout") && this.#options.modules.length === 0) {
      // Where nothing says which modules there should be, no folder is unexpected.
      const expected = run === undefined && project === undefined ? modules : this.#expected(run);
      this.#guard("the folder", () => checkLayout(input, expected, sink));
    }
    if (run !== undefined && this.#has("merkle")) checkRunRoot(run, sink);
    if (run !== undefined && this.#has("drift") && project !== undefined) {
      checkInputDrift(run.inputs, runInputs(project, registries ?? this.#quietRegistries(project)), sink);
    }
    const summaries = await this.#scanModules(modules, run, registries);
    this.#judgeSuspect();
    return report.publish({
      ...(run === undefined ? {} : { root: run.root, subjects: subjects(run) }),
      modules: summaries,
      unverified: this.#unverified,
      level: this.#options.level,
    });
  }

  readonly #sink = (found: Finding): void => {
    if (VERIFY_CHECKS.has(found.check) || found.check === "encoding") this.#faults += 1;
    this.#parts.report.book.sink(found);
  };

  /** What was wrong a moment ago and is not wrong now is told all the same. */
  #judgeSuspect(): void {
    const { suspect } = this.#parts;
    if (suspect === undefined || this.#faults > 0 || this.#unverified.length > 0) return;
    this.#sink(finding("TRANSIENT_READ", suspect));
  }

  async #scanModules(
    modules: readonly string[],
    run: RunRecord | undefined,
    registries: RegistryMap | undefined,
  ): Promise<Record<string, ModuleSummary>> {
    const { chosen, project } = this.#parts;
    const summaries: Record<string, ModuleSummary> = {};
    const references =
      this.#has("references") && project !== undefined ? new ReferenceCheck(project.modules) : undefined;
    for (const module of modules) {
      this.#context.progress.stage(`scan ${module}${this.#parts.isSecond ? " again" : ""}`, this.#entitiesOf(module));
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
              sink: this.#sink,
            });
      if (definition !== undefined && this.#has("pii")) checkPiiClasses(definition, this.#sink);
      const summary = await this.#guardAsync(module, () => this.#scanModule(module, run, entityScan));
      if (summary !== undefined) summaries[module] = summary;
    }
    await this.#addOtherIds(references, modules);
    if (references !== undefined && chosen !== undefined) references.finish(chosen, this.#sink);
    this.#context.progress.end();
    return summaries;
  }

  async #scanModule(
    module: string,
    run: RunRecord | undefined,
    entities: EntityScan | undefined,
  ): Promise<ModuleSummary> {
    const { input } = this.#parts;
    const { checks, level, onMismatch } = this.#options;
    if (statPath(input, module)?.isDirectory() !== true) return {};
    let done = 0;
    const upTo = (count: number): void => {
      this.#context.progress.advance(count - done);
      done = count;
    };
    const common = { input, module, sink: this.#sink, onMismatch };
    if (isBelowVerify(level)) {
      const facts = await scrubModule({ ...common, level, turn: (count) => this.#turn(() => upTo(done + count)) });
      return this.#checkTree(module, run, facts);
    }
    const facts = await scanModule({
      ...common,
      checks,
      ...(entities === undefined ? {} : entities.listeners),
      turn: (count) => this.#turn(() => upTo(count)),
    });
    entities?.finish();
    upTo(facts.entities ?? 0);
    if (this.#has("merkle")) this.#checkTree(module, run, facts);
    return {
      ...(facts.entities === undefined ? {} : { size: facts.entities }),
      ...(facts.root === undefined ? {} : { root: facts.root }),
    };
  }

  /** Entities of a module by the size of its digest lines, for the progress. */
  #entitiesOf(module: string): number | undefined {
    const bytes = this.#guard(module, () => moduleSizes(this.#parts.input, module).entities);
    const entities = (bytes ?? 0.5) / ENTITY_LINE_BYTES;
    return Number.isInteger(entities) ? entities : undefined;
  }

  async #turn(report: () => void): Promise<void> {
    report();
    await turn(this.#context);
  }

  /** Compares the small files of a module with what it holds, and gives what they say. */
  #checkTree(module: string, run: RunRecord | undefined, facts: MerkleFacts): ModuleSummary {
    const { input } = this.#parts;
    const merkle = readMerkle(input, module, this.#sink);
    if (merkle?.record !== undefined) checkMerkle(merkle.record, module, facts, this.#sink);
    if (run !== undefined) checkRunModule(run, module, merkle, this.#sink);
    return merkle?.record === undefined ? {} : { size: merkle.record.size, root: merkle.record.root };
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
          this.#sink(finding("MODULE_MISSING", { module, file: module }));
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
    const { project, chosen } = this.#parts;
    if (!this.#has("registry") || project === undefined || chosen === undefined) return undefined;
    const sink = this.#sink;
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
