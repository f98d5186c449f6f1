import type { FindingSink } from "../model/finding.ts";
import { loadRegistry, type RegistryInput } from "./load-registry.ts";

/** What a report says of a registry. */
export interface RegistryFacts {
  readonly module: string;
  /** Well-formed entries with a legacyId of their own. */
  readonly entries: number;
  /** Over one JCS line and LF per entry, as sorted by the UTF-8 bytes of legacyId. */
  readonly sha256: string;
}

/** Checks one registry and reports every fault; throws like `loadRegistry`. */
export function checkRegistry(input: RegistryInput, sink: FindingSink): RegistryFacts {
  const registry = loadRegistry(input, sink);
  return { module: registry.module, entries: registry.size, sha256: registry.sha256 };
}
