import { join } from "node:path";
import t from "tap";
import { DIGEST_FAULTS } from "../fixtures/faults/digest-faults.ts";
import { ENTITY_FAULTS } from "../fixtures/faults/entity-faults.ts";
import { LAYOUT_FAULTS } from "../fixtures/faults/layout-faults.ts";
import { LINE_FAULTS } from "../fixtures/faults/line-faults.ts";
import { REGISTRY_FAULTS } from "../fixtures/faults/registry-faults.ts";
import { CUT, SEQUENTIAL, saidBy, type TwoWayCommand, threads, watched } from "../helpers/both-ways.ts";
import { copyShop, makeMigratedShop } from "../helpers/shop.ts";

const FAULTS = [...REGISTRY_FAULTS, ...LAYOUT_FAULTS, ...LINE_FAULTS, ...DIGEST_FAULTS, ...ENTITY_FAULTS];
const COMMANDS: readonly TwoWayCommand[] = ["scan-all", "verify-checksums"];

const sound = join(t.testdir(), "shop");
await makeMigratedShop(sound);

t.test("a sound candidate is sound both ways", async (t) => {
  for (const command of COMMANDS) {
    const expected = await saidBy(sound, command, SEQUENTIAL);
    t.equal(expected.summary?.totalBlockers, 0);
    for (const way of [{}, CUT, threads(1), threads(2)]) {
      t.strictSame(await watched(sound, command, way), { said: expected, isFast: true });
    }
  }
});

for (const fault of FAULTS) {
  t.test(`${fault.code}: ${fault.name}: is said the same both ways`, async (t) => {
    const root = join(t.testdir(), "shop");
    copyShop(sound, root);
    await fault.damage(root);
    for (const command of COMMANDS) {
      const expected = await saidBy(root, command, SEQUENTIAL);
      t.strictSame(await saidBy(root, command, CUT), expected, `${command}, matchers compiled`);
      // Small data are scanned without a matcher, which verify-checksums never has.
      if (command === "scan-all") t.strictSame(await saidBy(root, command, {}), expected, "as a user runs it");
    }
  });
}
