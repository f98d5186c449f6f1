import { CompactRange } from "../integrity/compact-range.ts";
import { createLanes, type Lanes } from "../integrity/lanes/lanes.ts";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";

/** Leaves hashed together: small enough for the cache, and the tree above them is one node. */
export const BATCH_LEAVES = 2048;
const BATCH_LEVELS = 11;
const DIGEST_BYTES = 32;
/** Messages hashed by one call of the lanes; the last group may be partly of no use. */
const LANES = 4;

/** Bytes of memory that a batch takes. */
export const BATCH_BYTES = (BATCH_LEAVES + LANES) * (ENTITY_LINE_BYTES + DIGEST_BYTES);

/**
 * Hashes up to 2048 lines of entities.jsonl and the tree above them, level by level.
 *
 * Four messages at a time in vectors took 205 ns a leaf and 135 ns a node, one call of `crypto.hash` each 278 and
 * 244 ns and a string beside it. Each line is hashed in place: the LF before it is overwritten by the leaf prefix 0x00
 * (RFC 9162, section 2.1.1).
 */
export class TreeBatch {
  /** Where lines are read to; the first leaf prefix is before it. */
  readonly lines: Buffer;
  readonly #lanes: Lanes;
  readonly #begin: number;
  /** Where the digests of the level are that is being hashed. */
  readonly #level: number;
  readonly #bytes: Buffer;

  /** In the BATCH_BYTES of the memory from `begin` on. */
  constructor(lanes = createLanes(BATCH_BYTES), begin = lanes.free) {
    this.#lanes = lanes;
    this.#begin = begin;
    this.#level = begin + (BATCH_LEAVES + LANES) * ENTITY_LINE_BYTES;
    this.#bytes = Buffer.from(lanes.memory);
    this.lines = this.#bytes.subarray(begin + 1, begin + 1 + BATCH_LEAVES * ENTITY_LINE_BYTES);
  }

  /** Appends the first `count` lines to `range`; the lines are destroyed. `count` must not cross a multiple of 2048. */
  appendTo(range: CompactRange, count: number): void {
    for (let line = 0; line <= count; line += 1) this.#bytes[this.#begin + line * ENTITY_LINE_BYTES] = 0;
    let from = 0;
    while (from < count) {
      const index = range.end;
      let levels = 0;
      while (levels < BATCH_LEVELS && index % 2 ** (levels + 1) === 0 && from + 2 ** (levels + 1) <= count) levels += 1;
      const size = 2 ** levels;
      range.merge(CompactRange.from(index, index + size, [{ level: levels, hash: this.#subtree(from, size) }]));
      from += size;
    }
  }

  /** The root over `size` (a power of two) lines from `from` on. */
  #subtree(from: number, size: number): Buffer {
    const [lanes, level] = [this.#lanes, this.#level];
    lanes.leaves(this.#begin + from * ENTITY_LINE_BYTES, level, Math.ceil(size / LANES));
    for (let width = size / 2; width >= 1; width /= 2) lanes.nodes(level, level, Math.ceil(width / LANES));
    return Buffer.from(this.#bytes.subarray(level, level + DIGEST_BYTES)).swap32();
  }
}
