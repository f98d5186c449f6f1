import { hash } from "node:crypto";
import { CompactRange } from "../integrity/compact-range.ts";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";

/** Leaves hashed together: small enough for the cache, and the tree above them is one node. */
export const BATCH_LEAVES = 2048;
const BATCH_LEVELS = 11;
const NODE_BYTES = 65;

/**
 * Hashes up to 2048 lines of entities.jsonl and the tree above them, level by level.
 *
 * One digest as a latin1 string costs 0.41 us on 421 bytes, as a Buffer 0.75 us; one view of a line made beforehand
 * saves 85 ns over `subarray`; and a level of nodes is written with one call. Each line is hashed in place: the LF before
 * it is overwritten by the leaf prefix 0x00 (RFC 9162, section 2.1.1).
 */
export class TreeBatch {
  /** Byte 0 is the first leaf prefix; the lines are read to `lines`, behind it. */
  readonly #block = Buffer.alloc(1 + BATCH_LEAVES * ENTITY_LINE_BYTES);
  readonly lines = this.#block.subarray(1);
  readonly #leafViews = views(this.#block, BATCH_LEAVES, ENTITY_LINE_BYTES);
  readonly #nodes = Buffer.alloc((BATCH_LEAVES / 2) * NODE_BYTES);
  readonly #nodeViews = views(this.#nodes, BATCH_LEAVES / 2, NODE_BYTES);
  readonly #level: string[] = new Array<string>(BATCH_LEAVES).fill("");

  /** Appends the first `count` lines to `range`; the lines are destroyed. `count` must not cross a multiple of 2048. */
  appendTo(range: CompactRange, count: number): void {
    for (let line = 0; line <= count && line < BATCH_LEAVES; line += 1) this.#block[line * ENTITY_LINE_BYTES] = 0;
    let from = 0;
    while (from < count) {
      const index = range.end;
      let levels = 0;
      while (levels < BATCH_LEVELS && index % 2 ** (levels + 1) === 0 && from + 2 ** (levels + 1) <= count) levels += 1;
      const size = 2 ** levels;
      const subtree = Buffer.from(this.#subtree(from, size), "latin1");
      range.merge(CompactRange.from(index, index + size, [{ level: levels, hash: subtree }]));
      from += size;
    }
  }

  /** The root over `size` (a power of two) lines from `from` on, as latin1. */
  #subtree(from: number, size: number): string {
    const level = this.#level;
    for (let leaf = 0; leaf < size; leaf += 1) {
      level[leaf] = hash("sha256", this.#leafViews[from + leaf] ?? this.#block, "binary");
    }
    for (let width = size / 2; width >= 1; width /= 2) {
      let text = "";
      for (let node = 0; node < width; node += 1)
        text += "\u0001" + (level[2 * node] ?? "") + (level[2 * node + 1] ?? "");
      this.#nodes.write(text, 0, "latin1");
      for (let node = 0; node < width; node += 1) {
        level[node] = hash("sha256", this.#nodeViews[node] ?? this.#nodes, "binary");
      }
    }
    return level[0] ?? "";
  }
}

function views(buffer: Buffer, count: number, size: number): Uint8Array[] {
  return Array.from({ length: count }, (_, at) => new Uint8Array(buffer.buffer, buffer.byteOffset + at * size, size));
}
