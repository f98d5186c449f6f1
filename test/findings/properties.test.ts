import { rmSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import t from "tap";
import { migrate } from "../../tools/migration/operations/migrate.ts";
import { treeOf } from "../helpers/cli-project.ts";
import { anyMutation, mutate } from "../helpers/mutation.ts";
import { contextOf, runOperation, type VerdictCommand } from "../helpers/operations.ts";
import { candidateOf, copyShop, makeMigratedShop, makeShop, writeRecords } from "../helpers/shop.ts";
import { anyShopRecords, shuffled } from "../helpers/shop-arbitrary.ts";
import { candidateIsSound } from "../helpers/sound.ts";

const withShuffled = anyShopRecords.chain((records) => fc.tuple(fc.constant(records), shuffled(records)));

t.test("any valid records make a sound candidate, the same in any order", async (t) => {
  const dir = t.testdir();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(withShuffled, async ([records, others]) => {
      const [first, second] = [join(dir, `${run}-first`), join(dir, `${run}-second`)];
      run += 1;
      await makeShop(first, records);
      copyShop(first, second);
      writeRecords(second, others);
      for (const root of [first, second]) {
        const { summary } = await migrate(contextOf(root), { runId: "run-test", failAfterModule: undefined });
        t.strictSame(summary.byCode, {}, "nothing is found in valid records");
        t.equal(summary.modules["order-lines"]?.size, records.order_lines.length);
      }
      await candidateIsSound(t, first);
      t.strictSame(treeOf(candidateOf(second)), treeOf(candidateOf(first)), "the order of the source is not seen");
    }),
    { numRuns: 4 },
  );
});

const SCANS: readonly (readonly [VerdictCommand, number])[] = [
  ["scan-all", 40],
  ["verify-checksums", 100],
];

for (const [command, numRuns] of SCANS) {
  t.test(`${command} sees any change of any file`, async (t) => {
    const dir = t.testdir();
    const [sound, root] = [join(dir, "sound"), join(dir, "damaged")];
    await makeMigratedShop(sound);
    await fc.assert(
      fc.asyncProperty(anyMutation, async (mutation) => {
        rmSync(root, { recursive: true, force: true });
        copyShop(sound, root);
        const counts = mutate(candidateOf(root), mutation);
        const { summary } = await runOperation(root, command);
        const isClean = summary.totalBlockers === 0 && summary.unverified.length === 0;
        return isClean === !counts;
      }),
      { numRuns },
    );
  });
}
