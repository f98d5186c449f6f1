import { uuidText } from "../integrity/uuid-words.ts";

/** A registry that every thread can read: legacy ids in order, their UUIDs, and a hash table of positions. */
export interface SharedRegistryData {
  readonly module: string;
  readonly size: number;
  /** The legacy ids as UTF-8, one after the other. */
  readonly text: SharedArrayBuffer;
  /** Where each legacy id begins in `text`, and where the last ends, as 32-bit words. */
  readonly offsets: SharedArrayBuffer;
  /** Four 32-bit words per UUID. */
  readonly words: SharedArrayBuffer;
  /**
   * Position + 1 by hash of the legacy id, 0 for a free slot; a power of two of them. The bits that no position needs hold
   * some of the hash, so that another entry is seldom looked at.
   */
  readonly slots: SharedArrayBuffer;
}

const MOST_TEXT_BYTES = 2 ** 32 - 1;

/**
 * Room for a registry with `size` entries and at most `mostTextBytes` of legacy ids, of which only what is written to takes
 * memory. Undefined where there cannot be so much.
 */
export function allocateRegistry(module: string, size: number, mostTextBytes: number): SharedRegistryData | undefined {
  if (mostTextBytes < 0 || mostTextBytes > MOST_TEXT_BYTES) return undefined;
  const slots = 2 ** Math.ceil(Math.log2(Math.max(8, size * 1.5)));
  return {
    module,
    size,
    text: new SharedArrayBuffer(mostTextBytes),
    offsets: new SharedArrayBuffer(4 * (size + 1)),
    words: new SharedArrayBuffer(16 * size),
    slots: new SharedArrayBuffer(4 * slots),
  };
}

/** Bytes of shared memory that a registry takes. */
export function bytesOfRegistry({ text, offsets, words, slots }: SharedRegistryData): number {
  return text.byteLength + offsets.byteLength + words.byteLength + slots.byteLength;
}

/** Keys that are looked up together: where they are in some bytes. */
export class KeyBatch {
  count = 0;
  /** For each key the place of its result. */
  readonly places: Int32Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** While they are looked up: their hashes, and what is in their slots. */
  readonly hashes: Uint32Array;
  readonly tags: Int32Array;

  /** For at most `most` keys. */
  constructor(most: number) {
    this.places = new Int32Array(most);
    this.from = new Int32Array(most);
    this.to = new Int32Array(most);
    this.hashes = new Uint32Array(most);
    this.tags = new Int32Array(most);
  }

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
  readonly #key = Buffer.alloc(4096);
  readonly #uuid = new Uint32Array(4);
  /** Behind the entry that was found last. */
  #next = 0;
  /** Made of all that was read ahead: reads of no use would be left out. */
  touched = 0;

  constructor(data: SharedRegistryData) {
    this.module = data.module;
    this.size = data.size;
    this.words = new Uint32Array(data.words);
    this.#text = Buffer.from(data.text);
    this.#offsets = new Uint32Array(data.offsets);
    this.#slots = new Int32Array(data.slots);
    this.#positions = 2 ** Math.ceil(Math.log2(data.size + 2)) - 1;
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
    const mask = this.#slots.length - 1;
    for (let index = begin; index < end; index += 1) {
      const hash = hashBytes(this.#text, this.#offsets[index] ?? 0, this.#offsets[index + 1] ?? 0);
      const tagged = (hash & ~this.#positions) | (index + 1);
      let slot = hash & mask;
      while (Atomics.compareExchange(this.#slots, slot, 0, tagged) !== 0) slot = (slot + 1) & mask;
    }
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
  findAll(bytes: Uint8Array, { count, places, from, to, hashes, tags }: KeyBatch, found: Int32Array): void {
    const [slots, offsets, words, mask] = [this.#slots, this.#offsets, this.words, this.#slots.length - 1];
    for (let key = 0; key < count; key += 1) {
      const hash = hashBytes(bytes, from[key] ?? 0, to[key] ?? 0);
      hashes[key] = hash;
      tags[key] = slots[hash & mask] ?? 0;
    }
    // A lookup alone waits for memory four times, one after the other: slot, place, text, and then the UUID.
    let touched = 0;
    for (let key = 0; key < count; key += 1) {
      const index = Math.max(0, ((tags[key] ?? 0) & this.#positions) - 1);
      tags[key] = offsets[index] ?? 0;
      touched ^= words[4 * index] ?? 0;
    }
    for (let key = 0; key < count; key += 1) touched ^= this.#text[tags[key] ?? 0] ?? 0;
    this.touched = touched;
    for (let key = 0; key < count; key += 1) {
      found[places[key] ?? 0] = this.#search(bytes, from[key] ?? 0, to[key] ?? 0, hashes[key] ?? 0);
    }
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

/** Writes a text as UTF-8 and tells its length: nearly all keys are short and ASCII, for which a call costs more. */
function writeKey(key: Buffer, text: string): number {
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7f) return key.write(text, 0, "utf8");
    key[at] = unit;
  }
  return text.length;
}

/** FNV-1a with a final mix, so that ids that differ in the last digit spread over all bits. */
function hashBytes(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
