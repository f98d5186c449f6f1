import { createLookups, type LookupLanes, UNDECIDED } from "../integrity/lanes/lookup-lanes.ts";
import { compareWords } from "../integrity/uuid-words.ts";
import { areaOf, MOST_LOOKUPS, placesOf, type SharedIds } from "./shared-id-memory.ts";

/** A bucket with more ids is halved. */
const FEW_IDS = 32;

/** Bits to the right of a bucket's number in a first word. */
function bucketShift(buckets: Uint32Array): number {
  return Math.clz32(buckets.length - 2);
}

/** Fills the first words of the ids of `[begin, end)` and the buckets that begin there, once all words are there, ascending. */
export function indexIds(ids: SharedIds, begin = 0, end = ids.size): void {
  const { words, heads, buckets } = placesOf(ids);
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
  readonly #ids: SharedIds;
  readonly #thread: number;
  #lookups: Lookups | undefined;

  /** For lookups by a thread, of those that the ids have room for. */
  constructor(ids: SharedIds, thread = 0) {
    const places = placesOf(ids);
    this.size = ids.size;
    this.words = places.words;
    this.#ids = ids;
    this.#thread = thread;
    this.#heads = places.heads;
    this.#buckets = places.buckets;
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

  /** Puts the position of each of `count` ids (MOST_LOOKUPS at most), or -1, into `positions`: four words each in `words`. */
  findAll(words: Uint32Array, count: number, positions: Int32Array): void {
    if (count === 0) return;
    const lookups = this.#lookups ?? createLookupsOf(this.#ids, this.#thread);
    this.#lookups = lookups;
    const { lanes, ids, found } = lookups;
    ids.set(count < MOST_LOOKUPS ? words.subarray(0, 4 * count) : words);
    const [own, heads, buckets] = [this.words.byteOffset, this.#heads.byteOffset, this.#buckets.byteOffset];
    lanes.findIds(ids.byteOffset, count, found.byteOffset, own, this.size, heads, buckets, this.#shift);
    for (let at = 0; at < count; at += 1) {
      const position = found[at] ?? -1;
      positions[at] = position === UNDECIDED ? this.find(words, 4 * at) : position;
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

/** Lookups by the vectors, and the area of the thread for them. */
interface Lookups {
  readonly lanes: LookupLanes;
  readonly ids: Uint32Array;
  readonly found: Int32Array;
}

function createLookupsOf(ids: SharedIds, thread: number): Lookups {
  const { memory } = ids;
  const area = areaOf(ids, placesOf(ids), thread);
  return {
    lanes: createLookups(memory),
    ids: new Uint32Array(memory.buffer, area, 4 * MOST_LOOKUPS),
    found: new Int32Array(memory.buffer, area + 16 * MOST_LOOKUPS, MOST_LOOKUPS),
  };
}
