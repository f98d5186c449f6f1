import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import t, { type Test } from "tap";
import type { Finding } from "../../tools/migration/model/finding.ts";
import { init } from "../../tools/migration/operations/init.ts";
import { freezeRegistries } from "../../tools/migration/operations/registry-freeze.ts";
import { chinookSqlite, noChinook } from "../helpers/chinook.ts";
import { candor, readJson, treeOf } from "../helpers/cli-project.ts";
import { goesThrough } from "../helpers/newcomer.ts";
import { contextOf, runOperation } from "../helpers/operations.ts";
import { candidateIsSound } from "../helpers/sound.ts";

/** A folder with a database of these statements. */
function databaseOf(t: Test, sql: string): string {
  const root = t.testdir();
  const db = new Database(join(root, "shop.db"));
  db.exec(sql);
  db.close();
  return root;
}

/** What a dry run finds right after `init`. */
async function dryRunOf(root: string): Promise<readonly Finding[]> {
  await freezeRegistries(contextOf(root), [], { acceptChanged: false });
  return (await runOperation(root, "dry-run")).findings;
}

/** The way of a newcomer, command by command. */
async function goesThroughByCommands(t: Test, root: string): Promise<void> {
  for (const command of [["registry", "freeze"], ["dry-run"], ["migrate"]]) {
    const ran = candor(root, command.concat(command[0] === "registry" ? [] : ["--fail-on", "warning"]));
    t.equal(ran.code, 0, command.join(" "), { stdout: ran.stdout, stderr: ran.stderr });
  }
  t.equal(candor(root, ["verify-source"]).code, 0, "verify-source");
  await candidateIsSound(t, root);
}

t.test(
  "a public sample database becomes a green scan without editing a file",
  {
    skip: noChinook,
  },
  async (t) => {
    const root = t.testdir();
    chinookSqlite(root, "shop.db");
    const ran = candor(root, ["init", "--from", "sqlite:shop.db"]);
    t.equal(ran.code, 0, ran.stderr);
    t.match(ran.stdout, /^init: 11 modules from sqlite:shop\.db\n/);
    t.notMatch(ran.stdout, /left out|look at/);
    await goesThroughByCommands(t, root);
    const fields = (module: string): object => readJson(root, `modules/${module}/module.json`).fields;
    t.match(fields("employee"), { reportsTo: { ref: "employee" }, hireDate: { type: "timestamp" } });
    t.strictSame(readJson(root, "modules/playlist-track/module.json").legacyKey, ["PlaylistId", "TrackId"]);
    t.match(fields("invoice"), { total: { type: "decimal(10,2)" }, customerId: { ref: "customer" } });
    const customer = readJson(root, "modules/customer/schema.json").properties;
    t.match(customer.email, { pii: 2, residency: "local", $comment: /guess/ });
    t.match(customer.supportRepId, { ref: "employee", pii: 1 });
    const invoice = readFileSync(join(root, "storage_candidate/v1/invoice/data.jsonl"), "utf8");
    t.match(invoice, /"invoiceDate":"2021-01-01T00:00:00".*"total":"1\.98"/);
  },
);

const NASTY = `
PRAGMA foreign_keys = OFF;
CREATE TABLE "Größe & Maß" ("Größen Nr." INTEGER PRIMARY KEY, "select" TEXT, "a ""quoted"" name" TEXT);
INSERT INTO "Größe & Maß" VALUES (1, 'S', 'x'), (2, 'M', NULL);
CREATE TABLE "order" (id INTEGER PRIMARY KEY, "from" INTEGER REFERENCES "größe & maß", schema_version INT, "__proto__" TEXT, "Id " TEXT);
INSERT INTO "order" VALUES (1, 2, 7, 'p', 'i'), (9007199254740993, 1, NULL, NULL, NULL);
CREATE TABLE Order_Line (order_no INT NOT NULL, line_no INT NOT NULL, twice INT AS (line_no * 2) STORED, price DECIMAL(10,2), PRIMARY KEY (order_no, line_no)) WITHOUT ROWID;
INSERT INTO Order_Line VALUES (1, 1, 9.9), (1, 2, 10), (2, 1, NULL);
CREATE TABLE "order line" (k TEXT PRIMARY KEY COLLATE NOCASE, b INT, a INT, FOREIGN KEY (b, a) REFERENCES Order_Line (line_no, order_no));
INSERT INTO "order line" VALUES ('Ä', 2, 1), ('b', NULL, 1), ('C', 1, 2);
CREATE TABLE chicken (id INTEGER PRIMARY KEY, egg INT REFERENCES egg (id));
CREATE TABLE egg (id INTEGER PRIMARY KEY, chicken INT REFERENCES chicken (id), mother INT REFERENCES egg);
INSERT INTO chicken VALUES (1, 1), (2, NULL);
INSERT INTO egg VALUES (1, 1, NULL), (2, 2, 1);
CREATE TABLE files (name TEXT PRIMARY KEY, body BLOB, mixed BLOB, anything);
INSERT INTO files VALUES ('a', x'00ff', 'text', 1), ('b', zeroblob(3), 'more', 'two'), ('c', NULL, NULL, 2.5);
CREATE TABLE wrong (id INTEGER PRIMARY KEY, age INTEGER, born DATE, seen DATETIME, flag BOOLEAN, price DECIMAL(4,1), big BIGINT, score REAL);
INSERT INTO wrong VALUES (1, 'about ten', '2020-02-30', 1700000000, 'maybe', 123.45, 9007199254740993, 0.1), (2, 11, '2020-02-29', 1700000001, 1, 1, 5, 3);
CREATE TABLE empty (id INTEGER PRIMARY KEY, note TEXT);
CREATE TABLE checksums (id INTEGER PRIMARY KEY, mail TEXT);
INSERT INTO checksums VALUES (1, 'ana@example.org');
CREATE TABLE hidden (id INTEGER PRIMARY KEY, x TEXT);
INSERT INTO hidden VALUES (1, 'write to ana@example.org');
CREATE TABLE keyed (code TEXT NOT NULL UNIQUE, other TEXT UNIQUE, label TEXT);
INSERT INTO keyed VALUES ('k', 'o', 'l');
CREATE TABLE by_other (id INTEGER PRIMARY KEY, other TEXT REFERENCES keyed (other), nowhere INT REFERENCES no_key, code TEXT REFERENCES keyed (code));
INSERT INTO by_other VALUES (1, 'o', 5, 'k');
CREATE TABLE no_key (a INT, b TEXT);
INSERT INTO no_key VALUES (1, 'x'), (1, 'x');
CREATE TABLE real_key (r REAL PRIMARY KEY, b TEXT);
INSERT INTO real_key VALUES (1.5, 'x');
CREATE TABLE null_key (k TEXT PRIMARY KEY, b TEXT);
INSERT INTO null_key VALUES (NULL, 'x');
CREATE VIEW totals AS SELECT count(*) AS n FROM "order";
`;

t.test("a database with everything that a database can have becomes a green scan", async (t) => {
  const root = databaseOf(t, NASTY);
  const ran = candor(root, ["init", "--from", "sqlite:shop.db", "--json"]);
  t.equal(ran.code, 0, ran.stderr);
  const result = JSON.parse(ran.stdout);
  t.strictSame(
    result.leftOut.map(({ name, why }: { name: string; why: string }) => [name, why.split(" ").slice(0, 4).join(" ")]),
    [
      ["no_key", "it has no primary"],
      ["null_key", "a record has a"],
      ["real_key", "a record has a"],
      ["totals", "a view has no"],
    ],
  );
  await goesThrough(t, root);
  await candidateIsSound(t, root);
  const module = (name: string): Record<string, unknown> => readJson(root, `modules/${name}/module.json`);
  const rule = (name: string, field: string): unknown => Reflect.get(Object(module(name)["fields"]), field);
  t.same(
    rule("order", "from"),
    { from: "from", ref: "groesse-mass" },
    "a reference in other letter case, to a key that is not named",
  );
  t.same(rule("order", "legacyId"), { from: "id", type: "bigint" });
  t.same(rule("order", "legacyId2"), { from: "Id ", type: "string" });
  t.same(rule("order-line-2", "orderLineRef"), { ref: "order-line", parts: ["a", "b"] }, "in the order of the key");
  t.same(rule("egg", "mother"), { from: "mother", ref: "egg" });
  t.same(rule("files", "body"), { from: "body", type: "bytes" });
  t.same(rule("files", "mixed"), { from: "mixed", type: "string" });
  t.same(rule("wrong", "age"), { from: "age", type: "string" });
  t.same(rule("wrong", "seen"), { from: "seen", type: "integer" });
  t.same(rule("wrong", "price"), { from: "price", type: "decimal" });
  t.same(module("keyed")["legacyKey"], "code", "a unique key stands in for a primary key");
  t.same(rule("by-other", "code"), { from: "code", ref: "keyed" });
  t.same(rule("by-other", "other"), { from: "other", type: "string" }, "a reference by another key is a plain value");
  t.equal(module("empty")["allowEmpty"], true);
  t.equal(readJson(root, "modules/hidden/schema.json").properties.x.pii, 2, "a mail address in the values is seen");
  const notes: string[] = result.notes;
  for (const word of [
    "wrong.age",
    "wrong.born",
    "wrong.flag",
    "by_other (other)",
    "by_other (nowhere)",
    "files.mixed",
  ]) {
    t.ok(
      notes.some((note) => note.startsWith(word)),
      word,
      { notes },
    );
  }
  const lines = readFileSync(join(root, "storage_candidate/v1/order-line-2/data.jsonl"), "utf8").split("\n");
  t.equal(lines.filter((line) => line.includes("orderLineRef")).length, 2, "a key with a NULL in it refers to nothing");
});

t.test("values that no type carries are named by the dry run, not lost", async (t) => {
  const root = databaseOf(
    t,
    "CREATE TABLE f (id INTEGER PRIMARY KEY, v); INSERT INTO f VALUES (1, x'00'), (2, 'text')",
  );
  const ran = candor(root, ["init", "--from", "sqlite:shop.db"]);
  t.match(ran.stdout, /^look at f\.v holds values that no one type carries/m);
  t.match(await dryRunOf(root), [{ code: "SOURCE_VALUE_INVALID", field: "v", legacyId: "1" }]);
});

t.test("a reference by several columns to a key that no registry holds is found", async (t) => {
  const root = databaseOf(
    t,
    `CREATE TABLE p (a INT, b INT, PRIMARY KEY (a, b)); INSERT INTO p VALUES (1, 1);
     CREATE TABLE c (id INTEGER PRIMARY KEY, a INT, b INT, FOREIGN KEY (a, b) REFERENCES p); 
     PRAGMA foreign_keys = OFF; INSERT INTO c VALUES (1, 1, 1), (2, 1, 2)`,
  );
  await init(contextOf(root), { from: "sqlite:shop.db", workingDirectory: root });
  t.match(await dryRunOf(root), [{ code: "REFERENCE_UNMAPPED", module: "c", legacyId: "2", field: "a, b" }]);
});

t.test("nothing is ever written over, and what fails half way leaves nothing", async (t) => {
  const root = databaseOf(t, "CREATE TABLE shop (id INTEGER PRIMARY KEY); INSERT INTO shop VALUES (1)");
  mkdirSync(join(root, "modules/shop"), { recursive: true });
  writeFileSync(join(root, "modules/shop/schema.json"), "mine");
  const before = treeOf(root);
  const ran = candor(root, ["init", "--from", "sqlite:shop.db"]);
  t.equal(ran.code, 2);
  t.match(ran.stderr, /error PROJECT_EXISTS: .*\n {2}- modules\/shop\/schema\.json/);
  t.strictSame(treeOf(root), before);
  const other = join(root, "other");
  mkdirSync(join(other, "migration/mapping"), { recursive: true });
  writeFileSync(join(other, "migration/mapping/shop.jsonl"), "");
  t.equal(candor(root, ["init", "--from", "sqlite:shop.db", "--root", "other"]).code, 2);
  t.strictSame(readdirSync(other), ["migration"]);
});

t.test("the project may lie elsewhere than the database", async (t) => {
  const root = databaseOf(t, "CREATE TABLE shop (id INTEGER PRIMARY KEY); INSERT INTO shop VALUES (1)");
  t.equal(candor(root, ["init", "--from", "sqlite:shop.db", "--root", "new/project"]).code, 0);
  t.equal(readJson(root, "new/project/migration/migration.json").source.path, "../../shop.db");
  await goesThrough(t, join(root, "new/project"));
  await candidateIsSound(t, join(root, "new/project"));
});

t.test("what is no source is refused with a word", async (t) => {
  const root = databaseOf(t, "CREATE TABLE a (b)");
  for (const [from, text] of [
    ["shop.db", /USAGE: --from takes sqlite:FILE/],
    ["sqlite:nothing.db", /SOURCE_INVALID: The source nothing\.db does not exist\.\n.*`--from sqlite:nothing\.db`/],
    ["sqlite:shop.db", /SOURCE_INVALID: There is nothing in sqlite:shop\.db.*\n {2}- a: it has no primary key/],
    ["postgres://ana:secret@127.0.0.1/x", /USAGE: --from holds a password/],
    ["csv:missing", /SOURCE_INVALID: The source missing does not exist\.\n.*`--from csv:missing`/],
    ["csv:shop.db", /SOURCE_INVALID: The source shop\.db is not a folder/],
  ] as const) {
    const ran = candor(root, ["init", "--from", from]);
    t.equal(ran.code, 2, from);
    t.match(ran.stderr, text);
    t.notMatch(ran.stderr + ran.stdout, "secret");
    t.notOk(existsSync(join(root, "migration")));
  }
});

t.test("a folder of JSON Lines becomes a green scan, its keys guessed", async (t) => {
  const root = t.testdir();
  mkdirSync(join(root, "data"));
  const people = [1, 2, 3].map((n) => ({
    age: 30,
    id: n,
    name: `P${n}`,
    since: "2020-01-01",
    ...(n > 1 ? { vip: true } : {}),
  }));
  const dogs = [1, 2].map((n) => ({ chip: `C-${n}`, weight: n + 0.5, tags: ["a"], owner: null }));
  writeFileSync(join(root, "data/people.jsonl"), people.map((one) => `${JSON.stringify(one)}\n`).join(""));
  writeFileSync(join(root, "data/dogs.jsonl"), dogs.map((one) => `${JSON.stringify(one)}\n`).join(""));
  writeFileSync(join(root, "data/none.jsonl"), "");
  const ran = candor(root, ["init", "--from", "jsonl:data"]);
  t.equal(ran.code, 0, ran.stderr);
  t.match(ran.stdout, /^left out none: it has no records/m);
  await goesThrough(t, root);
  await candidateIsSound(t, root);
  t.equal(readJson(root, "modules/people/module.json").legacyKey, "id");
  t.equal(readJson(root, "modules/dogs/module.json").legacyKey, "chip");
  const { required, properties } = readJson(root, "modules/people/schema.json");
  t.strictSame(required, ["id", "age", "legacyId", "name", "since", "schemaVersion"]);
  t.match(properties, { vip: { type: "boolean" }, since: { format: "date" } });
});

t.test("folders of CSV and JSON become a green scan, types taken from the values", async (t) => {
  const root = t.testdir({ csv: {}, json: {}, data: {} });
  writeFileSync(
    join(root, "data/people.csv"),
    'id,name,price,since,code\n1,"Ä, b",1.50,2020-01-01,007\n2,,2,2021-02-03,08\n',
  );
  writeFileSync(join(root, "data/things.json"), '[{"no":1,"a":true},{"no":2,"a":false}]');
  for (const kind of ["csv", "json"]) {
    const ran = candor(root, ["init", "--from", `${kind}:data`, "--root", kind]);
    t.equal(ran.code, 0, ran.stderr);
    await goesThrough(t, join(root, kind));
    await candidateIsSound(t, join(root, kind));
  }
  const people = readFileSync(join(root, "csv/storage_candidate/v1/people/data.jsonl"), "utf8");
  t.match(people, '"code":"007"', "a code with zeros before it is no number");
  t.match(people, '"legacyId":1,"name":"Ä, b","price":"1.50","schemaVersion":1,"since":"2020-01-01"');
});
