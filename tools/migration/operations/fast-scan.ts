import { existsSync, statSync } from "node:fs";
import { statPath } from "../checks/candidate-files.ts";
import { readChunkList } from "../checks/chunk-list.ts";
import { checkInputDrift } from "../checks/input-drift.ts";
import { checkLayout } from "../checks/layout-check.ts";
import { checkMerkle, readMerkle } from "../checks/merkle-check.ts";
import type { ModuleFacts } from "../checks/module-scan.ts";
import { checkPiiClasses } from "../checks/pii-check.ts";
import { checkRunModule, checkRunRoot, readRun } from "../checks/run-check.ts";
import type { Project } from "../config/project.ts";
import type { ChunkRecord } from "../integrity/chunks.ts";
import { CompactRange } from "../integrity/compact-range.ts";
import type { RunRecord } from "../integrity/run-file.ts";
import { MigrationError } from "../model/errors.ts";
import type { Check, Finding, FindingSink } from "../model/finding.ts";
import { WorkerPool } from "../pool/worker-pool.ts";
import { allocateIds, IdIndex, indexIds, type SharedIds } from "../ranges/id-index.ts";
import { areDisjoint } from "../ranges/shared-ids.ts";
import type { ChunkRange } from "../ranges/verify-range.ts";
import { moduleFiles } from "../stores/module-files.ts";
import type { Context } from "./context.ts";
import { checkFrozenDigests, digestInputs, RegistryScan } from "./registry-scan.ts";
import type { ModuleSummary, Outcome, Report } from "./report.ts";
import { subjects } from "./run-subjects.ts";
import { createScanHandler, type ScanSetup, type ScanTask, type ScanTaskResult } from "./scan-tasks.ts";
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
  readonly openReport: () => Report;
}

/** One module whose small files are in order. */
interface Plan {
  readonly name: string;
  readonly facts: Omit<ModuleFacts, "root">;
  readonly size: number;
  readonly ranges: readonly ChunkRange[];
}

/**
 * Scans a candidate on all cores, or gives undefined where anything beyond the content of single entities is not as it
 * should be: the sequential scan then looks at everything again and words it. Both agree on what is clean.
 */
export async function fastScan(context: Context, options: FastScanOptions): Promise<Outcome | undefined> {
  const scan = FastScan.prepare(context, options);
  if (scan === undefined) return undefined;
  try {
    return await scan.run();
  } finally {
    await scan.close();
  }
}

class FastScan {
  readonly #context: Context;
  readonly #options: FastScanOptions;
  readonly #run: RunRecord;
  readonly #plans: readonly Plan[];
  readonly #pool: WorkerPool<ScanSetup, ScanTask, ScanTaskResult>;
  readonly #ids = new Map<string, SharedIds>();

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
      const plans = configured.map((name) => planModule(input, name, options.tuning));
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

  private constructor(context: Context, options: FastScanOptions, run: RunRecord, plans: readonly Plan[]) {
    this.#context = context;
    this.#options = options;
    this.#run = run;
    this.#plans = plans;
    const { smallBytes, tinyBytes, threads } = options.tuning;
    const bytes = plans.reduce((sum, plan) => sum + (plan.facts.dataBytes ?? 0), 0);
    this.#pool = new WorkerPool({
      workers: bytes < smallBytes ? 0 : options.workers,
      entry: new URL("./scan-worker.js", import.meta.url),
      createHandler: createScanHandler,
      setup: {
        modules: options.project?.modules ?? [],
        phoneRegions: options.project?.phoneRegions ?? [],
        checks: options.checks,
        compiled: bytes >= tinyBytes,
      },
      signal: context.signal,
      threads,
    });
  }

  async run(): Promise<Outcome | undefined> {
    const { project } = this.#options;
    if (project !== undefined && !(await this.#readIds())) return undefined;
    const registries = project === undefined ? undefined : new RegistryScan(project, this.#ids, this.#options.tuning);
    if (registries?.hasFiles() === false) return undefined;
    const report = this.#options.openReport();
    try {
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
    await this.#pool.close();
  }

  async #scan(report: Report, registries: RegistryScan | undefined): Promise<Outcome | undefined> {
    const { project, level } = this.#options;
    const results = this.#pool.run(this.#tasks(registries));
    const modules: Record<string, ModuleSummary> = {};
    for (const plan of this.#plans) {
      const definition = project?.modules.find(({ name }) => name === plan.name);
      if (definition !== undefined) checkPiiClasses(definition, report.book.sink);
      const tree = await this.#module(plan, results, report);
      if (tree === undefined) return undefined;
      if (registries !== undefined && !(await registries.take(plan.name, results, report.book.sink))) return undefined;
      const root = level === "scrub" ? this.#recordedRoot(plan.name) : tree.root().toString("hex");
      if (!this.#checkTree(plan, level === "scrub" ? undefined : root)) return undefined;
      modules[plan.name] = { size: plan.size, root };
    }
    this.#context.progress.end();
    if (project !== undefined && registries !== undefined) {
      if (!checkFrozenDigests(project, registries) || !this.#idsAreDistinct(registries)) return undefined;
      checkInputDrift(this.#run.inputs, digestInputs(project, registries), report.book.sink);
    }
    return report.publish({ root: this.#run.root, subjects: subjects(this.#run), modules, level });
  }

  #recordedRoot(module: string): string {
    return this.#run.modules.find(({ name }) => name === module)?.root ?? "";
  }

  /** The tree over a module's ranges; undefined where one is for the authority. */
  async #module(
    plan: Plan,
    results: AsyncGenerator<ScanTaskResult>,
    report: Report,
  ): Promise<CompactRange | undefined> {
    const tree = new CompactRange();
    this.#context.progress.stage(`scan ${plan.name}`, plan.size);
    for (const range of plan.ranges) {
      const result = (await results.next()).value;
      if (result?.kind === "scrub" && result.clean) continue;
      if (result?.kind !== "verify" || !result.range.clean) return undefined;
      const { begin, end, subtrees } = result.range;
      tree.merge(CompactRange.from(begin, end, subtrees));
      for (const found of result.findings) report.book.sink(found);
      this.#context.progress.advance(range.chunks.reduce((sum, chunk) => sum + chunk.count, 0));
    }
    return tree;
  }

  *#tasks(registries: RegistryScan | undefined): Generator<ScanTask> {
    const { project, level } = this.#options;
    for (const plan of this.#plans) {
      for (const range of plan.ranges) {
        if (level === "scrub") yield { kind: "scrub", range };
        else if (project === undefined) yield { kind: "verify", range };
        else yield { kind: "deep", range, ids: this.#targets(project, plan.name) };
      }
      if (registries !== undefined) yield* registries.tasks(plan.name);
    }
  }

  #targets(project: Project, module: string): ReadonlyMap<string, SharedIds> {
    const definition = project.modules.find(({ name }) => name === module);
    const names = new Set(definition?.references.map(({ target }) => target));
    return new Map([...this.#ids].filter(([name]) => names.has(name)));
  }

  /** Reads the ids of every module into shared memory, so that references are settled wherever they are met. */
  async #readIds(): Promise<boolean> {
    const tasks: ScanTask[] = [];
    const { idsPerTask } = this.#options.tuning;
    for (const { name, size } of this.#plans) {
      const ids = allocateIds(size);
      this.#ids.set(name, ids);
      const path = moduleFiles(this.#options.input, name).entities;
      for (let begin = 0; begin < size; begin += idsPerTask) {
        tasks.push({
          kind: "ids",
          range: { path, begin, end: Math.min(size, begin + idsPerTask), words: ids.words },
        });
      }
    }
    for await (const result of this.#pool.run(tasks)) if (result.kind !== "ids" || !result.clean) return false;
    for (const ids of this.#ids.values()) indexIds(ids);
    return true;
  }

  #idsAreDistinct(registries: RegistryScan): boolean {
    const lists = [...this.#ids.values()].map((ids) => new IdIndex(ids));
    return areDisjoint(lists.map(({ words }) => words)) && registries.unusedAreDistinct(lists);
  }

  #checkTree(plan: Plan, root: string | undefined): boolean {
    const { input } = this.#options;
    return (
      quiet((sink) => {
        const merkle = readMerkle(input, plan.name, sink);
        if (merkle?.record === undefined) return undefined;
        checkMerkle(merkle.record, plan.name, { ...plan.facts, root }, sink);
        checkRunModule(this.#run, plan.name, merkle, sink);
        return true;
      }) !== undefined
    );
  }
}

/** The value of a check that must find nothing; undefined once it finds anything. */
function quiet<T>(check: (sink: FindingSink) => T | undefined): T | undefined {
  const found: Finding[] = [];
  const value = check((one) => found.push(one));
  return found.length === 0 ? value : undefined;
}

function planModule(input: string, name: string, tuning: Tuning): Plan | undefined {
  const files = moduleFiles(input, name);
  const data = statPath(input, `${name}/data.jsonl`)?.size ?? 0;
  const entities = existsSync(files.entities) ? statSync(files.entities).size : 0;
  const chunkList = quiet((sink) => readChunkList(input, name, { data, entities }, sink));
  if (chunkList === undefined) return undefined;
  const last = chunkList.chunks.at(-1);
  const size = last === undefined ? 0 : last.index + last.count;
  const facts = { entities: size, dataBytes: data, entitiesBytes: entities, chunkList, size };
  return { name, size, facts, ranges: cutRanges({ input, module: name }, chunkList.chunks, tuning.rangeBytes) };
}

function cutRanges(
  place: Pick<ChunkRange, "input" | "module">,
  chunks: readonly ChunkRecord[],
  rangeBytes: number,
): ChunkRange[] {
  const ranges: ChunkRange[] = [];
  let begin = 0;
  let bytes = 0;
  chunks.forEach((chunk, at) => {
    bytes += chunk.data.bytes;
    const isLast = at === chunks.length - 1;
    if (bytes < rangeBytes && !isLast) return;
    ranges.push({ ...place, chunks: chunks.slice(begin, at + 1), isLast });
    begin = at + 1;
    bytes = 0;
  });
  return ranges;
}
