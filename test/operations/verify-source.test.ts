import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import t, { type Test } from "tap";
import { MigrationError } from "../../tools/migration/model/errors.ts";
import { migrate } from "../../tools/migration/operations/migrate.ts";
import { freezeRegistries } from "../../tools/migration/operations/registry-freeze.ts";
import { generateRegistries } from "../../tools/migration/operations/registry-write.ts";
import { CUT, SEQUENTIAL, saidBy, threads, watched } from "../helpers/both-ways.ts";
import { candor, findingsOf } from "../helpers/cli-project.ts";
import { editJson } from "../helpers/edit-json.ts";
import { exportShopToJsonl, exportShopToSqlite } from "../helpers/export-shop.ts";
import { flipHex } from "../helpers/fault.ts";
import { contextOf, runOperation } from "../helpers/operations.ts";
import { candidateOf, copyShop, editRecords, makeMigratedShop, makeShop } from "../helpers/shop.ts";
import { candidateIsSound } from "../helpers/sound.ts";

const FORMS = { jsonl: exportShopToJsonl, sqlite: exportShopToSqlite };
const WAYS = { cut: CUT, "one thread": threads(1), "two threads": threads(2), "as a user": {} };

/** A shop with a candidate, whose source is of this form. */
async function shopOf(t: Test, form: keyof typeof FORMS): Promise<string> {
  const root = join(t.testdir(), "shop");
  await makeShop(root);
  FORMS[form](root);
  await migrate(contextOf(root), { runId: "run-test", failAfterModule: undefined });
  return root;
}

for (const form of ["jsonl", "sqlite"] as const) {
  t.test(`a ${form} source that nobody wrote to is as the candidate has it`, async (t) => {
    const root = await shopOf(t, form);
    for (const [name, way] of Object.entries(WAYS)) {
      const { said, isFast } = await watched(root, "verify-source", way);
      t.equal(said.summary?.totalBlockers, 0, name);
      t.equal(said.summary?.totalWarnings, 0, name);
      t.ok(isFast, `${name}: on the fast path`);
    }
    const alone = await saidBy(root, "verify-source", SEQUENTIAL);
    t.strictSame(await saidBy(root, "verify-source", CUT), alone, "both ways say the same");
    await candidateIsSound(t, root);
  });
}

t.test("what changed, appeared and vanished in a table is named, however the work is shared out", async (t) => {
  const root = await shopOf(t, "sqlite");
  const db = new Database(join(root, "data/shop.db"));
  db.exec(`UPDATE products SET title = 'Other' WHERE sku = 'P-002'`);
  db.exec(`CREATE TEMP TABLE one AS SELECT * FROM order_lines WHERE order_no = 'O-0001' AND line_no = 1`);
  db.exec(`UPDATE one SET line_no = 77; INSERT INTO order_lines SELECT * FROM one`);
  db.exec(`DELETE FROM customers WHERE rowid = 2`);
  db.close();
  const expected = await saidBy(root, "verify-source", SEQUENTIAL);
  t.strictSame(expected.summary?.byCode, { SOURCE_CHANGED: 1, SOURCE_APPEARED: 1, SOURCE_VANISHED: 1 });
  for (const [name, way] of Object.entries(WAYS)) {
    t.strictSame(await saidBy(root, "verify-source", way), expected, name);
  }
  const ran = candor(root, ["verify-source"]);
  t.equal(ran.code, 16);
  t.match(ran.stdout, /^BLOCKER SOURCE_CHANGED products "P-002" [0-9a-f-]{36} field title: /m);
  t.match(ran.stdout, /^BLOCKER SOURCE_APPEARED order-lines "\[\\"O-0001\\",77\]"/m);
  t.match(ran.stdout, /^BLOCKER SOURCE_VANISHED customers "\d+" [0-9a-f-]{36}/m);
  t.notMatch(readFileSync(join(root, "storage_reports/latest-verify-source/findings.jsonl"), "utf8"), "Other");
});

t.test("a record whose entry was added to the registry since the build has appeared too", async (t) => {
  const root = join(t.testdir(), "shop");
  await makeMigratedShop(root);
  editRecords(root, (db) => db.order_lines.push({ ...db.order_lines[0], line_no: 9 }));
  await generateRegistries(contextOf(root), []);
  const grown = await runOperation(root, "verify-source");
  t.strictSame(grown.summary.byCode, { INPUT_DRIFT: 1, SOURCE_APPEARED: 1 });
  await freezeRegistries(contextOf(root), [], { acceptChanged: false });
  const frozen = await runOperation(root, "verify-source");
  t.strictSame(frozen.summary.byCode, { INPUT_DRIFT: 1, SOURCE_APPEARED: 1 });
  t.match(frozen.findings, [{ code: "INPUT_DRIFT" }, { legacyId: '["O-0001",9]', module: "order-lines" }]);
});

t.test("a record with a field that nobody maps has changed, although its entity is the same", async (t) => {
  const root = await shopOf(t, "sqlite");
  const db = new Database(join(root, "data/shop.db"));
  db.exec("ALTER TABLE products ADD COLUMN colour");
  db.close();
  const { summary, findings } = await runOperation(root, "verify-source");
  t.equal(summary.totalBlockers, summary.modules["products"]?.size);
  t.ok(findings.every(({ code, rule }) => code === "SOURCE_CHANGED" && rule === "SOURCE_FIELD_UNKNOWN"));
});

t.test("an entity whose record and registry entry are both gone has vanished too", async (t) => {
  const root = join(t.testdir(), "shop");
  await makeMigratedShop(root);
  editRecords(root, (db) => db.order_lines.shift());
  const registry = join(root, "migration/mapping/order-lines.json");
  const entries: { legacyId: string; targetUuid: string }[] = JSON.parse(readFileSync(registry, "utf8"));
  writeFileSync(registry, JSON.stringify(entries.filter(({ legacyId }) => legacyId !== '["O-0001",1]')));
  const { findings } = await runOperation(root, "verify-source");
  t.strictSame(
    findings.filter(({ code }) => code !== "INPUT_DRIFT").map(({ code, id }) => [code, id]),
    [["SOURCE_VANISHED", entries.find(({ legacyId }) => legacyId === '["O-0001",1]')?.targetUuid]],
  );
});

t.test("a mapping that is not that of the candidate is told beside what it changes", async (t) => {
  const root = join(t.testdir(), "shop");
  await makeMigratedShop(root);
  editJson<{ fields: Record<string, object> }>(join(root, "modules/products/module.json"), ({ fields }) => {
    fields["version"] = { value: 1 };
  });
  const { summary, findings } = await runOperation(root, "verify-source");
  const size = summary.modules["products"]?.size ?? 0;
  t.strictSame(summary.byCode, { INPUT_DRIFT: 1, SOURCE_CHANGED: size });
  t.ok(findings.filter(({ code }) => code === "SOURCE_CHANGED").every(({ field }) => field === "version"));
});

t.test("a candidate that cannot be believed is no verdict", async (t) => {
  const dir = t.testdir();
  const sound = join(dir, "sound");
  await makeMigratedShop(sound);
  const ways: readonly (readonly [string, (root: string) => void])[] = [
    ["none", (root) => rmSync(candidateOf(root), { recursive: true })],
    ["a changed digest", (root) => flipHex(root, "orders/checksums/entities.jsonl", '"sha256":"')],
    ["a changed id", (root) => flipHex(root, "orders/checksums/entities.jsonl", '{"id":"')],
    ["an emptied chunk list", (root) => writeFileSync(join(candidateOf(root), "orders/checksums/chunks.jsonl"), "")],
  ];
  for (const [name, damage] of ways) {
    const root = join(dir, name);
    copyShop(sound, root);
    damage(root);
    const error = await runOperation(root, "verify-source").catch((one: unknown) => one);
    t.ok(error instanceof MigrationError && error.code === "UNVERIFIABLE", name, { error });
    t.equal(candor(root, ["verify-source"]).code, 17, name);
  }
});

t.test("a module that is gone from the configuration is not verified", async (t) => {
  const root = join(t.testdir(), "shop");
  await makeMigratedShop(root);
  editJson<{ modules: string[] }>(join(root, "migration/migration.json"), (file) => {
    file.modules = file.modules.filter((name) => name !== "order-lines");
  });
  const ran = candor(root, ["verify-source"]);
  t.equal(ran.code, 17);
  t.match(ran.stdout, /^NOT VERIFIED order-lines: /m);
  t.ok(findingsOf(root, "verify-source").every(({ code }) => code === "INPUT_DRIFT"));
});
