import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Project } from "../config/project.ts";
import { compareCodeUnits } from "../integrity/order.ts";
import type { RunInputs } from "../integrity/run-file.ts";
import type { WorkerPool } from "../pool/worker-pool.ts";
import { cutLines } from "../ranges/cut-lines.ts";
import { sliceIds } from "../ranges/distinct-ids.ts";
import type { RegistrySpan, SpanEdges } from "../ranges/registry-lines.ts";
import { allocateRegistry, type SharedRegistryData } from "../ranges/shared-registry.ts";
import type { BuildResult, BuildSetup, BuildTask } from "./build-tasks.ts";
import { readLock, registryFile } from "./registry-files.ts";

/** The pool of a dry run or a build. */
export type BuildPool = WorkerPool<BuildSetup, BuildTask, BuildResult>;

/** The registries of a run in shared memory, exactly as they were frozen. */
export interface SharedInputs {
  readonly registries: ReadonlyMap<string, SharedRegistryData>;
  readonly digests: ReadonlyMap<string, string>;
}

interface Counted {
  readonly module: string;
  readonly spans: readonly RegistrySpan[];
  readonly counts: readonly (SpanEdges & { readonly textBytes: number })[];
}

/**
 * Loads the registries on all cores. Undefined unless each is there, in its committed form and equal to the freeze, and
 * no id is given out twice (a freeze looks at one registry by itself): everything else is for `loadRegistry` to word.
 */
export async function loadSharedInputs(
  project: Project,
  pool: BuildPool,
  spanBytes: number,
): Promise<SharedInputs | undefined> {
  const { root, modules } = project;
  const files = modules.map(({ name }) => ({ module: name, file: registryFile(root, name) }));
  if (files.some(({ file }) => !existsSync(join(root, file)))) return undefined;
  const digests = await digestAll(project, files, pool);
  if (digests === undefined) return undefined;
  const spans = new Map(files.map(({ module, file }) => [module, spansOf(join(root, file), file, spanBytes)] as const));
  const counted = await countAll(spans, pool);
  if (counted === undefined || !isFrozen(project, counted)) return undefined;
  const registries = await fillAll(counted, pool);
  if (registries === undefined || !(await haveDistinctIds([...registries.values()], pool))) return undefined;
  return { registries, digests };
}

/** Everything a candidate is built from, as digests (FORMATS.md, section 5). */
export function sharedRunInputs(project: Project, inputs: SharedInputs): RunInputs {
  const sorted = [...project.modules].sort((a, b) => compareCodeUnits(a.name, b.name));
  return {
    config: project.configDigest,
    modules: Object.fromEntries(sorted.map((module) => [module.name, module.digests])),
    registries: Object.fromEntries(sorted.map(({ name }) => [name, inputs.digests.get(name) ?? ""])),
    source: { kind: project.source.kind },
  };
}

function spansOf(path: string, file: string, spanBytes: number): RegistrySpan[] {
  const spans = cutLines(path, spanBytes);
  return spans.map((span, at) => ({ ...span, path, file, isFirst: at === 0, isLast: at === spans.length - 1 }));
}

async function digestAll(
  project: Project,
  files: readonly { readonly module: string; readonly file: string }[],
  pool: BuildPool,
): Promise<ReadonlyMap<string, string> | undefined> {
  const lock = readLock(project.root);
  const tasks = files.map(({ file }): BuildTask => ({ kind: "digest", path: join(project.root, file), file }));
  const digests = new Map<string, string>();
  let at = 0;
  for await (const result of pool.run(tasks)) {
    const module = files[at]?.module ?? "";
    if (result.kind !== "digest" || lock.get(module)?.sha256 !== result.sha256) return undefined;
    digests.set(module, result.sha256);
    at += 1;
  }
  return digests;
}

async function countAll(
  spans: ReadonlyMap<string, readonly RegistrySpan[]>,
  pool: BuildPool,
): Promise<readonly Counted[] | undefined> {
  const all = [...spans.values()].flat();
  const results = pool.run(all.map((span): BuildTask => ({ kind: "count", span })));
  const counted: Counted[] = [];
  for (const [module, own] of spans) {
    const counts: Counted["counts"][number][] = [];
    let last: Uint8Array | undefined;
    for (const _span of own) {
      const result = (await results.next()).value;
      if (result?.kind !== "count" || result.count === undefined) return undefined;
      const { count } = result;
      if (count.entries > 0 && last !== undefined && Buffer.compare(last, count.first) >= 0) return undefined;
      if (count.entries > 0) last = count.last;
      counts.push(count);
    }
    counted.push({ module, spans: own, counts });
  }
  return (await results.next()).done === true ? counted : undefined;
}

function isFrozen(project: Project, counted: readonly Counted[]): boolean {
  const lock = readLock(project.root);
  return counted.every(({ module, counts }) => lock.get(module)?.entries === sum(counts.map(({ entries }) => entries)));
}

async function fillAll(
  counted: readonly Counted[],
  pool: BuildPool,
): Promise<ReadonlyMap<string, SharedRegistryData> | undefined> {
  const registries = new Map<string, SharedRegistryData>();
  const tasks: BuildTask[] = [];
  for (const { module, spans, counts } of counted) {
    const size = sum(counts.map(({ entries }) => entries));
    const data = allocateRegistry(module, size, sum(counts.map(({ textBytes }) => textBytes)));
    registries.set(module, data);
    let [index, textAt] = [0, 0];
    spans.forEach((span, at) => {
      const count = counts[at];
      if (count === undefined) return;
      tasks.push({ kind: "fill", span, place: { data, index, textAt }, count: count.entries });
      index += count.entries;
      textAt += count.textBytes;
    });
  }
  for await (const result of pool.run(tasks)) if (result.kind !== "fill" || !result.clean) return undefined;
  return registries;
}

async function haveDistinctIds(registries: readonly SharedRegistryData[], pool: BuildPool): Promise<boolean> {
  const slices = sliceIds(registries.map(({ words }) => words));
  for await (const result of pool.run(slices.map((ids): BuildTask => ({ kind: "distinct", ids })))) {
    if (result.kind !== "distinct" || !result.clean) return false;
  }
  return true;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
