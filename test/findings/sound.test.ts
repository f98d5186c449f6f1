import { join } from "node:path";
import t from "tap";
import { treeOf } from "../helpers/cli-project.ts";
import { rehash } from "../helpers/rehash.ts";
import { candidateOf, copyShop, makeMigratedShop } from "../helpers/shop.ts";
import { candidateIsSound } from "../helpers/sound.ts";

t.test("a second hasher, written from the formats alone, makes the same bytes", async (t) => {
  const dir = t.testdir();
  const [first, second] = [join(dir, "first"), join(dir, "second")];
  await makeMigratedShop(first);
  copyShop(first, second);
  rehash(candidateOf(second));
  t.strictSame(treeOf(candidateOf(second)), treeOf(candidateOf(first)));
  await candidateIsSound(t, first);
});
