import { type FindingPlace, type FindingSink, finding } from "../model/finding.ts";
import { printableLegacyId } from "../registry/legacy-id.ts";
import type { Registry } from "../registry/registry.ts";

/** Compares the ids of a module's entities with its registry, in both directions. */
export class RegistryAgreement {
  readonly #module: string;
  readonly #registry: Registry;
  readonly #sink: FindingSink;
  /** One byte per registry entry: 1 once its entity was seen. */
  readonly #seen: Uint8Array;

  constructor(module: string, registry: Registry, sink: FindingSink) {
    this.#module = module;
    this.#registry = registry;
    this.#sink = sink;
    this.#seen = new Uint8Array(registry.size);
  }

  /** Notes an entity; an id that was never given out is reported. */
  next(id: string, place: FindingPlace): void {
    const index = this.#registry.indexOfUuid(id);
    if (index < 0) this.#sink(finding("REGISTRY_ID_UNKNOWN", place));
    else this.#seen[index] = 1;
  }

  /** Reports the entries that have no entity. */
  finish(): void {
    reportUnused(this.#module, this.#registry, this.#seen, this.#sink);
  }
}

/** Reports every registry entry whose byte in `seen` is not 1. */
export function reportUnused(module: string, registry: Registry, seen: Uint8Array, sink: FindingSink): void {
  for (let index = 0; index < seen.length; index += 1) {
    if (seen[index] === 1) continue;
    const legacyId = printableLegacyId(registry.legacyIdAt(index));
    const place = { module, id: registry.uuidAt(index) };
    sink(finding("REGISTRY_ENTRY_UNUSED", legacyId === undefined ? place : { ...place, legacyId }));
  }
}
