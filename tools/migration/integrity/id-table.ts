import { randomBytes } from "node:crypto";
import { MigrationError } from "../model/errors.ts";
import { parseUuid, uuidText } from "./uuid-words.ts";

const SEGMENT_IDS = 4096;
const SLOT_LOAD = 0.75;

// Tabulation hashing over the 32 hex digits: with random tables no choice of ids makes linear probing slow, and the order
// of the table never shows outside, so nothing that is written depends on it.
const TABLES = new Uint32Array(32 * 16);
// biome-ignore lint/plugin: a secret seed against ids chosen to collide; nothing written depends on it.
randomBytes(TABLES.byteLength).copy(new Uint8Array(TABLES.buffer));

/** What `mark` found: the id for the first time, once more, or not in the table. */
export type MarkResult = "first" | "again" | "unknown";

/** A set of UUIDs in about 17 bytes each plus 5 to 11 for the index: room for tens of millions. */
export class IdTable {
  readonly #segments: { readonly words: Uint32Array; readonly marks: Uint8Array }[] = [];
  // Number of the id plus one; 0 is a free slot, so that an id of zeros is an id like any other.
  #slots = new Uint32Array(64);
  #size = 0;
  readonly #words = new Uint32Array(4);

  /** Number of ids. */
  get size(): number {
    return this.#size;
  }

  /** Adds an id given as 36 lower-case characters; false where it is already there. */
  add(uuid: string): boolean {
    const hash = this.#parse(uuid);
    if (hash === undefined) {
      throw new MigrationError("INTERNAL", { message: "An id table was given an id that is not a lower-case UUID." });
    }
    const slot = this.#find(hash);
    if (this.#slots[slot] !== 0) return false;
    this.#store(this.#size);
    this.#size++;
    this.#slots[slot] = this.#size;
    if (this.#size > this.#slots.length * SLOT_LOAD) this.#grow();
    return true;
  }

  /** True where the id is in the table; false for a text that is no lower-case UUID. */
  has(uuid: string): boolean {
    return this.#numberOf(uuid) !== undefined;
  }

  /** Marks an id and says whether it was marked before. */
  mark(uuid: string): MarkResult {
    const number = this.#numberOf(uuid);
    if (number === undefined) return "unknown";
    const { marks } = this.#segment(number);
    const place = number % SEGMENT_IDS;
    if (marks[place] === 1) return "again";
    marks[place] = 1;
    return "first";
  }

  /** The ids never marked, in the order they were added. */
  *unmarked(): Iterable<string> {
    for (let number = 0; number < this.#size; number++) {
      const { words, marks } = this.#segment(number);
      const place = number % SEGMENT_IDS;
      if (marks[place] === 0) yield uuidText(words.subarray(4 * place, 4 * place + 4));
    }
  }

  #numberOf(uuid: string): number | undefined {
    const hash = this.#parse(uuid);
    if (hash === undefined) return undefined;
    const entry = this.#slots[this.#find(hash)] ?? 0;
    return entry === 0 ? undefined : entry - 1;
  }

  #parse(uuid: string): number | undefined {
    return parseUuid(uuid, this.#words) ? hashWords(this.#words, 0) : undefined;
  }

  // The slot of the id in `#words`, or the free slot where it belongs.
  #find(hash: number): number {
    let slot = hash % this.#slots.length;
    for (;;) {
      const entry = this.#slots[slot] ?? 0;
      if (entry === 0 || this.#equals(entry - 1)) return slot;
      slot = slot + 1 === this.#slots.length ? 0 : slot + 1;
    }
  }

  #equals(number: number): boolean {
    const { words } = this.#segment(number);
    const from = 4 * (number % SEGMENT_IDS);
    for (let at = 0; at < 4; at++) if (words[from + at] !== this.#words[at]) return false;
    return true;
  }

  #store(number: number): void {
    if (number % SEGMENT_IDS === 0) {
      this.#segments.push({ words: new Uint32Array(4 * SEGMENT_IDS), marks: new Uint8Array(SEGMENT_IDS) });
    }
    this.#segment(number).words.set(this.#words, 4 * (number % SEGMENT_IDS));
  }

  #segment(number: number): { readonly words: Uint32Array; readonly marks: Uint8Array } {
    const segment = this.#segments[Math.floor(number / SEGMENT_IDS)];
    if (segment === undefined) throw new MigrationError("INTERNAL", { message: "An id table lost a segment." });
    return segment;
  }

  #grow(): void {
    const slots = new Uint32Array(2 * this.#slots.length);
    for (let number = 0; number < this.#size; number++) {
      const { words } = this.#segment(number);
      let slot = hashWords(words, 4 * (number % SEGMENT_IDS)) % slots.length;
      while (slots[slot] !== 0) slot = slot + 1 === slots.length ? 0 : slot + 1;
      slots[slot] = number + 1;
    }
    this.#slots = slots;
  }
}

function hashWords(words: Uint32Array, from: number): number {
  let hash = 0;
  for (let at = 0; at < 4; at++) {
    const word = words[from + at] ?? 0;
    for (let digit = 0; digit < 8; digit++) {
      hash ^= TABLES[128 * at + 16 * digit + ((word >>> (4 * digit)) & 15)] ?? 0;
    }
  }
  return hash >>> 0;
}
