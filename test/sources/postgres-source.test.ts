import t from "tap";
import { openSource, type SourcePlace } from "../../tools/migration/sources/open-source.ts";
import { recordsIn, recordsOfSource, rejection } from "../helpers/read-source.ts";
import { postgresDatabase, whyNot } from "../helpers/servers.ts";

const skip = await whyNot("postgres");

const EVERYTHING = `
CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'glücklich');
CREATE DOMAIN cents AS bigint;
CREATE TABLE "Alle Werte ä" (
  id int PRIMARY KEY, big bigint, bigger numeric, wide numeric(38, 10), plain text, fixed char(4), flag boolean,
  d date, tm time(6), ts timestamp(6), tz timestamptz(6), u uuid, b bytea, j jsonb, e mood, bits bit(5), iv interval,
  f4 real, f8 double precision, ints int[], texts text[], c cents, "Größer Als" text, gen int GENERATED ALWAYS AS (id * 2) STORED
);
INSERT INTO "Alle Werte ä" VALUES
 (1, 9007199254740993, 123456789012345678901234567890.123, 1234567890123456789012345678.0123456789, 'a', 'ab', true,
  '0001-01-01', '23:59:59.123456', '0001-01-01 00:00:00.000001', '9999-12-31 23:59:59.999999+00',
  'ABCDEF00-0000-8000-8000-000000000001', '\\x00ff10', '{"a": [1, "x"]}', 'it''s ok', B'10101', '1 year 2 mons 3 days 04:05:06.789',
  0.1, 0.1, '{1,NULL,-3}', ARRAY['a,b', 'NULL', NULL, 'q"\\x', '', '{}'], 9007199254740993, E'tab\\tlf\\nback\\\\slash'),
 (2, -9223372036854775808, 'NaN', -0.5, '', '', false, '9999-12-31', '00:00', '9999-12-31 23:59:59', '0001-01-01 00:00:00+00',
  NULL, '', 'null', 'glücklich', B'00000', '-00:00:01', 'NaN', -1e-300, '{}', '{}', NULL, '  blanks  '),
 (3, 9007199254740991, 0, NULL, '🐝 Ünïcödé \\N', E'\\u00e9', NULL, NULL, NULL, 'infinity', NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, E'\\\\N');
`;

async function openOn(url: string, collections: Parameters<typeof openSource>[2], extra: object = {}) {
  return openSource({ kind: "postgres", url, ...extra } as SourcePlace, ".", collections);
}

t.test("every value comes as it is stored, from a table and from a query", { skip }, async (t) => {
  const { url } = await postgresDatabase(t, EVERYTHING);
  const query = { name: "q", query: 'SELECT * FROM "Alle Werte ä"', key: ["id"] };
  const source = await openOn(url, ["Alle Werte ä", query]);
  t.teardown(() => source.close());
  const records = await recordsOfSource(source, "Alle Werte ä");
  t.strictSame(records, [
    {
      id: 1,
      big: 9007199254740993n,
      bigger: "123456789012345678901234567890.123",
      wide: "1234567890123456789012345678.0123456789",
      plain: "a",
      fixed: "ab  ",
      flag: true,
      d: "0001-01-01",
      tm: "23:59:59.123456",
      ts: "0001-01-01 00:00:00.000001",
      tz: "9999-12-31 23:59:59.999999+00",
      u: "abcdef00-0000-8000-8000-000000000001",
      b: Buffer.from([0, 255, 16]),
      j: '{"a": [1, "x"]}',
      e: "it's ok",
      bits: "10101",
      iv: "P1Y2M3DT4H5M6.789S",
      f4: 0.1,
      f8: 0.1,
      ints: [1, null, -3],
      texts: ["a,b", "NULL", null, 'q"\\x', "", "{}"],
      c: 9007199254740993n,
      "Größer Als": "tab\tlf\nback\\slash",
      gen: 2,
    },
    {
      id: 2,
      big: -9223372036854775808n,
      bigger: "NaN",
      wide: "-0.5000000000",
      plain: "",
      fixed: "    ",
      flag: false,
      d: "9999-12-31",
      tm: "00:00:00",
      ts: "9999-12-31 23:59:59",
      tz: "0001-01-01 00:00:00+00",
      u: null,
      b: Buffer.alloc(0),
      j: "null",
      e: "glücklich",
      bits: "00000",
      iv: "PT-1S",
      f4: NaN,
      f8: -1e-300,
      ints: [],
      texts: [],
      c: null,
      "Größer Als": "  blanks  ",
      gen: 4,
    },
    {
      id: 3,
      big: 9007199254740991,
      bigger: "0",
      wide: null,
      plain: "🐝 Ünïcödé \\N",
      fixed: "é   ",
      flag: null,
      d: null,
      tm: null,
      ts: "infinity",
      tz: null,
      u: null,
      b: null,
      j: null,
      e: null,
      bits: null,
      iv: null,
      f4: null,
      f8: null,
      ints: null,
      texts: null,
      c: null,
      "Größer Als": "\\N",
      gen: 6,
    },
  ]);
  t.strictSame(await recordsOfSource(source, "q"), records, "a query gives the same");
});

t.test(
  "parts of a table hold every row once, and one part is in the order of the bytes of its key",
  { skip },
  async (t) => {
    const { url } = await postgresDatabase(
      t,
      `CREATE TABLE things (code text COLLATE "en-x-icu" PRIMARY KEY, pad text);
     INSERT INTO things SELECT CASE i % 3 WHEN 0 THEN 'b' WHEN 1 THEN 'B' ELSE 'ä' END || i, repeat('x', 500) FROM generate_series(1, 2000) i;`,
    );
    const source = await openOn(url, [{ name: "things", query: undefined, key: ["code"] }]);
    t.teardown(() => source.close());
    const whole = (await recordsOfSource(source, "things")) as { code: string }[];
    const codes = whole.map(({ code }) => code);
    const sorted = [...codes].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    t.strictSame(codes, sorted);
    const ranges = await source.ranges("things", 7);
    t.equal(ranges.length, 7);
    const parts = (await recordsIn(ranges)) as { code: string }[];
    t.strictSame(parts.map(({ code }) => code).sort(), [...codes].sort());
  },
);

t.test("readers see the state of the opening, whatever is written meanwhile", { skip }, async (t) => {
  const { url, session } = await postgresDatabase(
    t,
    "CREATE TABLE a (id int PRIMARY KEY, v text); INSERT INTO a SELECT i, 'old' FROM generate_series(1, 50) i",
  );
  const source = await openOn(url, ["a"]);
  t.teardown(() => source.close());
  await session.run("Writing", "UPDATE a SET v = 'new'; DELETE FROM a WHERE id > 40; INSERT INTO a VALUES (99, 'new')");
  const records = (await recordsIn(await source.ranges("a", 3))) as { v: string }[];
  t.equal(records.length, 50);
  t.ok(records.every(({ v }) => v === "old"));
  await source.assertUnchanged();
});

t.test("a session cannot write, even where the role may", { skip }, async (t) => {
  const { url, session } = await postgresDatabase(t, "CREATE SEQUENCE s; CREATE TABLE a (id int PRIMARY KEY)");
  const query = { name: "q", query: "SELECT nextval('s') AS id", key: ["id"] };
  const source = await openOn(url, [query]);
  t.teardown(() => source.close());
  t.match(await rejection(() => recordsOfSource(source, "q")), { code: "SOURCE_READ", message: /25006/ });
  t.strictSame(await session.rows("Asking", "SELECT last_value, is_called FROM s"), [["1", "f"]]);
});

t.test("a role that may only read is enough", { skip }, async (t) => {
  const { url, session, place } = await postgresDatabase(
    t,
    "CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1); CREATE TABLE hidden (id int PRIMARY KEY)",
  );
  const role = `${place.database}_r`;
  await session.run("Granting", `CREATE ROLE ${role} LOGIN; GRANT SELECT ON a TO ${role}`);
  t.teardown(async () => {
    await session.run("Revoking", `REVOKE ALL ON a FROM ${role}; DROP ROLE ${role}`);
  });
  const own = url.replace(`${place.user}@`, `${role}@`);
  const source = await openOn(own, ["a"]);
  t.strictSame(await recordsOfSource(source, "a"), [{ id: 1 }]);
  await source.close();
  const error = await rejection(() => openOn(own, ["a", "hidden"]));
  t.match(error, { code: "SOURCE_INVALID", problems: [/42501, permission denied for table hidden/] });
});

t.test("what cannot be read with known keys is refused with a remedy, all of it at once", { skip }, async (t) => {
  const { url } = await postgresDatabase(
    t,
    `CREATE TABLE bare (v int); CREATE VIEW seen AS SELECT 1 AS id;
     CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
     CREATE TABLE folded (n int PRIMARY KEY, code text COLLATE folding); INSERT INTO folded VALUES (1, 'Anna'), (2, 'ÁNNA');
     CREATE SCHEMA other; CREATE TABLE other."T t" (id int PRIMARY KEY); INSERT INTO other."T t" VALUES (5);`,
  );
  const wanted = [
    { name: "bare", query: undefined, key: ["v"] },
    { name: "folded", query: undefined, key: ["code"] },
    { name: "seen", query: undefined, key: ["nr"] },
    { name: "twice", query: "SELECT 1 AS a, 2 AS a", key: ["a"] },
    { name: "wrong", query: "SELECT nothing FROM nowhere", key: ["id"] },
    { name: "nowhere", query: undefined, key: ["id"] },
  ];
  const error = (await rejection(() => openOn(url, wanted))) as { problems: string[] };
  t.match(error, { code: "SOURCE_INVALID" });
  const expected = [
    /primary key of bare.*query/,
    /folded .*collation/,
    /seen .*"nr"/,
    /two of "a"/,
    /42P01/,
    /"nowhere"/,
  ];
  t.equal(error.problems.length, expected.length, error.problems.join("\n"));
  for (const pattern of expected)
    t.ok(
      error.problems.some((line) => pattern.test(line)),
      String(pattern),
    );
  const source = await openOn(url, ["seen", "other.T t"]);
  t.strictSame(await recordsOfSource(source, "other.T t"), [{ id: 5 }]);
  await source.close();
  const there = await openOn(url, ["T t"], { schema: "other" });
  t.strictSame(await recordsOfSource(there, "T t"), [{ id: 5 }]);
  await there.close();
});
