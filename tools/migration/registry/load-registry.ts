import { type FindingPlace, type FindingSink, finding } from "../model/finding.ts";
import type { FindingCode } from "../model/finding-codes.ts";
import { parseEntry } from "./entry.ts";
import { EntryColumns } from "./entry-columns.ts";
import { namedLegacyId } from "./legacy-id.ts";
import { LegacyIdIndex } from "./legacy-id-index.ts";
import { type ReadEntry, readEntries } from "./read-entries.ts";
import { Registry } from "./registry.ts";
import { UuidIndex } from "./uuid-index.ts";

/** Which registry to load. */
export interface RegistryInput {
  readonly module: string;
  /** Absolute path of the file. */
  readonly path: string;
  /** How findings name the file: relative to the project. */
  readonly file: string;
  readonly blockSizeBytes?: number;
}

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
  readonly #input: RegistryInput;
  readonly #sink: FindingSink;
  readonly #columns = new EntryColumns();
  /** Element number (from 1) and line of each slot, to name the place of a fault that is found after sorting. */
  readonly #records: number[] = [];
  readonly #lines: number[] = [];
  #faults = 0;
  #outOfOrder = 0;
  #firstOutOfOrder = -1;

  constructor(input: RegistryInput, sink: FindingSink) {
    this.#input = input;
    this.#sink = sink;
  }

  take(element: ReadEntry): void {
    const { value } = element;
    const place = { record: element.index + 1, line: element.line, offset: element.offset };
    if (!value.ok) {
      this.#report("REGISTRY_ENTRY_MALFORMED", { ...place, expected: "strict JSON", got: value.message });
      return;
    }
    const parsed = parseEntry(value.value);
    if ("problems" in parsed) {
      for (const { kind, ...words } of parsed.problems) {
        const code = kind === "uuid" ? "REGISTRY_UUID_MALFORMED" : "REGISTRY_ENTRY_MALFORMED";
        this.#report(code, { ...namedLegacyId(parsed.legacyId), ...place, ...words });
      }
      return;
    }
    const slot = this.#columns.size;
    this.#columns.append(parsed.entry);
    this.#records.push(place.record);
    this.#lines.push(place.line);
    if (slot === 0 || this.#columns.compare(slot - 1, slot) <= 0) return;
    this.#outOfOrder += 1;
    if (this.#firstOutOfOrder < 0) this.#firstOutOfOrder = slot;
  }

  finish(): Registry {
    this.#reportOrder();
    const slots = this.#withoutDuplicates(this.#ascendingSlots());
    const columns = this.#columns.arranged(slots);
    const byUuid = new UuidIndex(columns, (index, first) => {
      const [slot, other] = [slots[index] ?? 0, slots[first] ?? 0];
      this.#reportSlot("REGISTRY_UUID_DUPLICATE", slot, {
        id: columns.uuidAt(index),
        expected: "a targetUuid that no other entry has",
        got: `the targetUuid of ${this.#nameOf(other)} again`,
      });
    });
    const byLegacyId = new LegacyIdIndex(columns);
    return new Registry({ module: this.#input.module, columns, byLegacyId, byUuid, faults: this.#faults });
  }

  #reportOrder(): void {
    if (this.#outOfOrder === 0) return;
    this.#reportSlot("REGISTRY_UNSORTED", this.#firstOutOfOrder, {
      expected: `a legacyId above that of ${this.#nameOf(this.#firstOutOfOrder - 1)}`,
      got: `a lower one; entries below the one before them: ${this.#outOfOrder}`,
    });
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
        this.#reportSlot("REGISTRY_LEGACY_ID_DUPLICATE", slot, {
          id: this.#columns.uuidAt(slot),
          expected: "a legacyId that no other entry has",
          got: `the legacyId of ${this.#nameOf(last)} again`,
        });
        continue;
      }
      slots[kept] = slot;
      kept += 1;
    }
    return slots.subarray(0, kept);
  }

  #nameOf(slot: number): string {
    return `entry ${this.#records[slot]} (line ${this.#lines[slot]})`;
  }

  #reportSlot(code: FindingCode, slot: number, words: FindingPlace): void {
    const place = { record: this.#records[slot] ?? 0, line: this.#lines[slot] ?? 0 };
    this.#report(code, { ...namedLegacyId(this.#columns.legacyIdAt(slot)), ...place, ...words });
  }

  #report(code: FindingCode, place: FindingPlace): void {
    this.#faults += 1;
    this.#sink(finding(code, { module: this.#input.module, file: this.#input.file, ...place }));
  }
}
