import type { RegistryEntry } from "./entry.ts";
import type { EntryColumns } from "./entry-columns.ts";
import { EntryDigest } from "./entry-digest.ts";
import type { LegacyIdIndex } from "./legacy-id-index.ts";
import type { UuidIndex } from "./uuid-index.ts";

/** What a registry is made of; the columns are in registry order and hold no legacy id twice. */
export interface RegistryParts {
  readonly module: string;
  readonly columns: EntryColumns;
  readonly byLegacyId: LegacyIdIndex;
  readonly byUuid: UuidIndex;
  /** Findings made while it was loaded. */
  readonly faults: number;
}

/**
 * The registry of one module in memory, ascending by the UTF-8 bytes of legacyId: under 100 bytes per entry beside
 * the legacy ids themselves. An index is a position in that order, from 0.
 */
export class Registry {
  readonly #parts: RegistryParts;
  #sha256: string | undefined;

  constructor(parts: RegistryParts) {
    this.#parts = parts;
  }

  get module(): string {
    return this.#parts.module;
  }

  /** Number of entries. */
  get size(): number {
    return this.#parts.columns.size;
  }

  /** Findings made while it was loaded; a registry with any is not to be trusted or frozen. */
  get faults(): number {
    return this.#parts.faults;
  }

  /** SHA-256 over one JCS line and LF per entry, in order (FORMATS.md, section 5); computed once. */
  get sha256(): string {
    this.#sha256 ??= hashEntries(this.entries());
    return this.#sha256;
  }

  /** The index of the entry with exactly this legacy id, or -1. */
  lookup(legacyId: string): number {
    return this.#parts.byLegacyId.find(legacyId);
  }

  /** The index of the first entry with this target UUID, or -1. */
  indexOfUuid(uuid: string): number {
    return this.#parts.byUuid.find(uuid);
  }

  /** The target UUID of the entry at `index`, which must be below `size`. */
  uuidAt(index: number): string {
    return this.#parts.columns.uuidAt(index);
  }

  /** The legacy id of the entry at `index`, which must be below `size`. */
  legacyIdAt(index: number): string {
    return this.#parts.columns.legacyIdAt(index);
  }

  /** All entries in order, made one at a time. */
  *entries(): Generator<RegistryEntry> {
    for (let index = 0; index < this.size; index += 1) yield this.#parts.columns.entryAt(index);
  }
}

function hashEntries(entries: Iterable<RegistryEntry>): string {
  const digest = new EntryDigest();
  for (const entry of entries) digest.add(entry);
  return digest.end();
}
