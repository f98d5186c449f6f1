import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { migrate } from "../../tools/migration/operations/migrate.ts";
import { contextOf } from "../helpers/operations.ts";
import { candidateOf, makeShop } from "../helpers/shop.ts";

t.test("a waiver cannot bring two entities with one id into a candidate", async (t) => {
  const root = t.testdir();
  await makeShop(root);
  const file = join(root, "migration/mapping/products.json");
  const entries = JSON.parse(readFileSync(file, "utf8"));
  entries[2].targetUuid = entries[0].targetUuid;
  writeFileSync(file, JSON.stringify(entries));
  const codes = ["REGISTRY_UUID_DUPLICATE", "REGISTRY_CHANGED"];
  const waivers = codes.map((code) => ({ code, owner: "rosa", reason: "a trial", expires: "2099-12-31" }));
  writeFileSync(join(root, "migration/waivers.json"), JSON.stringify(waivers));
  const { summary } = await migrate(contextOf(root), { runId: "run-test", failAfterModule: undefined });
  t.equal(summary.totalBlockers, 2);
  t.match(summary.byCode, { REGISTRY_UUID_DUPLICATE: 1, REGISTRY_CHANGED: 1 });
  t.notOk(existsSync(candidateOf(root)), "nothing is published");
});
