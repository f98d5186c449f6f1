import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import t from "tap";
import { compareUtf8 } from "../../tools/migration/integrity/order.ts";
import { SortedTexts } from "../../tools/migration/stores/sorted-texts.ts";

t.test("texts come back in the order of their bytes, however little memory there is", async (t) => {
  const dir = t.testdir();
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" })), fc.constantFrom(1, 2000, 1e6), (texts, memoryBytes) => {
      const sorted = new SortedTexts(join(dir, "reports"), { memoryBytes });
      for (const text of texts) sorted.add(text);
      t.equal(sorted.count, texts.length);
      t.strictSame([...sorted.drain()], [...texts].sort(compareUtf8));
      sorted.close();
    }),
    { numRuns: 40 },
  );
  t.strictSame(existsSync(join(dir, "reports")) ? readdirSync(join(dir, "reports")) : [], [], "nothing is left");
});

t.test("little that is sorted makes no folder, and what a dead process left is removed", async (t) => {
  const dir = t.testdir();
  mkdirSync(join(dir, ".sort-4194999"));
  const sorted = new SortedTexts(dir);
  sorted.add("a");
  t.strictSame([...sorted.drain()], ["a"]);
  t.strictSame(readdirSync(dir), []);
  sorted.close();
});
