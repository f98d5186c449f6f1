import type { Check, Finding } from "../model/finding.ts";
import type { ModuleDefinition } from "../model/module.ts";
import type { IdsRange } from "../ranges/read-ids.ts";
import type { RegistryRange, RegistryResult } from "../ranges/registry-pass.ts";
import type { SharedIds } from "../ranges/shared-id-memory.ts";
import type { SortedSlice } from "../ranges/shared-ids.ts";
import type { ChunkRange, RangeResult } from "../ranges/verify-range.ts";

/** What a scan worker is started with. */
export interface ScanSetup {
  /** Definitions of the modules whose content is checked; empty for digests alone. */
  readonly modules: readonly ModuleDefinition[];
  readonly phoneRegions: readonly string[];
  readonly checks: ReadonlySet<Check>;
}

/** A piece of a scan. */
export type ScanTask =
  | { readonly kind: "ids"; readonly range: IdsRange }
  | { readonly kind: "index"; readonly ids: SharedIds; readonly begin: number; readonly end: number }
  | { readonly kind: "verify"; readonly range: ChunkRange }
  | { readonly kind: "scrub"; readonly range: ChunkRange }
  | { readonly kind: "deep"; readonly range: ChunkRange; readonly ids: ReadonlyMap<string, SharedIds> }
  | { readonly kind: "registry"; readonly range: RegistryRange }
  | { readonly kind: "registry-digest"; readonly path: string; readonly file: string }
  | { readonly kind: "disjoint"; readonly slice: SortedSlice };

/** What a piece of a scan found; `findings` are faults of single entities. */
export type ScanTaskResult =
  | { readonly kind: "ids" | "index" | "scrub" | "disjoint"; readonly clean: boolean }
  | { readonly kind: "verify"; readonly range: RangeResult; readonly findings: readonly Finding[] }
  | { readonly kind: "registry"; readonly range: RegistryResult }
  | { readonly kind: "registry-digest"; readonly sha256: string };
