import { availableParallelism } from "node:os";
import {
  type CandidateIndex,
  type ModuleIndex,
  notAsBuilt,
  openCandidate,
  openModule,
} from "../checks/candidate-index.ts";
import { checkInputDrift } from "../checks/input-drift.ts";
import { loadProject } from "../config/project.ts";
import type { Check } from "../model/finding.ts";
import type { ModuleDefinition } from "../model/module.ts";
import { SourceComparison } from "../ranges/compare-source.ts";
import { allocateExpected, type ExpectedEntities } from "../ranges/expected-entities.ts";
import { indexIds } from "../ranges/id-index.ts";
import { SharedRegistry } from "../ranges/shared-registry.ts";
import type { RegistryLookup } from "../registry/lookup.ts";
import { moduleFiles } from "../stores/module-files.ts";
import type { BuildTask } from "./build-tasks.ts";
import { type Context, turn, untilCancelled } from "./context.ts";
import { createBuildPool, type FastRun, type FastStart, prepareFastRun } from "./fast-map.ts";
import { openSource, type RegistryMap } from "./inputs.ts";
import { type ModuleSummary, type Outcome, Report } from "./report.ts";
import { subjects } from "./run-subjects.ts";
import { loadSequentialInputs } from "./sequential-build.ts";
import { type BuildPool, sharedRunInputs } from "./shared-inputs.ts";
import { SourceFindings } from "./source-findings.ts";
import { type Tuning, tuned } from "./tuning.ts";

/** How a source is compared with a candidate. */
export interface VerifySourceOptions {
  readonly runId: string;
  /** The candidate's folder, from the project. */
  readonly input: string;
  readonly workers?: number;
  readonly tuning?: Partial<Tuning>;
}

const CHECKS: ReadonlySet<Check> = new Set<Check>(["source", "drift"]);

interface Run extends FastStart {
  readonly candidate: CandidateIndex;
  readonly report: Report;
  readonly pool: BuildPool;
}

/**
 * Reads the source again, maps it, and compares every record with the candidate: names what changed, appeared or
 * vanished since the candidate was built. The candidate is believed as far as its digests hold.
 */
export async function verifySource(context: Context, options: VerifySourceOptions): Promise<Outcome> {
  const project = loadProject(context.root);
  const candidate = openCandidate(context.root, options.input);
  const source = await openSource(project, context);
  const { workers = availableParallelism(), runId } = options;
  const start: FastStart = { context, project, source, workers, tuning: tuned(options.tuning) };
  const pool = createBuildPool(start);
  const report = new Report(context, { command: "verify-source", runId, waivers: project.waivers, checks: CHECKS });
  try {
    const run: Run = { ...start, candidate, report, pool };
    const fast = await prepareFastRun(start, pool);
    const modules = fast === undefined ? await compareSlowly(run) : await compareFast(run, fast);
    await source.assertUnchanged();
    const known = new Set(project.modules.map(({ name }) => name));
    const unverified = candidate.run.modules
      .filter(({ name }) => !known.has(name))
      .map(({ name }) => `${name}: it is not in migration.json, so nothing says where its records are`);
    const { root } = candidate.run;
    return report.publish({ root, modules, unverified, subjects: subjects(candidate.run), level: "source" });
  } catch (error) {
    report.discard();
    throw error;
  } finally {
    await pool.close();
    await source.close();
  }
}

/** On all cores. */
async function compareFast(run: Run, fast: FastRun): Promise<Record<string, ModuleSummary>> {
  const { context, project, candidate, report, pool } = run;
  checkInputDrift(candidate.run.inputs, sharedRunInputs(project, fast.inputs), report.book.sink);
  const modules: Record<string, ModuleSummary> = {};
  for (const module of project.modules) {
    const { name } = module;
    const { index, expected } = await loadExpected(run, name);
    const data = fast.inputs.registries.get(name);
    if (data === undefined) throw new TypeError(`no registry for ${name}`);
    const seen = new SharedArrayBuffer(data.size);
    const sources = fast.ranges.get(name) ?? [];
    const registries = fast.inputs.registries;
    const tasks = sources.map(
      (source): BuildTask => ({ kind: "compare", compare: { module: name, source, registries, seen, expected } }),
    );
    const findings = new SourceFindings(candidate, index, expected, report.book.sink);
    context.progress.stage(`compare ${name}`, data.size);
    let read = 0;
    try {
      for await (const result of pool.run(tasks)) {
        if (result.kind !== "compare") throw new TypeError("another result than that of a comparison");
        for (const difference of result.compare.differences) findings.add(difference);
        read += result.compare.read;
        context.progress.advance(result.compare.read);
      }
      findings.finish(name, new SharedRegistry(data));
    } finally {
      findings.close();
    }
    modules[name] = summaryOf(candidate, name, read);
  }
  context.progress.end();
  return modules;
}

/** In one thread: a source in its memory, or registries that are not as they were frozen. */
async function compareSlowly(run: Run): Promise<Record<string, ModuleSummary>> {
  const { context, project, candidate, report } = run;
  const { registries, inputs } = loadSequentialInputs(project, () => {});
  checkInputDrift(candidate.run.inputs, inputs, report.book.sink);
  const modules: Record<string, ModuleSummary> = {};
  for (const module of project.modules) {
    const { index, expected } = await loadExpected(run, module.name);
    context.progress.stage(`compare ${module.name}`);
    const findings = new SourceFindings(candidate, index, expected, report.book.sink);
    try {
      const read = await compareModule(run, module, { registries, expected, findings });
      const registry: RegistryLookup | undefined = registries.get(module.name);
      if (registry !== undefined) findings.finish(module.name, registry);
      modules[module.name] = summaryOf(candidate, module.name, read);
    } finally {
      findings.close();
    }
  }
  context.progress.end();
  return modules;
}

async function compareModule(
  { context, source }: Run,
  module: ModuleDefinition,
  parts: {
    readonly registries: RegistryMap;
    readonly expected: ExpectedEntities;
    readonly findings: SourceFindings;
  },
): Promise<number> {
  const comparison = new SourceComparison(module, parts.registries, parts.expected);
  let read = 0;
  for await (const rows of untilCancelled(context, source.read(module.collection))) {
    for (let at = 0; at < rows.length; at += 1) {
      const difference = comparison.next({ rows }, at);
      if (difference !== undefined) parts.findings.add(difference);
    }
    read += rows.length;
    context.progress.advance(rows.length);
    await turn(context);
  }
  return read;
}

/** The ids and digests of a module's entities; nothing where the candidate does not have the module. */
async function loadExpected(
  { candidate, pool }: Run,
  name: string,
): Promise<{ readonly index: ModuleIndex | undefined; readonly expected: ExpectedEntities }> {
  const isBuilt = candidate.run.modules.some((module) => module.name === name);
  const index = isBuilt ? openModule(candidate, name) : undefined;
  const expected = allocateExpected(index?.merkle.size ?? 0);
  const path = moduleFiles(candidate.input, name).entities;
  const tasks = (index?.chunks ?? []).map(
    (chunk): BuildTask => ({ kind: "expected", range: { path, chunks: [chunk], expected } }),
  );
  for await (const result of pool.run(tasks)) {
    if (result.kind === "expected" && result.clean) continue;
    throw notAsBuilt(candidate.label, `${name}/checksums/entities.jsonl has bytes without their digest`);
  }
  indexIds(expected.ids);
  return { index, expected };
}

function summaryOf(candidate: CandidateIndex, name: string, read: number): ModuleSummary {
  const recorded = candidate.run.modules.find((module) => module.name === name);
  return recorded === undefined ? { read } : { read, size: recorded.size, root: recorded.root };
}
