import { hash } from "node:crypto";
import fc from "fast-check";
import t from "tap";
import { createLanes } from "../../tools/migration/integrity/lanes/lanes.ts";
import { digestRoom, LineDigests } from "../../tools/migration/ranges/line-digests.ts";

const MOST = 64;
const BLOCK_BYTES = 64 * 1024;
const room = digestRoom(MOST);
const lanes = createLanes(room + BLOCK_BYTES + 128);
const digests = new LineDigests(lanes, lanes.free, MOST);
const memory = Buffer.from(lanes.memory);
const inLanes = memory.subarray(lanes.free + room, lanes.free + room + BLOCK_BYTES);
const elsewhere = Buffer.alloc(BLOCK_BYTES);

/** The digests of the lines, as `LineDigests` makes them of a part of `block` that begins at `from`. */
function digestsIn(block: Buffer, from: number, lines: readonly Buffer[], most: number): string[] {
  let at = from;
  for (const line of lines) {
    at += line.copy(block, at);
    block[at] = 10;
    at += 1;
  }
  const count = digests.hash(block, from, at, most);
  return Array.from({ length: count }, (_, line) =>
    memory.toString("hex", digests.at + 32 * line, digests.at + 32 * (line + 1)),
  );
}

const byte = fc.integer({ min: 0, max: 255 }).map((value) => (value === 10 ? 11 : value));
const anyLine = fc.oneof(
  { weight: 6, arbitrary: fc.array(byte, { maxLength: 700, size: "max" }) },
  { weight: 1, arbitrary: fc.array(byte, { minLength: 2000, maxLength: 3000, size: "max" }) },
);
const anyLines = fc.array(
  anyLine.map((bytes) => Buffer.from(bytes)),
  { minLength: 1, maxLength: 12 },
);

t.test("lines of any length in any order have the digests that crypto gives them, wherever they lie", async () => {
  await fc.assert(
    fc.property(anyLines, fc.nat(40), fc.integer({ min: 1, max: MOST }), (lines, from, most) => {
      const expected = lines.slice(0, most).map((line) => hash("sha256", line, "hex"));
      return [inLanes, elsewhere].every((block) => digestsIn(block, from, lines, most).join() === expected.join());
    }),
    { numRuns: 200 },
  );
});

t.test("every length, and every bit of a line counts", (t) => {
  for (let length = 0; length <= 700; length += 1) {
    const lines = [0, 1, 2, 3, 4].map((line) => Buffer.alloc(length, 0x61 + line));
    const expected = lines.map((line) => hash("sha256", line, "hex"));
    t.strictSame(digestsIn(inLanes, length % 7, lines, MOST), expected, `${length} bytes`);
  }
  for (const length of [1, 55, 56, 63, 64, 119, 120, 430, 631, 632]) {
    const line = Buffer.alloc(length, 0x61);
    const [whole] = digestsIn(inLanes, 0, [line], MOST);
    for (let at = 0; at < length; at += 1) {
      const other = Buffer.from(line);
      other[at] = 0x61 ^ (1 << (at % 8));
      const [changed] = digestsIn(inLanes, 0, [other], MOST);
      if (changed === whole || changed !== hash("sha256", other, "hex")) t.fail(`byte ${at} of ${length}`);
    }
  }
  t.end();
});

t.test("a line whose digest ends with three zeros is told", (t) => {
  const cuts: string[] = [];
  for (let number = 0; number < 40_000; number += 1) {
    const text = `line ${number}`;
    const digest = hash("sha256", text, "hex");
    if (digest.endsWith("000")) cuts.push(text);
    else if (/(00|0.0)$/.test(digest) && cuts.length < 8) {
      digestsIn(inLanes, 0, [Buffer.from(text)], 1);
      if (digests.endsWithZeros(0)) t.fail(text);
    }
  }
  t.ok(cuts.length > 2);
  digestsIn(
    inLanes,
    0,
    ["a", ...cuts, "b"].map((text) => Buffer.from(text)),
    MOST,
  );
  t.equal(digests.endsWithZeros(0), false);
  for (let line = 1; line <= cuts.length; line += 1) t.equal(digests.endsWithZeros(line), true);
  t.end();
});
