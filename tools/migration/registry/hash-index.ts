/**
 * Finds the slot of a key by its hash: open addressing over slot numbers alone, 8 to 16 bytes per slot.
 * The keys stay with the caller, who says by `same` whether a slot holds the key that is looked for.
 */
export class HashIndex {
  readonly #cells: Int32Array;
  readonly #mask: number;

  /** For `size` slots; never more than half full. */
  constructor(size: number) {
    let capacity = 16;
    while (capacity < 2 * size) capacity *= 2;
    this.#cells = new Int32Array(capacity);
    this.#mask = capacity - 1;
  }

  /** The first slot with that hash for which `same` holds, or -1. */
  find(hash: number, same: (slot: number) => boolean): number {
    for (let at = mix(hash) & this.#mask; ; at = (at + 1) & this.#mask) {
      const slot = (this.#cells[at] ?? 0) - 1;
      if (slot < 0 || same(slot)) return slot;
    }
  }

  /** Enters `slot`; returns the slot that holds the same key already (and enters nothing), or -1. */
  add(hash: number, slot: number, same: (other: number) => boolean): number {
    for (let at = mix(hash) & this.#mask; ; at = (at + 1) & this.#mask) {
      const other = (this.#cells[at] ?? 0) - 1;
      if (other >= 0 && !same(other)) continue;
      if (other < 0) this.#cells[at] = slot + 1;
      return other;
    }
  }
}

/** Spreads a 32-bit hash over all its bits, so that neighbouring keys do not fill neighbouring cells. */
function mix(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return (twice ^ (twice >>> 16)) >>> 0;
}
