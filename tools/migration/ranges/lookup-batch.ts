import type { IdIndex } from "./id-index.ts";
import { MOST_LOOKUPS } from "./shared-id-memory.ts";

/** Called with the number of a lookup in its batch, its index, and the position that was found, or -1. */
export type LookupTaker = (lookup: number, position: number, words: Uint32Array) => void;

/** The lookups of a batch that are for one index, by their numbers. */
interface Part {
  readonly index: IdIndex;
  readonly numbers: Uint16Array;
  /** Four words of each. */
  readonly words: Uint32Array;
  readonly positions: Int32Array;
  count: number;
}

/** Looks ids up in batches: large indexes are seldom in the cache, and `findAll` waits for all of a batch together. */
export class LookupBatch {
  /** Four words of each id that is waiting. */
  readonly #words = new Uint32Array(4 * MOST_LOOKUPS);
  readonly #positions = new Int32Array(MOST_LOOKUPS);
  readonly #parts: Part[] = [];
  readonly #take: LookupTaker;
  #count = 0;

  /** `take` is called for each lookup, in the order in which they were added. */
  constructor(take: LookupTaker) {
    this.#take = take;
  }

  /** Adds the id whose words are at `at`; its number in the present batch. */
  add(index: IdIndex, words: Uint32Array, at: number): number {
    const lookup = this.#count;
    const part = this.#partOf(index);
    for (let word = 0; word < 4; word += 1) {
      const value = words[at + word] ?? 0;
      this.#words[4 * lookup + word] = value;
      part.words[4 * part.count + word] = value;
    }
    part.numbers[part.count] = lookup;
    part.count += 1;
    this.#count += 1;
    return lookup;
  }

  /** True where the batch is to be settled before another is added. */
  get isFull(): boolean {
    return this.#count === MOST_LOOKUPS;
  }

  /** Does the lookups that are waiting. */
  settle(): void {
    const [words, positions, count] = [this.#words, this.#positions, this.#count];
    this.#count = 0;
    for (const part of this.#parts) {
      part.index.findAll(part.words, part.count, part.positions);
      for (let at = 0; at < part.count; at += 1) positions[part.numbers[at] ?? 0] = part.positions[at] ?? -1;
      part.count = 0;
    }
    for (let at = 0; at < count; at += 1) this.#take(at, positions[at] ?? -1, words);
  }

  /** An entity refers to few modules: there are few parts to look at. */
  #partOf(index: IdIndex): Part {
    for (const part of this.#parts) if (part.index === index) return part;
    const part = {
      index,
      numbers: new Uint16Array(MOST_LOOKUPS),
      words: new Uint32Array(4 * MOST_LOOKUPS),
      positions: new Int32Array(MOST_LOOKUPS),
      count: 0,
    };
    this.#parts.push(part);
    return part;
  }
}
