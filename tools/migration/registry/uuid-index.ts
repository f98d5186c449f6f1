import { parseUuid } from "../integrity/uuid-words.ts";
import type { EntryColumns } from "./entry-columns.ts";
import { HashIndex } from "./hash-index.ts";

/** Finds an entry by its target UUID; of entries that share one, the first. */
export class UuidIndex {
  readonly #words: Uint32Array;
  readonly #index: HashIndex;
  readonly #wanted = new Uint32Array(4);

  /** Calls `onDuplicate` for each slot whose UUID an earlier slot, `first`, holds already. */
  constructor(columns: EntryColumns, onDuplicate: (slot: number, first: number) => void) {
    this.#words = columns.uuidWords;
    this.#index = new HashIndex(columns.size);
    for (let slot = 0; slot < columns.size; slot += 1) {
      this.#wanted.set(this.#words.subarray(4 * slot, 4 * slot + 4));
      const first = this.#index.add(this.#hash(), slot, (other) => this.#isWanted(other));
      if (first >= 0) onDuplicate(slot, first);
    }
  }

  /** The slot of the first entry with this UUID, or -1. */
  find(uuid: string): number {
    if (!parseUuid(uuid, this.#wanted)) return -1;
    return this.#index.find(this.#hash(), (slot) => this.#isWanted(slot));
  }

  #hash(): number {
    let hash = 0;
    for (let word = 0; word < 4; word += 1)
      hash = Math.imul(hash ^ (this.#wanted[word] ?? 0), 0x9e3779b1) ^ (hash >>> 15);
    return hash;
  }

  #isWanted(slot: number): boolean {
    const [words, wanted, at] = [this.#words, this.#wanted, 4 * slot];
    return (
      words[at] === wanted[0] &&
      words[at + 1] === wanted[1] &&
      words[at + 2] === wanted[2] &&
      words[at + 3] === wanted[3]
    );
  }
}
