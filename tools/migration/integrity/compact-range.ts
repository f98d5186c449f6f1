import { Buffer } from "node:buffer";
import { MigrationError } from "../model/errors.ts";
import { nodeHash, sha256 } from "./digest.ts";
import { MAX_SAFE } from "./limits.ts";

/** The hash of a perfect subtree over 2^level leaves. */
export interface SubtreeHash {
  readonly level: number;
  readonly hash: Buffer;
}

interface Subtree extends SubtreeHash {
  /** Index of its first leaf, a multiple of 2^level. */
  readonly start: number;
}

/** The perfect subtrees that cover the leaves [begin, end): O(log n) hashes that merge exactly, wherever the split (RFC 9162). */
export class CompactRange {
  readonly #begin: number;
  #end: number;
  readonly #subtrees: Subtree[] = [];

  /** An empty range before leaf `begin`. */
  constructor(begin = 0) {
    if (!Number.isSafeInteger(begin) || begin < 0) broken("a leaf index is a safe integer from 0");
    this.#begin = begin;
    this.#end = begin;
  }

  /** Rebuilds a range from `hashes()`, as posted by a worker; `INTERNAL` where they do not cover [begin, end). */
  static from(
    begin: number,
    end: number,
    hashes: readonly { readonly level: number; readonly hash: Uint8Array }[],
  ): CompactRange {
    const range = new CompactRange(begin);
    for (const { level, hash } of hashes) {
      const width = 2 ** level;
      if (!Number.isInteger(level) || level < 0 || level > 52) broken("a level is an integer from 0 to 52");
      if (hash.length !== 32) broken("a hash has 32 bytes");
      if (range.#end % width !== 0) broken("a subtree begins at a multiple of its width");
      range.#push(level, Buffer.from(hash));
    }
    if (range.#end !== end) broken(`the hashes of a compact range cover [${begin}, ${end})`);
    return range;
  }

  /** Index of the first leaf. */
  get begin(): number {
    return this.#begin;
  }

  /** Index behind the last leaf. */
  get end(): number {
    return this.#end;
  }

  /** Adds the leaf hash with index `end`. */
  append(leaf: Buffer): void {
    this.#push(0, leaf);
  }

  /** Adds the leaves of `right`, which must begin where this range ends. */
  merge(right: CompactRange): void {
    if (right.#begin !== this.#end) broken(`a range is merged at ${this.#end}, not at ${right.#begin}`);
    // A snapshot, so that an empty range merged with itself is harmless.
    for (const { level, hash } of [...right.#subtrees]) this.#push(level, hash);
  }

  /** The Merkle tree hash of a range that begins at 0; an odd node is promoted, never doubled. */
  root(): Buffer {
    if (this.#begin !== 0) broken("only a range from leaf 0 has a root");
    const last = this.#subtrees.at(-1);
    if (last === undefined) return sha256("");
    return this.#subtrees.slice(0, -1).reduceRight((right, { hash }) => nodeHash(hash, right), last.hash);
  }

  /** The subtree hashes from left to right. */
  hashes(): SubtreeHash[] {
    return this.#subtrees.map(({ level, hash }) => ({ level, hash }));
  }

  // Two neighbours become their parent as soon as the left one begins at a multiple of the parent's width. Division, not
  // shifts: leaf indices go beyond 2^31.
  #push(level: number, hash: Buffer): void {
    let node: Subtree = { start: this.#end, level, hash };
    if (this.#end + 2 ** level > MAX_SAFE) broken("a leaf index is a safe integer");
    this.#end += 2 ** level;
    for (;;) {
      const left = this.#subtrees.at(-1);
      if (left === undefined || left.level !== node.level || left.start % 2 ** (node.level + 1) !== 0) break;
      this.#subtrees.pop();
      node = { start: left.start, level: node.level + 1, hash: nodeHash(left.hash, node.hash) };
    }
    this.#subtrees.push(node);
  }
}

function broken(expected: string): never {
  throw new MigrationError("INTERNAL", {
    message: `A Merkle tree could not be put together: expected that ${expected}.`,
  });
}
