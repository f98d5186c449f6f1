import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import t from "tap";
import { CompactRange } from "../../tools/migration/integrity/compact-range.ts";
import { leafHash } from "../../tools/migration/integrity/digest.ts";
import { pathRanges, rootOfPath } from "../../tools/migration/integrity/inclusion.ts";

const VECTORS = "../shared/vectors/merkle/testdata/inclusion";

function treeOf(leaves: readonly Buffer[]): Buffer {
  const tree = new CompactRange();
  for (const leaf of leaves) tree.append(leaf);
  return tree.root();
}

t.test("every leaf of every small tree has a path to its root, and no other leaf has that path", async (t) => {
  for (let size = 1; size <= 33; size += 1) {
    const leaves = Array.from({ length: size }, (_, at) => leafHash(String(at)));
    const root = treeOf(leaves);
    for (const [index, leaf] of leaves.entries()) {
      const path = pathRanges(index, size).map(({ begin, end }) => treeOf(leaves.slice(begin, end)));
      t.ok(rootOfPath(leaf, index, size, path)?.equals(root), `${index} of ${size}`);
      const other = (index + 1) % size;
      if (other !== index) t.notOk(rootOfPath(leaf, other, size, path)?.equals(root), "another index");
      t.notOk(rootOfPath(leaf, index, size, [...path, leaf])?.equals(root), "a longer path");
      if (path.length > 0) t.notOk(rootOfPath(leaf, index, size, path.slice(1))?.equals(root), "a shorter path");
    }
  }
});

t.test("the path of a leaf covers every other leaf once, beyond 2^31 too", async (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 40 }),
      fc.double({ min: 0, max: 0.999_999, noNaN: true }),
      (size, part) => {
        const index = Math.floor(size * part);
        const ranges = pathRanges(index, size);
        t.equal(
          ranges.reduce((sum, { begin, end }) => sum + end - begin, 0),
          size - 1,
        );
        t.notOk(ranges.some(({ begin, end }) => index >= begin && index < end));
        const path = ranges.map(() => Buffer.alloc(32));
        t.ok(rootOfPath(Buffer.alloc(32), index, size, path), "a path of this length has a root");
      },
    ),
    { numRuns: 50 },
  );
});

t.test(
  "published proofs are judged as they were published",
  {
    skip: existsSync(VECTORS) ? false : "needs ../shared/vectors",
  },
  async (t) => {
    const files = readdirSync(VECTORS, { recursive: true })
      .map(String)
      .filter((name) => statSync(join(VECTORS, name)).isFile());
    t.ok(files.length > 90, "they are found");
    for (const file of files) {
      const {
        leafIdx,
        treeSize,
        root,
        leafHash: leaf,
        proof,
        wantErr,
      } = JSON.parse(readFileSync(join(VECTORS, file), "utf8"));
      const path = (proof ?? []).map((hash: string) => Buffer.from(hash, "base64"));
      const found = rootOfPath(Buffer.from(leaf ?? "", "base64"), leafIdx, treeSize, path);
      t.equal(found?.equals(Buffer.from(root ?? "", "base64")) === true, wantErr !== true, file);
    }
  },
);
