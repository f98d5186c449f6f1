import type { Check, Finding } from "../model/finding.ts";
import type { ModuleDefinition } from "../model/module.ts";
import type { TaskHandler } from "../pool/serve.ts";
import { DeepChecks, DeepProbe } from "../ranges/deep-probe.ts";
import { IdIndex, type SharedIds } from "../ranges/id-index.ts";
import { type IdsRange, readIds } from "../ranges/read-ids.ts";
import { digestRegistry } from "../ranges/registry-digest.ts";
import { passRegistry, type RegistryRange, type RegistryResult } from "../ranges/registry-pass.ts";
import { scrubRange } from "../ranges/scrub-range.ts";
import { isDisjointSlice, type SortedSlice } from "../ranges/shared-ids.ts";
import { type ChunkRange, type RangeResult, verifyRange } from "../ranges/verify-range.ts";

/** What a scan worker is started with. */
export interface ScanSetup {
  /** Definitions of the modules whose content is checked; empty for digests alone. */
  readonly modules: readonly ModuleDefinition[];
  readonly phoneRegions: readonly string[];
  readonly checks: ReadonlySet<Check>;
  /** True where there is enough data to compile matchers. */
  readonly compiled: boolean;
}

/** A piece of a scan. */
export type ScanTask =
  | { readonly kind: "ids"; readonly range: IdsRange }
  | { readonly kind: "verify"; readonly range: ChunkRange }
  | { readonly kind: "scrub"; readonly range: ChunkRange }
  | { readonly kind: "deep"; readonly range: ChunkRange; readonly ids: ReadonlyMap<string, SharedIds> }
  | { readonly kind: "registry"; readonly range: RegistryRange }
  | { readonly kind: "registry-digest"; readonly path: string; readonly file: string }
  | { readonly kind: "disjoint"; readonly slice: SortedSlice };

/** What a piece of a scan found; `findings` are faults of single entities. */
export type ScanTaskResult =
  | { readonly kind: "ids" | "scrub" | "disjoint"; readonly clean: boolean }
  | { readonly kind: "verify"; readonly range: RangeResult; readonly findings: readonly Finding[] }
  | { readonly kind: "registry"; readonly range: RegistryResult }
  | { readonly kind: "registry-digest"; readonly sha256: string };

/** Does the pieces of a scan, in a worker or in the main thread. */
export function createScanHandler(setup: ScanSetup): TaskHandler<ScanTask, ScanTaskResult> {
  const checks = new Map<string, DeepChecks>();
  const checksOf = (module: ModuleDefinition): DeepChecks => {
    const known = checks.get(module.name) ?? new DeepChecks({ ...setup, module });
    checks.set(module.name, known);
    return known;
  };
  return (task, { checkCancelled }) => ({ result: handle(task, checkCancelled) });

  function handle(task: ScanTask, checkCancelled: () => void): ScanTaskResult {
    switch (task.kind) {
      case "ids":
        return { kind: "ids", clean: readIds(task.range, checkCancelled) };
      case "scrub":
        return { kind: "scrub", clean: scrubRange(task.range, checkCancelled) };
      case "registry":
        return { kind: "registry", range: passRegistry(task.range, checkCancelled) };
      case "registry-digest":
        return { kind: "registry-digest", sha256: digestRegistry(task.path, task.file, checkCancelled) };
      case "disjoint":
        return { kind: "disjoint", clean: isDisjointSlice(task.slice) };
      case "verify":
        return { kind: "verify", range: verifyRange(task.range, checkCancelled), findings: [] };
      case "deep":
        return deep(task, checkCancelled);
    }
  }

  function deep(task: Extract<ScanTask, { kind: "deep" }>, checkCancelled: () => void): ScanTaskResult {
    const module = setup.modules.find(({ name }) => name === task.range.module);
    if (module === undefined) throw new TypeError(`no definition of ${task.range.module}`);
    const indexes = new Map([...task.ids].map(([name, ids]) => [name, new IdIndex(ids)] as const));
    const targets = module.references.map((reference) => indexes.get(reference.target));
    const probe = new DeepProbe(checksOf(module), targets);
    const range = verifyRange(task.range, checkCancelled, probe);
    return { kind: "verify", range, findings: range.clean ? probe.findings : [] };
  }
}
