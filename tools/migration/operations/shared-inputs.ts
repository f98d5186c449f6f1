import { statSync } from "node:fs";
import { join } from "node:path";
import type { Project } from "../config/project.ts";
import { compareCodeUnits } from "../integrity/order.ts";
import type { RunInputs } from "../integrity/run-file.ts";
import type { WorkerPool } from "../pool/worker-pool.ts";
import { sliceIds, type WordList } from "../ranges/distinct-ids.ts";
import { type RegistryFill, registrySize } from "../ranges/fill-registry.ts";
import {
  allocateRegistries,
  placesOfRegistry,
  type RegistrySize,
  type SharedRegistryData,
} from "../ranges/registry-memory.ts";
import type { BuildResult, BuildSetup, BuildTask } from "./build-tasks.ts";
import { readLock, registryFile } from "./registry-files.ts";

/** The pool of a dry run or a build. */
export type BuildPool = WorkerPool<BuildSetup, BuildTask, BuildResult>;

/** The registries of a run in shared memory, exactly as they were frozen. */
export interface SharedInputs {
  readonly registries: ReadonlyMap<string, SharedRegistryData>;
  readonly digests: ReadonlyMap<string, string>;
}

/**
 * Loads the registries, each read once by one worker. Undefined unless each is there, in its committed form and equal to the
 * freeze, and no id is given out twice (a freeze looks at one registry by itself): everything else is for `loadRegistry` to
 * word. For 10 M entries in two registries that took 7.1 s of the processor, and 9.7 with a digest, a count and a fill that
 * each read the file.
 */
export async function loadSharedInputs(
  project: Project,
  pool: BuildPool,
  entriesPerTask: number,
  threads: number,
): Promise<SharedInputs | undefined> {
  const fills = planFills(project, Math.max(1, threads));
  if (fills === undefined) return undefined;
  const digests = await fillAll(project, fills, pool);
  if (digests === undefined || !(await indexAll(fills, entriesPerTask, pool))) return undefined;
  return { registries: new Map(fills.map(({ data }) => [data.module, data] as const)), digests };
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

/** Room for as many entries as were frozen. */
function planFills({ root, modules }: Project, threads: number): readonly RegistryFill[] | undefined {
  const lock = readLock(root);
  const files: Omit<RegistryFill, "data">[] = [];
  const sizes: RegistrySize[] = [];
  for (const { name } of modules) {
    const file = registryFile(root, name);
    const path = join(root, file);
    const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size;
    const frozen = lock.get(name);
    if (sizeBytes === undefined || frozen === undefined) return undefined;
    files.push({ path, file, sizeBytes });
    sizes.push(registrySize(name, sizeBytes, frozen.entries));
  }
  const registries = allocateRegistries(sizes, threads);
  return registries?.flatMap((data, at) => {
    const file = files[at];
    return file === undefined ? [] : [{ ...file, data }];
  });
}

/** The digests by module, where all are those of the freeze. */
async function fillAll(
  { root }: Project,
  fills: readonly RegistryFill[],
  pool: BuildPool,
): Promise<ReadonlyMap<string, string> | undefined> {
  const lock = readLock(root);
  const digests = new Map<string, string>();
  const results = pool.run(fills.map((fill): BuildTask => ({ kind: "fill", fill })));
  for (const { data } of fills) {
    const result = (await results.next()).value;
    if (result?.kind !== "fill" || result.sha256 === undefined) return undefined;
    if (result.sha256 !== lock.get(data.module)?.sha256) return undefined;
    digests.set(data.module, result.sha256);
  }
  return (await results.next()).done === true ? digests : undefined;
}

/** Makes the entries known to lookups; true where no id is there twice. */
async function indexAll(fills: readonly RegistryFill[], perTask: number, pool: BuildPool): Promise<boolean> {
  const slices = sliceIds(fills.map(({ data }) => wordsOf(data)));
  const tasks = [
    ...fills.flatMap(({ data }) => indexTasks(data, perTask)),
    ...slices.map((ids): BuildTask => ({ kind: "distinct", ids })),
  ];
  for await (const result of pool.run(tasks)) if (!("clean" in result) || !result.clean) return false;
  return true;
}

function indexTasks(data: SharedRegistryData, perTask: number): BuildTask[] {
  return Array.from({ length: Math.ceil(data.size / perTask) }, (_, at) => {
    return { kind: "index", data, begin: at * perTask, end: Math.min(data.size, (at + 1) * perTask) };
  });
}

function wordsOf(data: SharedRegistryData): WordList {
  const { buffer, byteOffset, length } = placesOfRegistry(data).words;
  return { buffer: buffer as SharedArrayBuffer, at: byteOffset, length };
}
