import { checkInputDrift } from "../checks/input-drift.ts";
import { checkLayout } from "../checks/layout-check.ts";
import { checkMerkle, type MerkleFacts, readMerkle } from "../checks/merkle-check.ts";
import { checkPiiClasses } from "../checks/pii-check.ts";
import { checkRunModule, checkRunRoot, readRun } from "../checks/run-check.ts";
import type { Project } from "../config/project.ts";
import { CompactRange } from "../integrity/compact-range.ts";
import type { RunRecord } from "../integrity/run-file.ts";
import { MigrationError } from "../model/errors.ts";
import type { Check, FindingPlace } from "../model/finding.ts";
import { WorkerPool } from "../pool/worker-pool.ts";
import type { ChunkRange } from "../ranges/verify-range.ts";
import { CHECKSUMS_NAME, DATA_NAME, ENTITIES_NAME, MERKLE_NAME } from "../stores/module-files.ts";
import type { Context } from "./context.ts";
import type { PauseControl } from "./pause-control.ts";
import { checkFrozenDigests, digestInputs, RegistryScan } from "./registry-scan.ts";
import type { ModuleSummary, Outcome, Report } from "./report.ts";
import { subjects } from "./run-subjects.ts";
import { ScanIds } from "./scan-ids.ts";
import { type ModulePlan, planModule, quiet } from "./scan-plan.ts";
import { cleanRange } from "./scan-progress.ts";
import type { ScanSetup, ScanTask, ScanTaskResult } from "./scan-tasks.ts";
import type { Tuning } from "./tuning.ts";

/** What the fast path of a scan is given. */
export interface FastScanOptions {
  readonly input: string;
  /** Undefined for digests alone. */
  readonly project: Project | undefined;
  readonly checks: ReadonlySet<Check>;
  readonly level: string;
  readonly workers: number;
  readonly tuning: Tuning;
  readonly pause: PauseControl;
  readonly openReport: () => Report;
}

/** The verdict; else the sequential scan must look, at `suspect` above all: bytes there did not prove what they should. */
export interface FastScanEnd {
  readonly outcome: Outcome | undefined;
  readonly suspect: FindingPlace | undefined;
  /** True where data was read. */
  readonly hasRead: boolean;
}

/** Nothing was done: the sequential scan is the first to look. */
export const NO_FAST_SCAN: FastScanEnd = { outcome: undefined, suspect: undefined, hasRead: false };

/**
 * Scans a candidate on all cores, or gives no outcome where anything beyond the content of single entities is not as it
 * should be: the sequential scan then looks at everything again and words it. Both agree on what is clean.
 */
export async function fastScan(context: Context, options: FastScanOptions): Promise<FastScanEnd> {
  const scan = FastScan.prepare(context, options);
  options.pause.bind(scan?.plans);
  if (scan === undefined) return NO_FAST_SCAN;
  try {
    return { outcome: await scan.run(), suspect: scan.suspect, hasRead: true };
  } finally {
    await scan.close();
  }
}

class FastScan {
  readonly #context: Context;
  readonly #options: FastScanOptions;
  readonly #run: RunRecord;
  readonly plans: readonly ModulePlan[];
  readonly #pool: WorkerPool<ScanSetup, ScanTask, ScanTaskResult>;
  readonly #ids: ScanIds;
  /** Where bytes did not prove what they should. */
  suspect: FindingPlace | undefined;

  /** Reads run.json, the layout and the chunk lists; undefined at the first finding. */
  static prepare(context: Context, options: FastScanOptions): FastScan | undefined {
    try {
      const { input, project } = options;
      const run = quiet((sink) => readRun(input, sink));
      if (run === undefined) return undefined;
      const names = run.modules.map(({ name }) => name);
      const configured = project?.modules.map(({ name }) => name) ?? names;
      if (configured.length !== names.length || configured.some((name) => !names.includes(name))) return undefined;
      if (quiet((sink) => checkLayout(input, names, sink) ?? true) === undefined) return undefined;
      if (quiet((sink) => checkRunRoot(run, sink) ?? true) === undefined) return undefined;
      const plans = configured.map((name) => planModule(input, name, options.tuning.rangeBytes));
      if (plans.some((plan) => plan === undefined)) return undefined;
      return new FastScan(
        context,
        options,
        run,
        plans.filter((plan) => plan !== undefined),
      );
    } catch (error) {
      if (error instanceof MigrationError && error.code === "UNVERIFIABLE") return undefined;
      throw error;
    }
  }

  private constructor(context: Context, options: FastScanOptions, run: RunRecord, plans: readonly ModulePlan[]) {
    this.#context = context;
    this.#options = options;
    this.#run = run;
    this.plans = plans;
    this.#ids = new ScanIds(options.input, options.tuning.idsPerTask, options.workers);
    const bytes = plans.reduce((sum, plan) => sum + plan.dataBytes, 0);
    this.#pool = new WorkerPool({
      workers: bytes < options.tuning.smallBytes ? 0 : options.workers,
      entry: new URL("./scan-worker.js", import.meta.url),
      createHandler: async (setup) => (await import("./scan-handler.ts")).createScanHandler(setup),
      setup: {
        modules: options.project?.modules ?? [],
        phoneRegions: options.project?.phoneRegions ?? [],
        checks: options.checks,
      },
      signal: context.signal,
      threads: options.tuning.threads,
    });
  }

  async run(): Promise<Outcome | undefined> {
    const { project } = this.#options;
    this.#pool.start(this.plans.reduce((sum, { ranges }) => sum + ranges.length, 0));
    if (project !== undefined && !(await this.#readIds())) return undefined;
    const registries =
      project === undefined ? undefined : new RegistryScan(project, this.#ids.byModule, this.#options.tuning);
    if (registries?.hasFiles() === false) return undefined;
    const report = this.#options.openReport();
    try {
      this.#options.pause.begin();
      const outcome = await this.#scan(report, registries);
      if (outcome === undefined) report.discard();
      return outcome;
    } catch (error) {
      report.discard();
      if (error instanceof MigrationError && error.code === "UNVERIFIABLE") return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#options.pause.close();
    await this.#pool.close();
  }

  async #scan(report: Report, registries: RegistryScan | undefined): Promise<Outcome | undefined> {
    const { project, level } = this.#options;
    const results = this.#pool.run(this.#tasks(registries));
    const modules: Record<string, ModuleSummary> = {};
    for (const plan of this.plans) {
      const definition = project?.modules.find(({ name }) => name === plan.name);
      if (definition !== undefined) checkPiiClasses(definition, report.book.sink);
      const tree = await this.#module(plan, results, report);
      if (tree === undefined) return undefined;
      if (registries !== undefined && !(await registries.take(plan.name, results, report.book.sink))) return undefined;
      const found = level === "scrub" ? undefined : tree.root().toString("hex");
      if (!this.#checkTree(plan, found)) {
        this.suspect = { module: plan.name, file: `${plan.name}/${CHECKSUMS_NAME}/${MERKLE_NAME}` };
        return undefined;
      }
      modules[plan.name] = found === undefined ? this.#recorded(plan.name) : { size: plan.size, root: found };
    }
    this.#context.progress.end();
    if (!(await this.#ids.areDisjoint(results))) return undefined;
    // The threads take 7 ms to end, as long as the report takes to get onto the disk; `close` waits for them.
    void this.#pool.close();
    if (project !== undefined && registries !== undefined) {
      if (!checkFrozenDigests(project, registries) || !registries.unusedAreDistinct(this.#ids.indexes()))
        return undefined;
      checkInputDrift(this.#run.inputs, digestInputs(project, registries), report.book.sink);
    }
    return report.publish({ root: this.#run.root, subjects: subjects(this.#run), modules, level });
  }

  #recorded(module: string): ModuleSummary {
    const record = this.#run.modules.find(({ name }) => name === module);
    return record === undefined ? {} : { size: record.size, root: record.root };
  }

  /** The tree over a module's ranges; undefined where one is for the authority. */
  async #module(
    plan: ModulePlan,
    results: AsyncGenerator<ScanTaskResult>,
    report: Report,
  ): Promise<CompactRange | undefined> {
    const { pause } = this.#options;
    const tree = new CompactRange();
    const left = plan.ranges.filter((range) => pause.saved(range) === undefined);
    this.#context.progress.stage(`scan ${plan.name}`, entitiesIn(left));
    for (const range of plan.ranges) {
      const saved = pause.saved(range);
      const next = saved === undefined ? await results.next() : undefined;
      if (next?.done === true) throw pause.timeOver();
      const result = saved ?? cleanRange(next?.value);
      if (result === undefined) {
        this.suspect = placeOf(range);
        return undefined;
      }
      if (result.kind === "verify") {
        const { begin, end, subtrees } = result.range;
        tree.merge(CompactRange.from(begin, end, subtrees));
        for (const found of result.findings) report.book.sink(found);
      }
      if (saved !== undefined) continue;
      pause.add(range, result);
      this.#context.progress.advance(entitiesIn([range]));
    }
    return tree;
  }

  *#tasks(registries: RegistryScan | undefined): Generator<ScanTask> {
    const { project, level, pause } = this.#options;
    for (const plan of this.plans) {
      for (const range of plan.ranges) {
        if (pause.saved(range) !== undefined) continue;
        if (pause.isOver()) return;
        if (level === "scrub") yield { kind: "scrub", range };
        else if (project === undefined) yield { kind: "verify", range };
        else yield { kind: "deep", range, ids: this.#ids.targetsOf(project, plan.name) };
      }
      if (registries !== undefined) yield* registries.tasks(plan.name);
    }
    yield* this.#ids.disjointTasks();
  }

  async #readIds(): Promise<boolean> {
    if (!this.#ids.allocate(this.plans)) return false;
    const tasks = this.#ids.readTasks();
    let at = 0;
    for await (const result of this.#pool.run(tasks.map(([, task]) => task))) {
      if (result.kind !== "ids" || !result.clean) {
        const module = tasks[at]?.[0] ?? "";
        this.suspect = { module, file: `${module}/${CHECKSUMS_NAME}/${ENTITIES_NAME}` };
        return false;
      }
      at += 1;
    }
    for await (const result of this.#pool.run(this.#ids.indexTasks())) if (result.kind !== "index") return false;
    return true;
  }

  #checkTree(plan: ModulePlan, root: string | undefined): boolean {
    const { input } = this.#options;
    return (
      quiet((sink) => {
        const merkle = readMerkle(input, plan.name, sink);
        if (merkle?.record === undefined) return undefined;
        checkMerkle(merkle.record, plan.name, this.#facts(plan, root), sink);
        checkRunModule(this.#run, plan.name, merkle, sink);
        return true;
      }) !== undefined
    );
  }

  /** The size by the tree is not known to a scrub, which reads no lines. */
  #facts(plan: ModulePlan, root: string | undefined): MerkleFacts {
    const { dataBytes, entitiesBytes, chunkList } = plan;
    return { dataBytes, entitiesBytes, chunkList, root, size: root === undefined ? undefined : plan.size };
  }
}

function entitiesIn(ranges: readonly ChunkRange[]): number {
  return ranges.reduce((sum, { chunks }) => sum + chunks.reduce((all, chunk) => all + chunk.count, 0), 0);
}

function placeOf({ module, chunks }: ChunkRange): FindingPlace {
  const [first, last] = [chunks[0], chunks.at(-1)];
  const place = {
    module,
    file: `${module}/${DATA_NAME}`,
    line: (first?.index ?? 0) + 1,
    offset: first?.data.offset ?? 0,
  };
  const end = (last?.data.offset ?? 0) + (last?.data.bytes ?? 0);
  return { ...place, got: `something wrong up to byte ${end} of it, or in its digests, and nothing the second time` };
}
