import type { FindingSink } from "../model/finding.ts";
import { EntryColumns } from "./entry-columns.ts";
import { EntryFaults, type EntryPlace, type PlacedEntry } from "./entry-faults.ts";
import type { RegistryInput } from "./entry-sequence.ts";
import { LegacyIdIndex } from "./legacy-id-index.ts";
import { type ReadEntry, readEntries } from "./read-entries.ts";
import { Registry } from "./registry.ts";
import { UuidIndex } from "./uuid-index.ts";

/**
 * Loads a registry in one pass and reports every fault of it. Malformed entries are left out, and of entries that
 * share a legacyId the first is kept. Throws `REGISTRY_MISSING`, `REGISTRY_INVALID` (not JSON at all), `IO`.
 */
export function loadRegistry(input: RegistryInput, sink: FindingSink): Registry {
  const loader = new RegistryLoader(input, sink);
  for (const element of readEntries(input.path, input)) loader.take(element);
  return loader.finish();
}

class RegistryLoader {
  readonly #module: string;
  readonly #faults: EntryFaults;
  readonly #columns = new EntryColumns();
  /** Element number (from 1) and line of each slot, to name the place of a fault that is found after sorting. */
  readonly #records: number[] = [];
  readonly #lines: number[] = [];
  #outOfOrder = 0;
  #firstOutOfOrder = -1;

  constructor(input: RegistryInput, sink: FindingSink) {
    this.#module = input.module;
    this.#faults = new EntryFaults(input, sink);
  }

  take(element: ReadEntry): void {
    const placed = this.#faults.read(element);
    if (placed === undefined) return;
    const slot = this.#columns.size;
    this.#columns.append(placed.entry);
    this.#records.push(placed.record);
    this.#lines.push(placed.line);
    if (slot === 0 || this.#columns.compare(slot - 1, slot) <= 0) return;
    this.#outOfOrder += 1;
    if (this.#firstOutOfOrder < 0) this.#firstOutOfOrder = slot;
  }

  finish(): Registry {
    this.#reportOrder();
    const slots = this.#withoutDuplicates(this.#ascendingSlots());
    const columns = this.#columns.arranged(slots);
    const byUuid = new UuidIndex(columns, (index, first) => {
      this.#faults.sameUuid(this.#placed(slots[index] ?? 0), this.#placeOf(slots[first] ?? 0));
    });
    const byLegacyId = new LegacyIdIndex(columns);
    return new Registry({ module: this.#module, columns, byLegacyId, byUuid, faults: this.#faults.count });
  }

  #reportOrder(): void {
    if (this.#outOfOrder === 0) return;
    const slot = this.#firstOutOfOrder;
    const first = { legacyId: this.#columns.legacyIdAt(slot), ...this.#placeOf(slot) };
    this.#faults.unsorted(first, this.#placeOf(slot - 1), this.#outOfOrder);
  }

  #ascendingSlots(): Uint32Array {
    const slots = Uint32Array.from({ length: this.#columns.size }, (_, slot) => slot);
    if (this.#outOfOrder === 0) return slots;
    return slots.sort((left, right) => this.#columns.compare(left, right) || left - right);
  }

  #withoutDuplicates(slots: Uint32Array): Uint32Array {
    let kept = 0;
    for (const slot of slots) {
      const last = slots[kept - 1];
      if (last !== undefined && this.#columns.compare(last, slot) === 0) {
        this.#faults.sameLegacyId(this.#placed(slot), this.#placeOf(last));
        continue;
      }
      slots[kept] = slot;
      kept += 1;
    }
    return slots.subarray(0, kept);
  }

  #placed(slot: number): PlacedEntry {
    return { entry: this.#columns.entryAt(slot), ...this.#placeOf(slot) };
  }

  #placeOf(slot: number): EntryPlace {
    return { record: this.#records[slot] ?? 0, line: this.#lines[slot] ?? 0 };
  }
}
