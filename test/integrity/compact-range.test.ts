import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import t from "tap";
import { CompactRange } from "../../tools/migration/integrity/compact-range.ts";
import {
  EMPTY_ROOT_HEX,
  entityLine,
  leafHash,
  nodeHash,
  parseEntityLine,
  sha256,
  sha256Hex,
} from "../../tools/migration/integrity/digest.ts";
import { parseLine } from "../../tools/migration/integrity/line.ts";

const roots = "../shared/vectors/merkle/roots.json";
const golden = "../shared/vectors/golden";

function hashOf(...parts: readonly Uint8Array[]): Buffer {
  return createHash("sha256").update(Buffer.concat(parts)).digest();
}

// RFC 9162, section 2.1.1, word for word.
function naiveRoot(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return hashOf();
  if (leaves.length === 1) return only;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return hashOf(Buffer.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

function leavesOf(count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => hashOf(Buffer.from(`leaf ${index}`)));
}

function rangeOf(leaves: readonly Buffer[], begin = 0): CompactRange {
  const range = new CompactRange(begin);
  for (const leaf of leaves) range.append(leaf);
  return range;
}

t.test(
  "leaf hashes and roots equal the vectors of RFC 6962",
  { skip: existsSync(roots) ? false : `${roots} is not here` },
  async (t) => {
    const vectors = JSON.parse(readFileSync(roots, "utf8"));
    const leaves = vectors.leafInputs.map((hex: string) => leafHash(Buffer.from(hex, "hex")));
    t.strictSame(
      leaves.map((leaf: Buffer) => leaf.toString("hex")),
      vectors.leafHashes,
    );
    for (let n = 0; n <= 8; n++) {
      t.equal(rangeOf(leaves.slice(0, n)).root().toString("hex"), vectors.roots[n], `the root of ${n}`);
    }
  },
);

t.test(
  "the golden candidate has its digests and root",
  { skip: existsSync(golden) ? false : `${golden} is not here` },
  async (t) => {
    const lines = readFileSync(`${golden}/data.jsonl`, "utf8").trimEnd().split("\n");
    const range = new CompactRange();
    const entities = lines.map((line) => {
      const result = parseLine(Buffer.from(line));
      if (!result.ok) throw new Error(result.message);
      const written = entityLine(String(result.value["id"]), sha256Hex(line));
      range.append(leafHash(written));
      return `${written}\n`;
    });
    t.equal(entities.join(""), readFileSync(`${golden}/entities.jsonl`, "utf8"));
    t.match(entities[0], /"391127f1[0-9a-f]*1f01"/);
    t.match(entities[1], /"6d0e1152[0-9a-f]*a606e8"/);
    t.match(entities[2], /"7f60ab75[0-9a-f]*dc070e"/);
    t.equal(range.root().toString("hex"), "3623b57e0b0ba04dceed7133545a66552ebf08bb4095e9b120cadccb28dd44c0");
  },
);

t.test("an entity line has 121 characters and is read back in its exact form only", async (t) => {
  const id = "00000000-0000-5000-8000-00000000000a";
  const sha = sha256Hex("Zoë");
  const line = entityLine(id, sha);
  t.equal(line.length, 121);
  t.strictSame(parseEntityLine(line), { id, sha256: sha });
  for (const wrong of [
    `${line}\n`,
    ` ${line}`,
    line.replace("00000000a", "00000000A"),
    line.replace(sha, sha.toUpperCase()),
    line.replace(":", ": "),
    line.slice(0, -1),
  ]) {
    t.equal(parseEntityLine(wrong), undefined, JSON.stringify(wrong));
  }
});

t.test("strings and bytes hash alike", async (t) => {
  const bytes = Buffer.from("Zoë 😂");
  t.equal(sha256Hex("Zoë 😂"), hashOf(bytes).toString("hex"));
  t.same(sha256(new Uint8Array(bytes)), hashOf(bytes));
  t.same(leafHash("Zoë 😂"), hashOf(Buffer.of(0), bytes));
  t.same(leafHash(new Uint8Array(bytes)), hashOf(Buffer.of(0), bytes));
  const [left, right] = [hashOf(Buffer.of(1)), hashOf(Buffer.of(2))];
  t.same(nodeHash(left, right), hashOf(Buffer.of(1), left, right));
  t.equal(EMPTY_ROOT_HEX, hashOf().toString("hex"));
  t.equal(new CompactRange().root().toString("hex"), EMPTY_ROOT_HEX);
});

t.test("law: the root is the same for any partition, with every range posted and rebuilt", async () => {
  await fc.assert(
    fc.property(fc.nat(200), fc.array(fc.nat(200), { maxLength: 8 }), (count, cuts) => {
      const leaves = leavesOf(count);
      const whole = new CompactRange();
      const borders = [0, ...cuts.map((cut) => Math.min(cut, count)), count].sort((a, b) => a - b);
      for (const [at, begin] of borders.entries()) {
        const part = rangeOf(leaves.slice(begin, borders[at + 1] ?? count), begin);
        whole.merge(CompactRange.from(part.begin, part.end, structuredClone(part.hashes())));
      }
      return whole.end === count && whole.root().equals(naiveRoot(leaves));
    }),
    { numRuns: 500 },
  );
});

t.test("law: merging is exact for a range that begins anywhere, beyond 2^32 too", async (t) => {
  const begin = fc.oneof(
    fc.nat(64),
    fc.integer({ min: -40, max: 40 }).map((near) => 2 ** 31 + near),
    fc.integer({ min: -40, max: 40 }).map((near) => 2 ** 40 + near),
  );
  await fc.assert(
    fc.property(begin, fc.nat(60), fc.nat(60), (from, left, right) => {
      const leaves = leavesOf(left + right);
      const merged = rangeOf(leaves.slice(0, left), from);
      merged.merge(rangeOf(leaves.slice(left), from + left));
      const straight = rangeOf(leaves, from);
      return merged.end === straight.end && JSON.stringify(merged.hashes()) === JSON.stringify(straight.hashes());
    }),
  );
  const levels = rangeOf(leavesOf(8), 2 ** 32 - 3)
    .hashes()
    .map(({ level }) => level);
  t.strictSame(levels, [0, 1, 2, 0], "subtrees are aligned to the leaf index");
});

t.test("100 000 leaves need no more hashes than bits", async (t) => {
  const range = new CompactRange(3);
  const leaf = hashOf();
  for (let index = 0; index < 100_000; index++) range.append(leaf);
  t.ok(range.hashes().length <= 2 * Math.ceil(Math.log2(100_000)));
});

t.test("a gap, a root in the middle and hashes that do not cover the range are refused", async (t) => {
  const broken = { code: "INTERNAL" };
  const leaf = hashOf();
  t.throws(() => rangeOf([leaf]).merge(rangeOf([leaf], 2)), broken);
  t.throws(() => rangeOf([leaf], 1).root(), broken);
  t.throws(() => new CompactRange(-1), broken);
  t.throws(() => new CompactRange(0.5), broken);
  t.throws(() => CompactRange.from(0, 2, [{ level: 0, hash: leaf }]), broken);
  t.throws(() => CompactRange.from(1, 3, [{ level: 1, hash: leaf }]), broken, "not aligned");
  t.throws(() => CompactRange.from(0, 1, [{ level: 0, hash: leaf.subarray(1) }]), broken);
  t.throws(() => CompactRange.from(0, 1, [{ level: -1, hash: leaf }]), broken);
  t.throws(() => rangeOf([leaf], 2 ** 53 - 1), broken);
});
