import { parseUuid, uuidText } from "../integrity/uuid-words.ts";
import { MigrationError } from "../model/errors.ts";
import type { RegistryEntry } from "./entry.ts";

/** Text bytes that one registry can hold: positions are 32-bit numbers. */
const MAX_TEXT_BYTES = 0xffff_ffff;
const SMALLEST = 64;

/** Entries by column, in the order they were appended: about 40 bytes each beside the legacy id's own. */
export class EntryColumns {
  #text: Buffer = Buffer.alloc(0);
  /** Text position after each legacy id; the next one begins there. */
  #ends = new Uint32Array(0);
  #words = new Uint32Array(0);
  #versions = new Float64Array(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Appends an entry; its strings must be well-formed. */
  append(entry: RegistryEntry): void {
    const bytes = Buffer.byteLength(entry.legacyId);
    const begin = this.#begin(this.#size);
    if (begin + bytes > MAX_TEXT_BYTES) {
      throw new MigrationError("REGISTRY_INVALID", {
        message: `Loading a registry: expected at most ${MAX_TEXT_BYTES} bytes of legacy ids, got more.`,
        remedy: "Split the module into two.",
      });
    }
    this.#makeRoom(begin + bytes);
    this.#text.write(entry.legacyId, begin, "utf8");
    this.#ends[this.#size] = begin + bytes;
    parseUuid(entry.targetUuid, this.#words.subarray(4 * this.#size));
    this.#versions[this.#size] = entry.version;
    this.#size += 1;
  }

  entryAt(slot: number): RegistryEntry {
    return { legacyId: this.legacyIdAt(slot), targetUuid: this.uuidAt(slot), version: this.#versions[slot] ?? 0 };
  }

  legacyIdAt(slot: number): string {
    return this.#text.toString("utf8", this.#begin(slot), this.#ends[slot]);
  }

  uuidAt(slot: number): string {
    return uuidText(this.#words.subarray(4 * slot, 4 * slot + 4));
  }

  /** The four 32-bit words of each UUID, in slot order. */
  get uuidWords(): Uint32Array {
    return this.#words;
  }

  /** The UTF-8 bytes of a legacy id; a view, not a copy. */
  legacyIdBytes(slot: number): Buffer {
    return this.#text.subarray(this.#begin(slot), this.#ends[slot]);
  }

  /** Negative, 0 or positive as the UTF-8 bytes of the legacy id of `left` sort before, at or after those of `right`. */
  compare(left: number, right: number): number {
    return this.#text.compare(this.#text, this.#begin(right), this.#ends[right], this.#begin(left), this.#ends[left]);
  }

  /** True where the legacy id of `slot` is exactly these `length` bytes. */
  holds(slot: number, bytes: Uint8Array, length: number): boolean {
    const begin = this.#begin(slot);
    if ((this.#ends[slot] ?? 0) - begin !== length) return false;
    for (let index = 0; index < length; index += 1) {
      if (this.#text[begin + index] !== bytes[index]) return false;
    }
    return true;
  }

  /** The same entries in the order of `slots`, with no room to spare. */
  arranged(slots: Uint32Array): EntryColumns {
    const result = new EntryColumns();
    let textBytes = 0;
    for (const slot of slots) textBytes += (this.#ends[slot] ?? 0) - this.#begin(slot);
    result.#resize(textBytes, slots.length);
    for (const slot of slots) {
      const to = result.#size;
      const begin = result.#begin(to);
      const copied = this.#text.copy(result.#text, begin, this.#begin(slot), this.#ends[slot]);
      result.#ends[to] = begin + copied;
      result.#words.set(this.#words.subarray(4 * slot, 4 * slot + 4), 4 * to);
      result.#versions[to] = this.#versions[slot] ?? 0;
      result.#size += 1;
    }
    return result;
  }

  #begin(slot: number): number {
    return slot === 0 ? 0 : (this.#ends[slot - 1] ?? 0);
  }

  #makeRoom(textBytes: number): void {
    const entries = this.#ends.length > this.#size ? this.#ends.length : Math.max(SMALLEST, 2 * this.#size);
    const text = this.#text.length >= textBytes ? this.#text.length : Math.max(SMALLEST, 2 * textBytes);
    if (entries > this.#ends.length || text > this.#text.length) this.#resize(text, entries);
  }

  #resize(textBytes: number, entries: number): void {
    if (textBytes > this.#text.length) {
      const text = Buffer.allocUnsafeSlow(textBytes);
      this.#text.copy(text);
      this.#text = text;
    }
    if (entries <= this.#ends.length) return;
    const [ends, words, versions] = [new Uint32Array(entries), new Uint32Array(4 * entries), new Float64Array(entries)];
    ends.set(this.#ends);
    words.set(this.#words);
    versions.set(this.#versions);
    [this.#ends, this.#words, this.#versions] = [ends, words, versions];
  }
}
