import { spawnSync } from "node:child_process";
import t from "tap";
import { rehash } from "../helpers/rehash.ts";
import { candidateOf, copyShop, makeMigratedShop } from "../helpers/shop.ts";
import { candidateIsSound } from "../helpers/sound.ts";

t.test("x", async (t) => {
  const dir = t.testdir();
  let s = performance.now();
  await makeMigratedShop(dir + "/a");
  console.error("make", performance.now() - s);
  s = performance.now();
  await candidateIsSound(t, dir + "/a");
  console.error("sound", performance.now() - s);
  s = performance.now();
  copyShop(dir + "/a", dir + "/b");
  console.error("copy", performance.now() - s);
  s = performance.now();
  rehash(candidateOf(dir + "/b"));
  console.error("rehash", performance.now() - s);
  s = performance.now();
  t.equal(spawnSync("diff", ["-r", dir + "/a/storage_candidate", dir + "/b/storage_candidate"]).status, 0);
  await candidateIsSound(t, dir + "/b");
});
