import { createKeyLanes, KEY_BYTES, type KeyLanes } from "../integrity/lanes/key-lanes.ts";
import { uuidText } from "../integrity/uuid-words.ts";
import {
  areaOfRegistry,
  MOST_KEY_BYTES,
  MOST_KEYS,
  placesOfRegistry,
  type SharedRegistryData,
} from "./registry-memory.ts";

/** 32-bit words of a key in the list of the lanes. */
const KEY_WORDS = KEY_BYTES / 4;

/** Keys that are looked up together: where they are in some bytes, and for each the place of its result. */
export class KeyBatch {
  count = 0;
  readonly places = new Int32Array(MOST_KEYS);
  readonly from = new Int32Array(MOST_KEYS);
  readonly to = new Int32Array(MOST_KEYS);

  /** Adds a key, one of MOST_KEYS at most. */
  add(place: number, from: number, to: number): void {
    this.places[this.count] = place;
    this.from[this.count] = from;
    this.to[this.count] = to;
    this.count += 1;
  }
}

/** Reads a shared registry; the same lookups as `Registry`. */
export class SharedRegistry {
  readonly module: string;
  readonly size: number;
  /** Four 32-bit words per entry. */
  readonly words: Uint32Array;
  readonly #text: Buffer;
  readonly #offsets: Uint32Array;
  readonly #slots: Int32Array;
  /** The bits of a slot that hold a position. */
  readonly #positions: number;
  readonly #data: SharedRegistryData;
  readonly #thread: number;
  #lookups: Lookups | undefined;
  readonly #key = Buffer.alloc(4096);
  readonly #uuid = new Uint32Array(4);
  /** Behind the entry that was found last. */
  #next = 0;

  /** For lookups by a thread, of those that the registry has room for. */
  constructor(data: SharedRegistryData, thread = 0) {
    const { text, offsets, words, slots, positions } = placesOfRegistry(data);
    this.module = data.module;
    this.size = data.size;
    this.words = words;
    this.#text = text;
    this.#offsets = offsets;
    this.#slots = slots;
    this.#positions = positions;
    this.#data = data;
    this.#thread = thread;
  }

  /** Puts an entry into its place, its legacy id at `textAt`; gives the end of that, where the next one goes. */
  set(index: number, bytes: Buffer, from: number, to: number, textAt: number, words: Uint32Array, wordsAt = 0): number {
    // Ids are short: a call costs more than the bytes.
    for (let at = from; at < to; at += 1) this.#text[textAt + at - from] = bytes[at] ?? 0;
    this.#offsets[index] = textAt;
    this.#offsets[index + 1] = textAt + to - from;
    for (let word = 0; word < 4; word += 1) this.words[4 * index + word] = words[wordsAt + word] ?? 0;
    return textAt + to - from;
  }

  /** Makes the entries of `[begin, end)`, which are all in their places, known to lookups; any thread may do any part. */
  index(begin: number, end: number): void {
    this.#lanes().lanes.indexEntries(begin, end);
  }

  /** The index of the entry with exactly this legacy id, or -1. */
  lookup(legacyId: string): number {
    const key = legacyId.length * 3 <= this.#key.length ? this.#key : Buffer.alloc(legacyId.length * 3);
    const length = writeKey(key, legacyId);
    return this.#search(key, 0, length, hashBytes(key, 0, length));
  }

  /** The index of the entry whose legacy id is `bytes[from, to)`, or -1. */
  find(bytes: Uint8Array, from: number, to: number): number {
    // A source is often in the order of its registry: then no hash is needed.
    const next = this.#next;
    const isNext = next < this.size && this.#isKey(next, bytes, from, to);
    const index = isNext ? next : this.#search(bytes, from, to, hashBytes(bytes, from, to));
    this.#next = index + 1;
    return index;
  }

  /** The same for some keys in `bytes`: the index of each, or -1, goes to its place in `found`. */
  findAll(bytes: Uint8Array, { count, places, from, to }: KeyBatch, found: Int32Array): void {
    if (count === 0) return;
    const { lanes, list, text } = this.#lanes();
    let end = 0;
    for (let key = 0; key < count; key += 1) {
      const [begin, length] = [from[key] ?? 0, (to[key] ?? 0) - (from[key] ?? 0)];
      const isShort = length <= MOST_KEY_BYTES;
      list[KEY_WORDS * key] = text.byteOffset + end;
      list[KEY_WORDS * key + 1] = isShort ? length : 0;
      if (isShort) for (let at = 0; at < length; at += 1) text[end + at] = bytes[begin + at] ?? 0;
      end += isShort ? length : 0;
    }
    lanes.findKeys(list.byteOffset, count);
    for (let key = 0; key < count; key += 1) {
      const [begin, stop] = [from[key] ?? 0, to[key] ?? 0];
      const index = list[KEY_WORDS * key] ?? -1;
      const isShort = stop - begin <= MOST_KEY_BYTES;
      found[places[key] ?? 0] = isShort ? index : this.#search(bytes, begin, stop, hashBytes(bytes, begin, stop));
    }
  }

  #lanes(): Lookups {
    this.#lookups ??= createLookups(this.#data, this.#thread);
    return this.#lookups;
  }

  #search(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const tagged = this.#slots[slot] ?? 0;
      if (tagged === 0) return -1;
      const isLike = ((tagged ^ hash) & ~this.#positions) === 0;
      const index = (tagged & this.#positions) - 1;
      if (isLike && this.#isKey(index, bytes, from, to)) return index;
    }
  }

  uuidAt(index: number): string {
    for (let word = 0; word < 4; word += 1) this.#uuid[word] = this.words[4 * index + word] ?? 0;
    return uuidText(this.#uuid);
  }

  legacyIdAt(index: number): string {
    return this.#text.toString("utf8", this.#offsets[index] ?? 0, this.#offsets[index + 1] ?? 0);
  }

  #isKey(index: number, bytes: Uint8Array, from: number, to: number): boolean {
    const begin = this.#offsets[index] ?? 0;
    const length = to - from;
    if ((this.#offsets[index + 1] ?? 0) - begin !== length) return false;
    // From the end: ids that follow each other differ there.
    for (let at = length - 1; at >= 0; at -= 1) if (this.#text[begin + at] !== bytes[from + at]) return false;
    return true;
  }
}

/** Lookups by the lanes, and the area of the thread for them. */
interface Lookups {
  readonly lanes: KeyLanes;
  readonly list: Int32Array;
  readonly text: Uint8Array;
}

function createLookups(data: SharedRegistryData, thread: number): Lookups {
  const places = placesOfRegistry(data);
  const { text, offsets, words, slots, positions } = places;
  const { buffer } = data.memory;
  const area = areaOfRegistry(data, thread);
  return {
    lanes: createKeyLanes(data.memory, {
      text: text.byteOffset,
      offsets: offsets.byteOffset,
      words: words.byteOffset,
      slots: slots.byteOffset,
      mask: slots.length - 1,
      positions,
    }),
    list: new Int32Array(buffer, area, KEY_WORDS * MOST_KEYS),
    text: new Uint8Array(buffer, area + KEY_BYTES * MOST_KEYS, MOST_KEYS * MOST_KEY_BYTES),
  };
}

/** Writes a text as UTF-8 and tells its length: nearly all keys are short and ASCII, for which a call costs more. */
function writeKey(key: Buffer, text: string): number {
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7f) return key.write(text, 0, "utf8");
    key[at] = unit;
  }
  return text.length;
}

/** As the lanes hash a key. */
function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
