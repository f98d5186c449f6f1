import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import t from "tap";
import type { Context } from "../../tools/migration/operations/context.ts";
import { dryRun } from "../../tools/migration/operations/dry-run.ts";
import { migrate } from "../../tools/migration/operations/migrate.ts";
import { exportShopToJsonl, exportShopToSqlite } from "../helpers/export-shop.ts";
import { contextOf, runOperation } from "../helpers/operations.ts";
import { rejection } from "../helpers/read-source.ts";
import { candidateOf, makeMigratedShop, makeShop } from "../helpers/shop.ts";

const MIGRATE = { runId: "run-test", failAfterModule: undefined };

interface RunFile {
  readonly inputs: { readonly source: unknown };
  readonly modules: readonly { readonly name: string; readonly root: string; readonly read: number }[];
}

function runOf(candidate: string): RunFile {
  return JSON.parse(readFileSync(join(candidate, "checksums/run.json"), "utf8"));
}

t.test("the shop has the same module roots from a module, from SQLite and from JSON Lines", async (t) => {
  const roots = (run: RunFile): unknown => run.modules.map(({ name, root, read }) => ({ name, root, read }));
  const dir = t.testdir({ module: {}, sqlite: {}, jsonl: {} });
  const expected = roots(runOf(await makeMigratedShop(join(dir, "module"))));
  for (const [kind, exportShop] of Object.entries({ sqlite: exportShopToSqlite, jsonl: exportShopToJsonl })) {
    const root = join(dir, kind);
    await makeShop(root);
    exportShop(root);
    const outcome = await migrate(contextOf(root), MIGRATE);
    t.match(outcome.summary, { totalBlockers: 0 }, kind);
    const run = runOf(candidateOf(root));
    t.strictSame(roots(run), expected, kind);
    t.strictSame(run.inputs.source, { kind });
  }
});

t.test("a broken line and an unreadable text are findings that name their place, and nothing else", async (t) => {
  const dir = t.testdir({ sqlite: {}, jsonl: {} });
  const jsonl = join(dir, "jsonl");
  await makeShop(jsonl);
  exportShopToJsonl(jsonl);
  appendFileSync(join(jsonl, "data/products.jsonl"), '{"sku":"P-017","price":9007199254740993}\n{"sku":\n');
  const place = { module: "products", file: "data/products.jsonl" };
  t.match((await runOperation(jsonl, "dry-run")).findings, [
    { code: "SOURCE_VALUE_INVALID", ...place, line: 17, record: 17, field: "price" },
    { code: "SOURCE_LINE_INVALID", ...place, line: 18, record: 18 },
  ]);
  const sqlite = join(dir, "sqlite");
  await makeShop(sqlite);
  exportShopToSqlite(sqlite);
  const db = new Database(join(sqlite, "data/shop.db"));
  db.exec("UPDATE products SET title = CAST(x'41ff' AS TEXT) WHERE sku = 'P-003'");
  db.exec("UPDATE products SET description = x'00' WHERE sku = 'P-004'");
  db.exec("UPDATE products SET price = 9007199254740993 WHERE sku = 'P-006'");
  db.close();
  const { findings } = await runOperation(sqlite, "dry-run");
  t.match(findings, [
    { code: "SOURCE_VALUE_INVALID", legacyId: "P-003", field: "title", rule: "ENCODING" },
    { code: "SOURCE_VALUE_INVALID", legacyId: "P-004", field: "description", rule: "NOT_JSON", got: "bytes" },
    { code: "MAPPING_TYPE", legacyId: "P-006", field: "price", expected: "number", got: "bigint" },
  ]);
  t.equal(findings.length, 3);
});

t.test("a source that is written to during a run leaves no candidate and no verdict", async (t) => {
  const dir = t.testdir({ sqlite: {}, jsonl: {} });
  const writeJsonl = (root: string) => () => appendFileSync(join(root, "data/order_lines.jsonl"), "\n");
  const writeSqlite = (root: string) => {
    const db = new Database(join(root, "data/shop.db"));
    db.pragma("journal_mode = wal");
    t.teardown(() => db.close());
    const write = () => db.exec("UPDATE order_lines SET gift_note = coalesce(gift_note, '') || '!'");
    // A row that is written as it was is not written at all. The first commit makes the log: from then on the program has the database open in WAL mode.
    write();
    return write;
  };
  const kinds = [
    { root: join(dir, "jsonl"), exportShop: exportShopToJsonl, writer: writeJsonl },
    { root: join(dir, "sqlite"), exportShop: exportShopToSqlite, writer: writeSqlite },
  ];
  for (const { root, exportShop, writer } of kinds) {
    await makeShop(root);
    exportShop(root);
    const write = writer(root);
    // The first stage has begun: the source is open.
    const stage = (name: string): void => void (name === "read products" && write());
    const context: Context = { ...contextOf(root), progress: { stage, advance: () => {}, end: () => {} } };
    t.match(await rejection(() => migrate(context, MIGRATE)), { code: "SOURCE_READ", remedy: /Block writes/ });
    t.throws(() => runOf(candidateOf(root)), { code: "ENOENT" });
    t.match(await rejection(() => dryRun(context, { runId: "run-test" })), { code: "SOURCE_READ" });
  }
});
