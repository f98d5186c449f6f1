import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { checkPiiClasses } from "../checks/pii-check.ts";
import type { Project } from "../config/project.ts";
import { type Finding, type FindingSink, finding } from "../model/finding.ts";
import { WorkerPool } from "../pool/worker-pool.ts";
import type { MapShare } from "../ranges/range-mapping.ts";
import { bytesOfRegistry, placesOfRegistry } from "../ranges/registry-memory.ts";
import { SharedRegistry } from "../ranges/shared-registry.ts";
import { allocateLineMemory, type SpillResult } from "../ranges/spill.ts";
import { namedLegacyId } from "../registry/legacy-id.ts";
import type { Source } from "../sources/source.ts";
import type { SourceRange } from "../sources/source-range.ts";
import { type BuildTask, createBuildHandler } from "./build-tasks.ts";
import type { Context } from "./context.ts";
import { type Ledger, MAP_CHECKS } from "./map-modules.ts";
import { withMemory } from "./memory-plan.ts";
import { registryFile } from "./registry-files.ts";
import { type BuildPool, loadSharedInputs, type SharedInputs } from "./shared-inputs.ts";
import type { Tuning } from "./tuning.ts";

/** What a dry run or a build on all cores begins with. */
export interface FastStart {
  readonly context: Context;
  readonly project: Project;
  readonly source: Source;
  readonly workers: number;
  /** Memory to stay below, about. */
  readonly maxMemoryBytes?: number | undefined;
  readonly tuning: Tuning;
}

/** A run over a source on all cores, before it has read anything. */
export interface FastRun {
  readonly context: Context;
  readonly project: Project;
  readonly pool: BuildPool;
  readonly workers: number;
  readonly tuning: Tuning;
  readonly inputs: SharedInputs;
  /** The parts of each module's collection. */
  readonly ranges: ReadonlyMap<string, readonly SourceRange[]>;
}

/** What was mapped without a finding, but for entries that have no record. */
export interface FastMapped {
  readonly ledgers: ReadonlyMap<string, Ledger>;
  /** By module: one result per range. */
  readonly spills: ReadonlyMap<string, readonly SpillResult[]>;
  /** REGISTRY_ENTRY_UNUSED, given to a sink in the order of modules and entries. */
  readonly reportUnused: (module: string, sink: FindingSink) => void;
}

const MOST_PARTITIONS = 1024;
const SAMPLES = 4096;

/** The pool for a project and its source: no threads where the source is small. */
export function createBuildPool({ context, project, source, workers, tuning }: FastStart): BuildPool {
  const bytes = sourceBytes(context.root, project);
  return new WorkerPool({
    workers: bytes < tuning.smallBytes || source.mainThreadOnly ? 0 : workers,
    entry: new URL("./build-worker.js", import.meta.url),
    createHandler: createBuildHandler,
    setup: {
      modules: project.modules,
      phoneRegions: project.phoneRegions,
      checks: MAP_CHECKS,
    },
    signal: context.signal,
    threads: tuning.threads,
  });
}

/** Prepares a run on all cores; undefined where the source, the classes or the registries are for the authority. */
export async function prepareFastRun(start: FastStart, pool: BuildPool): Promise<FastRun | undefined> {
  const { context, project, source, workers, tuning } = start;
  if (source.kind === "module" || tuning.sequential) return undefined;
  const found: Finding[] = [];
  for (const module of project.modules) checkPiiClasses(module, (one) => found.push(one));
  if (found.length > 0) return undefined;
  const inputs = await loadSharedInputs(project, pool, tuning.idsPerTask, workers);
  if (inputs === undefined) return undefined;
  const ranges = new Map<string, readonly SourceRange[]>();
  for (const { name, collection } of project.modules) {
    const records = inputs.registries.get(name)?.size ?? 0;
    ranges.set(name, await source.ranges(collection, Math.max(1, Math.ceil(records / tuning.recordsPerTask))));
  }
  return { context, project, pool, workers, tuning: withinMemory(start, inputs), inputs, ranges };
}

function withinMemory({ maxMemoryBytes, workers, tuning }: FastStart, inputs: SharedInputs): Tuning {
  if (maxMemoryBytes === undefined) return tuning;
  // Beside what is in a registry, a mark for each record and one for each reference.
  const sizes = [...inputs.registries.values()].map((data) => 2 * data.size + bytesOfRegistry(data));
  return withMemory(tuning, maxMemoryBytes, { workers, registryBytes: sizes.reduce((sum, size) => sum + size, 0) });
}

/** Reads, maps and checks everything; lines go to spill files in `spillDir`. Undefined at the first finding. */
export async function fastMap(run: FastRun, spillDir: string | undefined): Promise<FastMapped | undefined> {
  const { project, inputs, ranges, context } = run;
  const marks = new Map([...inputs.registries].map(([name, { size }]) => [name, new SharedArrayBuffer(size)] as const));
  const referenced = new Map(
    [...marks.keys()].map((name) => [name, new SharedArrayBuffer(sizeOf(inputs, name))] as const),
  );
  const averageBytes = averageLineBytes(run);
  const shareOf = (module: string): MapShare => ({
    registries: pick(inputs.registries, wanted(project, module)),
    seen: marks.get(module) ?? new SharedArrayBuffer(0),
    referenced: pick(referenced, wanted(project, module)),
  });
  const results = run.pool.run(tasksOf(run, spillDir, shareOf, averageBytes));
  const ledgers = new Map<string, Ledger>();
  const spills = new Map<string, SpillResult[]>();
  for (const { name, allowEmpty } of project.modules) {
    context.progress.stage(`read ${name}`, sizeOf(inputs, name));
    let read = 0;
    const own: SpillResult[] = [];
    for (const _range of ranges.get(name) ?? []) {
      const result = (await results.next()).value;
      if (result?.kind !== "map" || !result.map.clean) return undefined;
      read += result.map.read;
      context.progress.advance(result.map.read);
      if (result.map.spill !== undefined) own.push(result.map.spill);
    }
    if ((read === 0 && !allowEmpty) || countMarks(marks.get(name)) !== read) return undefined;
    ledgers.set(name, { read, written: read, rejected: 0 });
    spills.set(name, own);
  }
  context.progress.end();
  for (const [name, named] of referenced) if (!isCovered(new Uint8Array(named), marks.get(name))) return undefined;
  return { ledgers, spills, reportUnused: (module, sink) => reportUnused(module, inputs, marks.get(module), sink) };
}

function* tasksOf(
  run: FastRun,
  spillDir: string | undefined,
  shareOf: (module: string) => MapShare,
  averageBytes: number,
): Generator<BuildTask> {
  const memory = allocateLineMemory(run.tuning.lineMemoryBytes);
  for (const { name } of run.project.modules) {
    const share = shareOf(name);
    const bounds = spillDir === undefined ? undefined : partitionBounds(run, name, averageBytes);
    for (const [at, source] of (run.ranges.get(name) ?? []).entries()) {
      const spill =
        spillDir === undefined || bounds === undefined
          ? undefined
          : { path: join(spillDir, `${name}-${at}`), bounds, memory };
      yield { kind: "map", map: { module: name, source, share, spill } };
    }
  }
}

/** The module itself, for identities, and the targets of its references; a mapper function may look up any. */
function wanted(project: Project, module: string): ReadonlySet<string> {
  const definition = project.modules.find(({ name }) => name === module);
  if (definition?.mapper !== undefined) return new Set(project.modules.map(({ name }) => name));
  return new Set([module, ...(definition?.fields ?? []).flatMap(({ ref }) => (ref === undefined ? [] : [ref]))]);
}

function pick<T>(all: ReadonlyMap<string, T>, names: ReadonlySet<string>): ReadonlyMap<string, T> {
  return new Map([...all].filter(([name]) => names.has(name)));
}

function sizeOf(inputs: SharedInputs, module: string): number {
  return inputs.registries.get(module)?.size ?? 0;
}

/** How many entries had a record: as many as there are records where no two have the same. */
function countMarks(seen: SharedArrayBuffer | undefined): number {
  const marks = new Uint8Array(seen ?? new SharedArrayBuffer(0));
  let count = 0;
  // By index: an iterator took 35 ns a mark.
  for (let at = 0; at < marks.length; at += 1) count += marks[at] ?? 0;
  return count;
}

/** True where every entry that was referred to had a record. */
function isCovered(referenced: Uint8Array, seen: SharedArrayBuffer | undefined): boolean {
  const marks = new Uint8Array(seen ?? new SharedArrayBuffer(0));
  return referenced.every((mark, index) => mark === 0 || marks[index] === 1);
}

function reportUnused(
  module: string,
  inputs: SharedInputs,
  seen: SharedArrayBuffer | undefined,
  sink: FindingSink,
): void {
  const data = inputs.registries.get(module);
  if (data === undefined || seen === undefined) return;
  const registry = new SharedRegistry(data);
  new Uint8Array(seen).forEach((mark, index) => {
    if (mark === 1) return;
    const place = { module, id: registry.uuidAt(index), ...namedLegacyId(registry.legacyIdAt(index)) };
    sink(finding("REGISTRY_ENTRY_UNUSED", place));
  });
}

/** First words at which partitions begin, so that each holds about as many bytes of lines however the ids are spread. */
function partitionBounds({ inputs, tuning }: FastRun, module: string, averageBytes: number): Uint32Array {
  const data = inputs.registries.get(module);
  if (data === undefined || data.size === 0) return new Uint32Array(0);
  const partitions = Math.min(
    MOST_PARTITIONS,
    Math.max(1, Math.ceil((data.size * averageBytes) / tuning.partitionBytes)),
  );
  const { words } = placesOfRegistry(data);
  const count = Math.min(SAMPLES, data.size);
  const samples = Uint32Array.from(
    { length: count },
    (_, at) => words[4 * Math.floor((at * data.size) / count)] ?? 0,
  ).sort();
  const bounds = Array.from(
    { length: partitions - 1 },
    (_, at) => samples[Math.floor(((at + 1) * count) / partitions)] ?? 0,
  );
  return Uint32Array.from([...new Set(bounds)]);
}

/** Bytes of a line to reckon with: a line says the names of its fields, which a row of a table does not. */
function averageLineBytes(run: FastRun): number {
  const records = [...run.inputs.registries.values()].reduce((sum, { size }) => sum + size, 0);
  return Math.max(256, (1.5 * sourceBytes(run.context.root, run.project)) / Math.max(1, records));
}

/** Bytes of a row, to reckon with where only the number of rows is known; an entry of a registry takes about 90. */
const ROW_BYTES_PER_ENTRY_BYTE = 3;

function sourceBytes(root: string, { source, modules }: Project): number {
  const sizeOf = (file: string): number => statSync(resolve(root, file), { throwIfNoEntry: false })?.size ?? 0;
  const sum = (files: readonly string[]): number => files.reduce((bytes, file) => bytes + sizeOf(file), 0);
  // What a server holds is known by its frozen ids alone: the size of a table says nothing of a view or a query.
  if (!("path" in source)) {
    return ROW_BYTES_PER_ENTRY_BYTE * sum(modules.map(({ name }) => registryFile(root, name)));
  }
  const { kind, path } = source;
  const isFolder = kind === "jsonl" || kind === "json" || kind === "csv";
  return sum(isFolder ? modules.map(({ collection }) => join(path, `${collection}.${kind}`)) : [path]);
}
