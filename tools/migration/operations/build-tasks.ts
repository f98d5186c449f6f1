import { systemCode } from "../model/errors.ts";
import type { ModuleDefinition } from "../model/module.ts";
import type { TaskHandler, TaskTools } from "../pool/serve.ts";
import { type CompareResult, type CompareTask, compareRange } from "../ranges/compare-source.ts";
import { areDistinct, type IdSlice } from "../ranges/distinct-ids.ts";
import { type ExpectedRange, readExpected } from "../ranges/expected-entities.ts";
import { fillRegistry, type RegistryFill } from "../ranges/fill-registry.ts";
import { MapChecks, type MapSetup } from "../ranges/map-checks.ts";
import { type MapResult, type MapTask, mapRange } from "../ranges/map-range.ts";
import { type EntityRange, proveRange, type RangeProof } from "../ranges/prove-range.ts";
import type { SharedRegistryData } from "../ranges/registry-memory.ts";
import { scrubRange } from "../ranges/scrub-range.ts";
import { SharedRegistry } from "../ranges/shared-registry.ts";
import type { ChunkRange } from "../ranges/verify-range.ts";
import { type PartitionsResult, type PartitionTask, writePartitions } from "../ranges/write-partition.ts";
import { toStoreError } from "../stores/atomic-file.ts";

/** What a build worker is started with. */
export interface BuildSetup extends MapSetup {
  readonly modules: readonly ModuleDefinition[];
}

/** A piece of a dry run, a build or a comparison with the source. */
export type BuildTask =
  | { readonly kind: "fill"; readonly fill: RegistryFill }
  | { readonly kind: "index"; readonly data: SharedRegistryData; readonly begin: number; readonly end: number }
  | { readonly kind: "distinct"; readonly ids: IdSlice }
  | { readonly kind: "map"; readonly map: MapTask }
  | { readonly kind: "partitions"; readonly partitions: readonly PartitionTask[] }
  | { readonly kind: "prove"; readonly range: EntityRange }
  | { readonly kind: "scrub"; readonly chunks: ChunkRange }
  | { readonly kind: "expected"; readonly range: ExpectedRange }
  | { readonly kind: "compare"; readonly compare: CompareTask };

/** The result of each kind of piece. */
export type BuildResult =
  | { readonly kind: "fill"; readonly sha256: string | undefined }
  | { readonly kind: "index" | "distinct" | "scrub" | "expected"; readonly clean: boolean }
  | { readonly kind: "map"; readonly map: MapResult }
  | { readonly kind: "partitions"; readonly written: PartitionsResult }
  | { readonly kind: "prove"; readonly proof: RangeProof | undefined }
  | { readonly kind: "compare"; readonly compare: CompareResult };

/** Does the pieces of a dry run or a build, in a worker or in the main thread. */
export function createBuildHandler(setup: BuildSetup): TaskHandler<BuildTask, BuildResult> {
  const checks = new Map<string, MapChecks>();
  const definitionOf = (name: string): ModuleDefinition => {
    const module = setup.modules.find((one) => one.name === name);
    if (module === undefined) throw new TypeError(`no definition of ${name}`);
    return module;
  };
  const checksOf = (name: string, thread: number): MapChecks => {
    const known = checks.get(name) ?? new MapChecks(definitionOf(name), setup, thread);
    checks.set(name, known);
    return known;
  };
  const handle = async (task: BuildTask, { checkCancelled, thread }: TaskTools): Promise<BuildResult> => {
    switch (task.kind) {
      case "fill":
        return { kind: "fill", sha256: fillRegistry(task.fill, checkCancelled) };
      case "index":
        new SharedRegistry(task.data, thread).index(task.begin, task.end);
        return { kind: "index", clean: true };
      case "distinct":
        return { kind: "distinct", clean: areDistinct(task.ids) };
      case "map":
        return { kind: "map", map: await mapRange(task.map, checksOf(task.map.module, thread), checkCancelled) };
      case "partitions":
        return { kind: "partitions", written: writePartitions(task.partitions, checkCancelled) };
      case "prove":
        return { kind: "prove", proof: proveRange(task.range, checkCancelled) };
      case "scrub":
        return { kind: "scrub", clean: scrubRange(task.chunks, checkCancelled) };
      case "expected":
        return { kind: "expected", clean: readExpected(task.range, checkCancelled) };
      case "compare": {
        const definition = definitionOf(task.compare.module);
        return { kind: "compare", compare: await compareRange(task.compare, definition, checkCancelled) };
      }
    }
  };
  return async (task, tools) => {
    try {
      return { result: await handle(task, tools) };
    } catch (error) {
      // A fault without a system code is one of the program: it keeps its stack.
      throw systemCode(error) === undefined ? error : toStoreError(error, "Building the candidate");
    }
  };
}
