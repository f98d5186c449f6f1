import { hash } from "node:crypto";
import fc from "fast-check";
import t from "tap";
import { createLanes } from "../../tools/migration/integrity/lanes/lanes.ts";

const LEAF_BYTES = 122;
const DIGEST_BYTES = 32;
const MESSAGES = 16;
const TO = 4096;

const lanes = createLanes(2 * TO);
const memory = Buffer.from(lanes.memory, lanes.free);

function digests(count: number): string[] {
  return Array.from({ length: count }, (_, at) =>
    Buffer.from(memory.subarray(TO + DIGEST_BYTES * at, TO + DIGEST_BYTES * (at + 1)))
      .swap32()
      .toString("hex"),
  );
}

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const groups = fc.integer({ min: 1, max: MESSAGES / 4 });

t.test("four leaves at a time have the digests that crypto gives them, whatever comes behind", async () => {
  await fc.assert(
    fc.property(groups, fc.nat(20), bytes(MESSAGES * LEAF_BYTES + 64), (count, at, content) => {
      memory.set(content, at);
      lanes.leaves(lanes.free + at, lanes.free + TO, count);
      const expected = Array.from({ length: 4 * count }, (_, leaf) =>
        hash("sha256", memory.subarray(at + leaf * LEAF_BYTES, at + (leaf + 1) * LEAF_BYTES), "hex"),
      );
      return digests(4 * count).join() === expected.join();
    }),
    { numRuns: 300 },
  );
});

t.test("four nodes at a time have the digests that crypto gives them, also in place", async () => {
  await fc.assert(
    fc.property(groups, fc.boolean(), bytes(2 * MESSAGES * DIGEST_BYTES), (count, inPlace, children) => {
      const from = inPlace ? TO : 0;
      memory.set(Buffer.from(children).swap32(), from);
      lanes.nodes(lanes.free + from, lanes.free + TO, count);
      const expected = Array.from({ length: 4 * count }, (_, node) =>
        hash("sha256", Buffer.concat([Buffer.of(1), children.subarray(64 * node, 64 * (node + 1))]), "hex"),
      );
      return digests(4 * count).join() === expected.join();
    }),
    { numRuns: 300 },
  );
});

t.test(
  "messages of every length up to 700 bytes have the digests that crypto gives them, whatever comes behind",
  async (t) => {
    const [room, list, to] = [createLanes(65_536), 64, 1024];
    const all = Buffer.from(room.memory, room.free);
    const entries = new Int32Array(room.memory, room.free + list, 12);
    const lengths = Array.from({ length: 701 }, (_, length) => length);
    for (const [blocks, own] of group(lengths)) {
      for (let at = 0; at < own.length; at += 1) {
        // Four lengths of equally many blocks, each message behind the other.
        const four = [0, 1, 2, 3].map((lane) => own[(at + 17 * lane) % own.length] ?? 0);
        all.subarray(2048).fill(at + 1);
        let from = 2048 + (at % 16);
        four.forEach((length, lane) => {
          for (let byte = 0; byte < length; byte += 1) all[from + byte] = (7 * byte + 31 * lane + at) & 0xff;
          entries.set([room.free + from, length, room.free + to + 32 * (3 - lane)], 3 * lane);
          from += length + 1;
        });
        room.lines(room.free + list, 1, blocks);
        four.forEach((length, lane) => {
          const begin = (entries[3 * lane] ?? 0) - room.free;
          const digest = all.toString("hex", to + 32 * (3 - lane), to + 32 * (4 - lane));
          if (digest !== hash("sha256", all.subarray(begin, begin + length), "hex")) t.fail(`${length} bytes`);
        });
      }
    }
  },
);

function group(lengths: readonly number[]): ReadonlyMap<number, readonly number[]> {
  const groups = new Map<number, number[]>();
  for (const length of lengths) {
    const blocks = Math.ceil((length + 9) / 64);
    groups.set(blocks, [...(groups.get(blocks) ?? []), length]);
  }
  return groups;
}

t.test("digests differ from the hex digits in lines where any digit is another", (t) => {
  const [texts, count] = [512, 3];
  const digests = Buffer.from(hash("sha512", "any", "hex") + hash("sha256", "more", "hex"), "hex");
  memory.set(digests, 0);
  for (let line = 0; line < count; line += 1) {
    memory.write(digests.toString("hex", 32 * line, 32 * line + 32), texts + LEAF_BYTES * line, "latin1");
  }
  const differ = (lines: number): number => lanes.differ(lanes.free, lanes.free + texts, lines);
  t.equal(differ(count), 0);
  for (let line = 0; line < count; line += 1) {
    for (let digit = 0; digit < 64; digit += 1) {
      const at = texts + LEAF_BYTES * line + digit;
      const was = memory[at] ?? 0;
      for (const bit of [1, 16, 32, 128]) {
        memory[at] = was ^ bit;
        if (differ(count) !== 1) t.fail(`digit ${digit} of line ${line}, bit ${bit}`);
        if (line > 0 && differ(line) !== 0) t.fail("lines behind the last count");
      }
      memory[at] = was;
    }
    memory[texts + LEAF_BYTES * line + 64] = 0xff;
  }
  t.equal(differ(count), 0, "what is between the digests does not count");
  t.end();
});
