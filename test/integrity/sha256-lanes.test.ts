import { hash } from "node:crypto";
import fc from "fast-check";
import t from "tap";
import { createLanes } from "../../tools/migration/integrity/lanes/sha256-lanes.ts";

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
