import { nodeHash } from "./digest.ts";

const HASH_BYTES = 32;

/** Leaves `[begin, end)` whose tree hash is one node of an inclusion path. */
export interface PathRange {
  readonly begin: number;
  readonly end: number;
}

/** The ranges whose tree hashes are the path of leaf `index` in a tree of `size`, from the leaf upwards (RFC 9162, section 2.1.3.1). */
export function pathRanges(index: number, size: number): readonly PathRange[] {
  const ranges: PathRange[] = [];
  let [begin, end] = [0, size];
  while (end - begin > 1) {
    let split = 1;
    while (split * 2 < end - begin) split *= 2;
    const middle = begin + split;
    if (index < middle) {
      ranges.push({ begin: middle, end });
      end = middle;
    } else {
      ranges.push({ begin, end: middle });
      begin = middle;
    }
  }
  return ranges.reverse();
}

/**
 * The root that a leaf hash and its path come to (RFC 9162, section 2.1.3.2); undefined where the path cannot be that of
 * this index in a tree of this size. Division, not shifts: leaf indices go beyond 2^31.
 */
export function rootOfPath(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): Buffer | undefined {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return undefined;
  if ([leaf, ...path].some(({ length }) => length !== HASH_BYTES)) return undefined;
  let [at, last] = [index, size - 1];
  let root: Buffer = Buffer.from(leaf);
  for (const hash of path) {
    if (last === 0) return undefined;
    if (at % 2 === 1 || at === last) {
      root = nodeHash(hash, root);
      while (at % 2 === 0 && at !== 0) {
        at /= 2;
        last = Math.floor(last / 2);
      }
    } else root = nodeHash(root, hash);
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? root : undefined;
}
