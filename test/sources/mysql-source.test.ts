import t from "tap";
import { quoteText } from "../../tools/migration/databases/identifiers.ts";
import { readMysqlCatalog } from "../../tools/migration/databases/mysql-catalog.ts";
import { openSource, type SourcePlace } from "../../tools/migration/sources/open-source.ts";
import { readRange } from "../../tools/migration/sources/read-range.ts";
import { recordsOfSource, rejection } from "../helpers/read-source.ts";
import { mysqlDatabase, whyNot } from "../helpers/servers.ts";

const skip = await whyNot("mysql");

const EVERYTHING = [
  `CREATE TABLE \`Alle Werte ä\` (
    id int PRIMARY KEY, big bigint, ubig bigint unsigned, wide decimal(38, 10), plain text, fixed char(4), flag bool,
    d date, tm time(6), dt datetime(6), ts timestamp(6) NULL, u uuid, b varbinary(9), bl blob, j json,
    e enum('sad', 'it''s ok', 'glücklich'), st set('a', 'b'), bits bit(5), f4 float, f8 double, y year,
    l1 varchar(20) CHARACTER SET latin1, \`Größer \`\` Als\` varchar(50), gen int AS (id * 2) VIRTUAL)`,
  `INSERT INTO \`Alle Werte ä\` (id, big, ubig, wide, plain, fixed, flag, d, tm, dt, ts, u, b, bl, j, e, st, bits, f4, f8, y,
     l1, \`Größer \`\` Als\`) VALUES
   (1, 9007199254740993, 18446744073709551615, 1234567890123456789012345678.0123456789, 'a', 'ab', true, '0001-01-01',
     '-838:59:59', '0001-01-01 00:00:00.000001', '2038-01-19 03:14:07.999999', 'ABCDEF00-0000-4000-8000-000000000001',
     x'00ff10', '', '{"a": [1, "x"]}', 'it''s ok', 'a,b', b'10101', 0.1, 0.1, 1999, 'Größe € ÿ', 'tab\tlf\nback\\\\'),
   (2, -9223372036854775808, 0, -0.5, '', '', false, '9999-12-31', '23:59:59.123456', '9999-12-31 23:59:59.999999', NULL,
     NULL, '', NULL, 'null', 'glücklich', '', b'0', 3.4028234e38, -1e-300, 0, '', concat('nul', x'00', ' 🐝 '))`,
  "SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES,NO_BACKSLASH_ESCAPES'",
  "INSERT INTO `Alle Werte ä` (id, d, dt, ts) VALUES (3, '0000-00-00', '0000-00-00 00:00:00', '0000-00-00 00:00:00')",
];

async function openOn(url: string, collections: Parameters<typeof openSource>[2]) {
  return openSource({ kind: "mysql", url } as SourcePlace, ".", collections);
}

t.test("every value comes as it is stored, from a table and from a query", { skip }, async (t) => {
  const { url } = await mysqlDatabase(t, EVERYTHING);
  const query = { name: "q", query: "SELECT * FROM `Alle Werte ä`", key: ["id"] };
  const source = await openOn(url, ["Alle Werte ä", query]);
  t.teardown(() => source.close());
  const records = await recordsOfSource(source, "Alle Werte ä");
  t.strictSame(records.slice(0, 2), [
    {
      id: 1,
      big: 9007199254740993n,
      ubig: 18446744073709551615n,
      wide: "1234567890123456789012345678.0123456789",
      plain: "a",
      fixed: "ab",
      flag: 1,
      d: "0001-01-01",
      tm: "-838:59:59.000000",
      dt: "0001-01-01 00:00:00.000001",
      ts: "2038-01-19 03:14:07.999999+00",
      u: "abcdef00-0000-4000-8000-000000000001",
      b: Buffer.from([0, 255, 16]),
      bl: Buffer.alloc(0),
      j: '{"a": [1, "x"]}',
      e: "it's ok",
      st: "a,b",
      bits: "10101",
      f4: 0.1,
      f8: 0.1,
      y: 1999,
      l1: "Größe € ÿ",
      "Größer ` Als": "tab\tlf\nback\\\\",
      gen: 2,
    },
    {
      id: 2,
      big: -9223372036854775808n,
      ubig: 0,
      wide: "-0.5000000000",
      plain: "",
      fixed: "",
      flag: 0,
      d: "9999-12-31",
      tm: "23:59:59.123456",
      dt: "9999-12-31 23:59:59.999999",
      ts: null,
      u: null,
      b: Buffer.alloc(0),
      bl: null,
      j: "null",
      e: "glücklich",
      st: "",
      bits: "00000",
      f4: 3.4028235e38,
      f8: -1e-300,
      y: 0,
      l1: "",
      "Größer ` Als": "nul\0 🐝 ",
      gen: 4,
    },
  ]);
  const zero = { id: 3, big: null, plain: null, d: "0000-00-00" };
  t.match(records[2], { ...zero, dt: "0000-00-00 00:00:00.000000", ts: "0000-00-00 00:00:00.000000", gen: 6 });
  t.strictSame(await recordsOfSource(source, "q"), records, "a query gives the same");
});

t.test("rows come in the order of the bytes of their key, whatever the collation", { skip }, async (t) => {
  const codes = ["b", "B", "ä", "a", "a ", "a!", "Z", "🐝", "é", "￿"];
  const { url } = await mysqlDatabase(t, [
    "CREATE TABLE things (n int PRIMARY KEY, code varchar(20) COLLATE utf8mb4_nopad_bin NOT NULL UNIQUE)",
    `INSERT INTO things VALUES ${codes.map((code, at) => `(${at}, '${code}')`).join()}`,
  ]);
  const source = await openOn(url, [{ name: "things", query: undefined, key: ["code"] }]);
  t.teardown(() => source.close());
  const found = (await recordsOfSource(source, "things")) as { code: string }[];
  const sorted = [...codes].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  t.strictSame(
    found.map(({ code }) => code),
    sorted,
  );
});

t.test("readers see the state of the opening, also after one was left early", { skip }, async (t) => {
  const { url, session } = await mysqlDatabase(t, [
    "CREATE TABLE a (id int PRIMARY KEY, v varchar(300))",
    "INSERT INTO a SELECT seq, repeat('old', 100) FROM seq_1_to_20000",
  ]);
  const source = await openOn(url, ["a"]);
  t.teardown(() => source.close());
  await session.query("Writing", "UPDATE a SET v = 'new'");
  for (const range of await source.ranges("a", 3)) {
    t.ok(range.mainThreadOnly);
    for await (const batch of readRange(range)) {
      t.equal(batch.rows.length, 1000);
      break;
    }
  }
  const records = (await recordsOfSource(source, "a")) as { v: string }[];
  t.equal(records.length, 20_000);
  t.ok(records.every(({ v }) => v.startsWith("old")));
  await source.assertUnchanged();
});

t.test("a session cannot write, and a role that may only read is enough", { skip }, async (t) => {
  const { url, session, place } = await mysqlDatabase(t, [
    "CREATE TABLE a (id int PRIMARY KEY)",
    "INSERT INTO a VALUES (1)",
    "CREATE SEQUENCE s",
  ]);
  const query = { name: "q", query: "SELECT nextval(s) AS id", key: ["id"] };
  const writing = await rejection(async () => {
    const source = await openOn(url, [query]);
    await recordsOfSource(source, "q").finally(() => source.close());
  });
  t.match(writing, { code: "SOURCE_INVALID", problems: [/READ_ONLY_TRANSACTION/] });
  const role = `r${place.database.slice(-20)}`;
  await session.query("Granting", `CREATE USER ${role}@'%' IDENTIFIED BY 'a b@c'`);
  await session.query("Granting", `GRANT SELECT ON a TO ${role}@'%'`);
  t.teardown(() => session.query("Dropping", `DROP USER ${role}@'%'`));
  const env = "CANDOR_TEST_ROLE_URL";
  process.env[env] = url.replace(`${place.user}@`, `${role}:a%20b%40c@`);
  const source = await openSource({ kind: "mysql", env }, ".", ["a"]);
  t.strictSame(await recordsOfSource(source, "a"), [{ id: 1 }]);
  await source.close();
  process.env[env] = url.replace(`${place.user}@`, `${role}:wrong-secret@`);
  const refused = await rejection(() => openSource({ kind: "mysql", env }, ".", ["a"]));
  t.match(refused, { code: "SOURCE_INVALID", message: /ER_ACCESS_DENIED/ });
  t.notMatch(String(refused), /wrong-secret/);
});

t.test("what cannot be read as one state with known keys is refused with a remedy", { skip }, async (t) => {
  const { url } = await mysqlDatabase(t, [
    "CREATE TABLE bare (v int)",
    "CREATE TABLE moving (id int PRIMARY KEY) ENGINE=MyISAM",
    "CREATE TABLE folded (n int PRIMARY KEY, code varchar(10) COLLATE utf8mb4_general_ci)",
    "INSERT INTO folded VALUES (1, 'Anna'), (2, 'ANNA')",
    "CREATE TABLE fine (n int PRIMARY KEY)",
  ]);
  const wanted = [
    { name: "bare", query: undefined, key: ["v"] },
    { name: "moving", query: undefined, key: ["id"] },
    { name: "folded", query: undefined, key: ["code"] },
    { name: "fine", query: undefined, key: ["nr"] },
    { name: "twice", query: "SELECT 1 AS a, 2 AS A, 3 AS a", key: ["a"] },
    { name: "nowhere", query: undefined, key: ["id"] },
  ];
  const error = (await rejection(() => openOn(url, wanted))) as { problems: string[] };
  t.match(error, { code: "SOURCE_INVALID" });
  const expected = [
    /primary key of bare/,
    /engine .* moving/,
    /folded .*collation/,
    /fine .*"nr"/,
    /twice/,
    /"nowhere"/,
  ];
  t.equal(error.problems.length, expected.length);
  for (const pattern of expected)
    t.ok(
      error.problems.some((line) => pattern.test(line)),
      String(pattern),
    );
});

t.test("an invisible column is read like any other, and a table with a history is a table", { skip }, async (t) => {
  const { url } = await mysqlDatabase(t, [
    "CREATE TABLE a (id int NOT NULL DEFAULT 0 INVISIBLE PRIMARY KEY, v int, h varchar(9) INVISIBLE, place point) WITH SYSTEM VERSIONING",
    "INSERT INTO a (id, v, h) VALUES (2, 20, 'b'), (1, 10, 'a')",
    "CREATE TABLE bare (v int) WITH SYSTEM VERSIONING",
  ]);
  const source = await openOn(url, [{ name: "a", query: undefined, key: ["id"] }]);
  t.teardown(() => source.close());
  t.strictSame(await recordsOfSource(source, "a"), [
    { v: 10, place: null, id: 1, h: "a" },
    { v: 20, place: null, id: 2, h: "b" },
  ]);
  t.match(await rejection(() => openOn(url, ["bare"])), { problems: [/primary key of bare/] });
});

t.test("labels of an enumeration come as they are, whatever the catalog writes them with", { skip }, async (t) => {
  const labels = ["it's", "back\\slash", "line\nfeed", "a,b", "tab\t", ""];
  const { session } = await mysqlDatabase(t, [
    `CREATE TABLE a (id int PRIMARY KEY, e enum(${labels.map((label) => quoteText(label)).join()}))`,
  ]);
  const { tables } = await readMysqlCatalog(session);
  t.strictSame(tables[0]?.columns[1]?.labels, labels);
});
