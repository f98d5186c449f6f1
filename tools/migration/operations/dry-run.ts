import { availableParallelism } from "node:os";
import { loadProject } from "../config/project.ts";
import type { Context } from "./context.ts";
import { createBuildPool, type FastStart, fastMap, prepareFastRun } from "./fast-map.ts";
import { openSource } from "./inputs.ts";
import { type Ledger, MAP_CHECKS, mapModules } from "./map-modules.ts";
import { checkUnknownRegistries } from "./registry-check.ts";
import { type ModuleSummary, type Outcome, Report } from "./report.ts";
import { loadSequentialInputs } from "./sequential-build.ts";
import { type Tuning, tuned } from "./tuning.ts";

/** How a dry run is made. */
export interface DryRunOptions {
  readonly runId: string;
  /** Worker threads for a source that is not small; one per core where it is left out. */
  readonly workers?: number;
  readonly tuning?: Partial<Tuning>;
}

/** Everything `migrate` would do but the writing: reads, maps, checks; writes only its report. */
export async function dryRun(context: Context, options: DryRunOptions): Promise<Outcome> {
  const project = loadProject(context.root);
  const source = await openSource(project, context);
  const report = new Report(context, {
    command: "dry-run",
    runId: options.runId,
    waivers: project.waivers,
    checks: MAP_CHECKS,
  });
  try {
    checkUnknownRegistries(context.root, project.modules, report.book.sink);
    const { workers = availableParallelism() } = options;
    const start = { context, project, source, workers, tuning: tuned(options.tuning) };
    const ledgers = (await mapFast(start, report)) ?? (await mapSlowly(start, report));
    await source.assertUnchanged();
    return report.publish({ modules: summarize(ledgers), level: "dry-run" });
  } catch (error) {
    report.discard();
    throw error;
  } finally {
    await source.close();
  }
}

type Ledgers = ReadonlyMap<string, Ledger>;

/** On all cores; undefined where anything was met that has to be worded. */
async function mapFast(start: FastStart, report: Report): Promise<Ledgers | undefined> {
  const pool = createBuildPool(start);
  try {
    const run = await prepareFastRun(start, pool);
    const mapped = run && (await fastMap(run, undefined));
    if (mapped === undefined) return undefined;
    for (const { name } of start.project.modules) mapped.reportUnused(name, report.book.sink);
    return mapped.ledgers;
  } finally {
    await pool.close();
  }
}

async function mapSlowly({ context, project, source, tuning }: FastStart, report: Report): Promise<Ledgers> {
  const { sequential } = tuning;
  const { registries, mappers } = loadSequentialInputs(project, report.book.sink);
  return mapModules({ project, registries, mappers, source, book: report.book, context, sequential, emit: () => {} });
}

/** The ledgers as parts of a summary. */
export function summarize(ledgers: ReadonlyMap<string, Ledger>): Record<string, ModuleSummary> {
  return Object.fromEntries(
    [...ledgers].map(([name, { read, written, rejected }]) => [name, { read, written, rejected }]),
  );
}
