import type { EntryColumns } from "./entry-columns.ts";
import { HashIndex } from "./hash-index.ts";

const ENCODER = new TextEncoder();
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Finds an entry by its legacy id. */
export class LegacyIdIndex {
  readonly #columns: EntryColumns;
  readonly #index: HashIndex;
  #scratch = new Uint8Array(256);

  /** `columns` must not hold a legacy id twice. */
  constructor(columns: EntryColumns) {
    this.#columns = columns;
    this.#index = new HashIndex(columns.size);
    for (let slot = 0; slot < columns.size; slot += 1) {
      const bytes = columns.legacyIdBytes(slot);
      this.#index.add(hashBytes(bytes, bytes.length), slot, () => false);
    }
  }

  /** The slot of the entry with exactly this legacy id, or -1. */
  find(legacyId: string): number {
    if (this.#scratch.length < 3 * legacyId.length) this.#scratch = new Uint8Array(6 * legacyId.length);
    const bytes = this.#scratch;
    const { written } = ENCODER.encodeInto(legacyId, bytes);
    const slot = this.#index.find(hashBytes(bytes, written), (other) => this.#columns.holds(other, bytes, written));
    // Encoding writes U+FFFD for a lone surrogate, which must not find an id that really holds U+FFFD.
    if (slot < 0 || written === legacyId.length || this.#columns.legacyIdAt(slot) === legacyId) return slot;
    return -1;
  }
}

/** FNV-1a, 32 bits. */
function hashBytes(bytes: Uint8Array, length: number): number {
  let hash = FNV_OFFSET;
  for (let index = 0; index < length; index += 1) hash = Math.imul(hash ^ (bytes[index] ?? 0), FNV_PRIME);
  return hash;
}
