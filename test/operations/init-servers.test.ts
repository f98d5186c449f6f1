import { join } from "node:path";
import t, { type Test } from "tap";
import { type InitResult, init } from "../../tools/migration/operations/init.ts";
import { chinookMysql, chinookPostgres, chinookSqlite, noChinook } from "../helpers/chinook.ts";
import { readJson, treeOf } from "../helpers/cli-project.ts";
import { goesThrough } from "../helpers/newcomer.ts";
import { contextOf, runOperation } from "../helpers/operations.ts";
import { mysqlDatabase, postgresDatabase, whyNot } from "../helpers/servers.ts";
import { candidateOf } from "../helpers/shop.ts";
import { candidateIsSound } from "../helpers/sound.ts";

const noPostgres = await whyNot("postgres");
const noMysql = await whyNot("mysql");

/** The way of a newcomer, without editing a file; gives what `init` said. */
async function startFrom(t: Test, root: string, from: string): Promise<InitResult> {
  const result = await init(contextOf(root), { from, workingDirectory: root });
  await goesThrough(t, root);
  return result;
}

/** Every byte of a candidate but of run.json, which tells of definitions that name the engine's own tables. */
function bytesOf(root: string): object {
  return treeOf(candidateOf(root), (path) => path === "checksums/run.json");
}

function rootsOf(root: string): unknown[] {
  const { modules } = readJson(root, "storage_candidate/v1/checksums/run.json");
  return modules.map(({ name, root: hash, size }: Record<string, unknown>) => [name, size, hash]);
}

t.test(
  "one sample database gives the same module roots from three engines, by init alone",
  {
    skip: noChinook || noPostgres || noMysql,
  },
  async (t) => {
    const dir = t.testdir({ sqlite: {}, postgres: {}, mysql: {} });
    chinookSqlite(join(dir, "sqlite"));
    const [postgres, mysql] = [await chinookPostgres(t), await chinookMysql(t)];
    const places = { sqlite: "sqlite:chinook.db", postgres: postgres.url, mysql: mysql.url };
    for (const [engine, from] of Object.entries(places)) {
      const { notes, leftOut } = await startFrom(t, join(dir, engine), from);
      t.strictSame([notes, leftOut], [[], []], engine);
    }
    await candidateIsSound(t, join(dir, "sqlite"));
    const expected = rootsOf(join(dir, "sqlite"));
    t.equal(expected.length, 11);
    for (const engine of ["postgres", "mysql"]) {
      t.strictSame(rootsOf(join(dir, engine)), expected);
      t.strictSame(bytesOf(join(dir, engine)), bytesOf(join(dir, "sqlite")), "the same bytes, and so as sound");
    }
    await postgres.session.run("Changing", "UPDATE track SET unit_price = 7.77 WHERE track_id = 3");
    await mysql.session.query("Changing", "UPDATE Track SET UnitPrice = 7.77 WHERE TrackId = 3");
    for (const engine of ["postgres", "mysql"]) {
      const { findings } = await runOperation(join(dir, engine), "verify-source");
      const changed = { code: "SOURCE_CHANGED", module: "track", legacyId: "3", field: "unitPrice" };
      t.match(findings, [changed], "a row that was changed after the build");
    }
  },
);

const POSTGRES = `
CREATE TYPE mood AS ENUM ('glad', 'so so');
CREATE TABLE "Größe & Maß" ("Größen Nr." INT PRIMARY KEY, "select" TEXT, "a ""quoted"" name" mood);
INSERT INTO "Größe & Maß" VALUES (1, 'S', 'glad'), (2, 'M', NULL);
CREATE TABLE "order" (id BIGINT PRIMARY KEY, "from" INT NOT NULL REFERENCES "Größe & Maß", code VARCHAR(5), total NUMERIC(12,2), any_number NUMERIC);
INSERT INTO "order" VALUES (9007199254740993, 1, 'ab', 1.5, 1.50), (1, 2, NULL, 0, NULL);
CREATE TABLE line (order_no BIGINT REFERENCES "order", line_no INT, twice INT GENERATED ALWAYS AS (line_no * 2) STORED, PRIMARY KEY (order_no, line_no), UNIQUE (line_no, order_no));
INSERT INTO line VALUES (1, 1), (1, 2), (9007199254740993, 1);
CREATE TABLE gift (uid UUID PRIMARY KEY, line_no INT, order_no BIGINT, FOREIGN KEY (line_no, order_no) REFERENCES line (line_no, order_no));
INSERT INTO gift VALUES ('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 2, 1), ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12', NULL, 1);
CREATE TABLE kinds (k TEXT PRIMARY KEY, b BYTEA, j JSONB, d DATE, ts TIMESTAMP, tz TIMESTAMPTZ, t TIME, f BOOLEAN, r DOUBLE PRECISION, a INT[], i INTERVAL, s CHAR(3));
INSERT INTO kinds VALUES ('k', '\\x00ff', '{"a": [1, null]}', '0001-01-01', '9999-12-31 23:59:59.123456', '2020-01-01 12:00+02', '09:30', true, 0.1, '{1,NULL,3}', '1 day', 'x'), ('n', NULL, NULL, 'infinity', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE chicken (id INT PRIMARY KEY, egg INT);
CREATE TABLE egg (id INT PRIMARY KEY, chicken INT REFERENCES chicken, mother INT REFERENCES egg);
ALTER TABLE chicken ADD FOREIGN KEY (egg) REFERENCES egg;
INSERT INTO chicken VALUES (1, NULL); INSERT INTO egg VALUES (1, 1, 1); UPDATE chicken SET egg = 1;
CREATE TABLE no_key (a INT); CREATE VIEW v AS SELECT * FROM no_key; CREATE TABLE empty (id INT PRIMARY KEY);
CREATE TABLE bytes_key (id BYTEA PRIMARY KEY); INSERT INTO bytes_key VALUES ('\\x01');
`;

t.test("a PostgreSQL database with everything becomes a green scan", { skip: noPostgres }, async (t) => {
  const { url } = await postgresDatabase(t, POSTGRES);
  const root = t.testdir();
  const { notes, leftOut } = await startFrom(t, root, url);
  await candidateIsSound(t, root);
  t.strictSame(
    leftOut.map(({ name }) => name),
    ["bytes_key", "no_key", "v"],
  );
  t.strictSame(notes, ["kinds.d is declared date and holds other values: carried as string"]);
  const { fields } = readJson(root, "modules/order/module.json");
  t.match(fields, { legacyId: { type: "bigint" }, from: { ref: "groesse-mass" }, total: { type: "decimal(12,2)" } });
  t.match(readJson(root, "modules/gift/module.json").fields, {
    lineRef: { ref: "line", parts: ["order_no", "line_no"] },
  });
  const { properties, required } = readJson(root, "modules/order/schema.json");
  t.match(properties, { code: { maxLength: 5 }, from: { ref: "groesse-mass" } });
  t.strictSame(required, ["id", "legacyId", "from", "schemaVersion"]);
  t.strictSame(readJson(root, "modules/groesse-mass/schema.json").properties.aQuotedName.enum, ["glad", "so so"]);
});

const MYSQL = [
  "CREATE TABLE `Größe & Maß` (`Größen Nr.` INT PRIMARY KEY, `select` TEXT, `a ``quoted`` name` ENUM('glad', 'so so'))",
  "INSERT INTO `Größe & Maß` VALUES (1, 'S', 'glad'), (2, 'M', NULL)",
  "CREATE TABLE `order` (id BIGINT UNSIGNED PRIMARY KEY, `from` INT NOT NULL, code VARCHAR(5), total DECIMAL(12,2), FOREIGN KEY (`from`) REFERENCES `Größe & Maß` (`Größen Nr.`))",
  "INSERT INTO `order` VALUES (9007199254740993, 1, 'ab', 1.5), (1, 2, NULL, 0)",
  "CREATE TABLE line (order_no BIGINT UNSIGNED, line_no INT, twice INT AS (line_no * 2) STORED, PRIMARY KEY (order_no, line_no), FOREIGN KEY (order_no) REFERENCES `order` (id))",
  "INSERT INTO line (order_no, line_no) VALUES (1, 1), (1, 2), (9007199254740993, 1)",
  "CREATE TABLE gift (uid VARCHAR(40) PRIMARY KEY, line_no INT, order_no BIGINT UNSIGNED, FOREIGN KEY (order_no, line_no) REFERENCES line (order_no, line_no))",
  "INSERT INTO gift VALUES ('a', 2, 1), ('b', NULL, 1)",
  "CREATE TABLE kinds (k VARCHAR(9) PRIMARY KEY, b BLOB, j JSON, d DATE, ts DATETIME(6), tz TIMESTAMP NULL, t TIME, f BIT(3), r DOUBLE, s CHAR(3), y YEAR)",
  "SET sql_mode = 'NO_BACKSLASH_ESCAPES'",
  "INSERT INTO kinds VALUES ('k', x'00ff', '{\"a\": [1, null]}', '0001-01-01', '9999-12-31 23:59:59.123456', '2020-01-01 12:00', '09:30', b'101', 0.1, 'x', 2020), ('n', NULL, NULL, '0000-00-00', NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
  "CREATE TABLE no_key (a INT)",
  "CREATE VIEW v AS SELECT * FROM no_key",
  "CREATE TABLE empty (id INT PRIMARY KEY)",
  "CREATE TABLE bytes_key (id BINARY(2) PRIMARY KEY)",
  "INSERT INTO bytes_key VALUES (x'0102')",
];

t.test("a MySQL database with everything becomes a green scan", { skip: noMysql }, async (t) => {
  const { url } = await mysqlDatabase(t, MYSQL);
  const root = t.testdir();
  const { notes, leftOut } = await startFrom(t, root, url);
  await candidateIsSound(t, root);
  t.strictSame(
    leftOut.map(({ name }) => name),
    ["bytes_key", "no_key", "v"],
  );
  t.ok(
    notes.some((note) => note.startsWith("kinds.d is declared date")),
    "a zero date is told",
    { notes },
  );
  t.match(readJson(root, "modules/order/module.json").fields, {
    legacyId: { type: "bigint" },
    from: { ref: "groesse-mass" },
    total: { type: "decimal(12,2)" },
  });
  t.match(readJson(root, "modules/gift/module.json").fields, {
    lineRef: { ref: "line", parts: ["order_no", "line_no"] },
  });
});
