import { compareWords } from "../integrity/uuid-words.ts";

/** A set of ids that every thread can read: the words in ascending order, and where each bucket of first words begins. */
export interface SharedIds {
  readonly size: number;
  /** Four 32-bit words per id. */
  readonly words: SharedArrayBuffer;
  /** The first word of each id again: these are few enough to stay near the processor. */
  readonly heads: SharedArrayBuffer;
  /** One position per bucket, and the size at the end. */
  readonly buckets: SharedArrayBuffer;
}

/** Mean ids per bucket: with 2 to 4, a lookup among 1 M took 95 ns; halving over whole ids 190 ns, a Set 286 ns. */
const IDS_PER_BUCKET = 4;
/** A bucket with more ids is halved. */
const FEW_IDS = 32;

/** Room for `size` ids, to be filled by position and then given to `indexIds`. */
export function allocateIds(size: number): SharedIds {
  const buckets = 2 ** Math.max(1, Math.ceil(Math.log2(Math.max(1, size / IDS_PER_BUCKET))));
  return {
    size,
    words: new SharedArrayBuffer(16 * size),
    heads: new SharedArrayBuffer(4 * size),
    buckets: new SharedArrayBuffer(4 * (Math.min(buckets, 2 ** 30) + 1)),
  };
}

/** Bits to the right of a bucket's number in a first word. */
function bucketShift(buckets: Uint32Array): number {
  return Math.clz32(buckets.length - 2);
}

/** Fills the first words of the ids of `[begin, end)` and the buckets that begin there, once all words are there, ascending. */
export function indexIds(ids: SharedIds, begin = 0, end = ids.size): void {
  const words = new Uint32Array(ids.words);
  const heads = new Uint32Array(ids.heads);
  const buckets = new Uint32Array(ids.buckets);
  const shift = bucketShift(buckets);
  let bucket = begin === 0 ? 0 : ((words[4 * begin - 4] ?? 0) >>> shift) + 1;
  for (let at = begin; at < end; at += 1) {
    const head = words[4 * at] ?? 0;
    heads[at] = head;
    for (const own = head >>> shift; bucket <= own; bucket += 1) buckets[bucket] = at;
  }
  if (end === ids.size) buckets.fill(ids.size, bucket);
}

/** Looks ids up in shared words: a bucket by the first word, then its few ids. */
export class IdIndex {
  readonly size: number;
  readonly words: Uint32Array;
  readonly #heads: Uint32Array;
  readonly #buckets: Uint32Array;
  readonly #shift: number;
  /** Made of all that was read ahead: reads of no use would be left out. */
  touched = 0;

  constructor(ids: SharedIds) {
    this.size = ids.size;
    this.words = new Uint32Array(ids.words);
    this.#heads = new Uint32Array(ids.heads);
    this.#buckets = new Uint32Array(ids.buckets);
    this.#shift = bucketShift(this.#buckets);
  }

  /** The ids whose first word is at least `least` and below `end`, which may be 2^32. */
  between(least: number, end: number): Uint32Array {
    return this.words.subarray(4 * this.#firstFrom(least), 4 * this.#firstFrom(end));
  }

  #firstFrom(head: number): number {
    let [low, high] = [0, this.size];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.#heads[middle] ?? 0) < head) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Puts the position of each of `count` ids, or -1, into `positions`: the ids have their words at `4 * numbers[i]`, and
   * their position goes to `numbers[i]`. Step by step for all of them, so that they wait for memory together: what a branch
   * depends on is read before, because behind a branch that is guessed wrong nothing is waited for yet (105 ns an id of 1 M in
   * any order; 135 without that).
   */
  findAll(words: Uint32Array, numbers: Uint16Array, count: number, positions: Int32Array): void {
    const [buckets, heads, held, shift] = [this.#buckets, this.#heads, this.words, this.#shift];
    let touched = 0;
    for (let at = 0; at < count; at += 1) {
      const number = numbers[at] ?? 0;
      const place = buckets[(words[4 * number] ?? 0) >>> shift] ?? 0;
      positions[number] = place;
    }
    for (let at = 0; at < count; at += 1) touched ^= heads[positions[numbers[at] ?? 0] ?? 0] ?? 0;
    for (let at = 0; at < count; at += 1) {
      const number = numbers[at] ?? 0;
      const head = words[4 * number] ?? 0;
      const end = buckets[(head >>> shift) + 1] ?? 0;
      let place = positions[number] ?? 0;
      // A bucket with many is for `find`, which begins anew.
      if (end - place <= FEW_IDS) while (place < end && (heads[place] ?? 0) < head) place += 1;
      positions[number] = place;
    }
    for (let at = 0; at < count; at += 1) touched ^= held[4 * (positions[numbers[at] ?? 0] ?? 0) + 1] ?? 0;
    this.touched = touched;
    for (let at = 0; at < count; at += 1) {
      const number = numbers[at] ?? 0;
      const place = positions[number] ?? 0;
      const isFirst = heads[place] === words[4 * number] && this.#isAt(place, words, 4 * number);
      if (!isFirst) positions[number] = this.find(words, 4 * number);
    }
  }

  /** Position of the id whose words are at `at`, or -1. */
  find(words: Uint32Array, at: number): number {
    const head = words[at] ?? 0;
    const bucket = head >>> this.#shift;
    const end = this.#buckets[bucket + 1] ?? 0;
    let place = this.#buckets[bucket] ?? 0;
    if (end - place > FEW_IDS) return this.#halve(words, at, place, end);
    while (place < end && (this.#heads[place] ?? 0) < head) place += 1;
    for (; place < end && this.#heads[place] === head; place += 1) if (this.#isAt(place, words, at)) return place;
    return -1;
  }

  #isAt(place: number, words: Uint32Array, at: number): boolean {
    const own = 4 * place;
    return (
      this.words[own + 1] === words[at + 1] &&
      this.words[own + 2] === words[at + 2] &&
      this.words[own + 3] === words[at + 3]
    );
  }

  /** Ids may cluster: sequential ones share their first words. */
  #halve(words: Uint32Array, at: number, begin: number, end: number): number {
    let [low, high] = [begin, end];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const order = compareWords(this.words, 4 * middle, words, at);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return -1;
  }
}
