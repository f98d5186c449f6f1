import { readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import t, { type Test } from "tap";
import { openSource } from "../../tools/migration/sources/open-source.ts";
import { recordsOfSource } from "../helpers/read-source.ts";
import { mysqlDatabase, postgresDatabase, whyNot } from "../helpers/servers.ts";
import { candidateIsSound } from "../helpers/sound.ts";
import { buildThings, writeThings } from "../helpers/things-project.ts";

/** Every field with its declared type; `null` stays, so that it can be told from the empty text. */
const FIELDS = {
  big: { type: "bigint" },
  small: { type: "integer" },
  wide: { type: "decimal(38,10)" },
  price: { type: "decimal(10,2)" },
  ratio: { type: "number" },
  flag: { type: "boolean" },
  born: { type: "date" },
  wakes: { type: "time" },
  seen: { type: "timestamp" },
  sent: { type: "timestamptz" },
  tag: { type: "uuid" },
  body: { type: "bytes" },
  extra: { type: "json" },
  note: { type: "string(40)", nulls: "keep" },
} as const;

const UUIDS = ["0f8fad5b-d9cb-469f-a165-70867728950e", "7c9e6679-7425-40de-944b-e07fc1f90ae7"];

/** The entities, apart from their ids, that every source must give. */
const EXPECTED = [
  {
    ...{ big: "9007199254740993", small: 9007199254740991, wide: "1234567890123456789012345678.0123456789" },
    ...{ price: "0.99", ratio: 0.1, flag: true, born: "0001-01-01", wakes: "23:59:59.123456" },
    ...{ seen: "0001-01-01T00:00:00.000001", sent: "2030-06-30T10:00:00.123456Z", tag: UUIDS[0], body: "AP8Q" },
    ...{ extra: { a: [1, "x"] }, note: "  blanks 🐝 ö  " },
  },
  {
    ...{ big: "-9223372036854775808", small: -1, wide: "-0.5000000000", price: "1.00", ratio: -1.5e-300, flag: false },
    ...{ born: "9999-12-31", wakes: "00:00:00", seen: "9999-12-31T23:59:59.999999", sent: "2030-01-01T00:00:00Z" },
    ...{ tag: UUIDS[1], body: "", extra: [], note: "" },
  },
  { note: null },
];

const COLUMNS = Object.keys(FIELDS);
const TEXTS = {
  seen: ["0001-01-01 00:00:00.000001", "9999-12-31 23:59:59.999999"],
  sent: ["2030-06-30 12:00:00.123456+02:00", "2030-01-01 00:00:00+00:00"],
};

async function holds(t: Test, root: string, source: object, options: { readonly nul?: boolean } = {}): Promise<void> {
  writeThings(root, { source, fields: FIELDS });
  const { summary } = await buildThings(root);
  t.strictSame(summary.byCode, {}, "there is nothing to say");
  const lines = readFileSync(join(root, "storage_candidate/v1/things/data.jsonl"), "utf8").split("\n").slice(0, -1);
  const entities = lines.map((line) => {
    const { id: _, schemaVersion: __, ...entity } = JSON.parse(line);
    return entity;
  });
  const expected = options.nul === true ? EXPECTED.map((one) => ({ ...one, ...withNul(one) })) : EXPECTED;
  const sorted = (list: readonly object[]): string[] =>
    list.map((one) => JSON.stringify(Object.entries(one).sort())).sort();
  t.strictSame(sorted(entities), sorted(expected));
  await candidateIsSound(t, root);
}

function withNul({ note }: { readonly note: string | null }): object {
  return note === "" ? { note: "\0" } : {};
}

const VALUES = (bytes: (hex: string) => string, flags: readonly [string, string], note = "''"): string => `
  (1, 9007199254740993, 9007199254740991, 1234567890123456789012345678.0123456789, 0.99, 0.1, ${flags[0]}, '0001-01-01',
    '23:59:59.123456', '${TEXTS.seen[0]}', '2030-06-30 10:00:00.123456', '${UUIDS[0]}', ${bytes("00ff10")}, '{"a": [1, "x"]}',
    '  blanks 🐝 ö  '),
  (2, -9223372036854775808, -1, -0.5, 1, -1.5e-300, ${flags[1]}, '9999-12-31', '00:00:00', '${TEXTS.seen[1]}',
    '2030-01-01 00:00:00', '${UUIDS[1]}', ${bytes("")}, '[]', ${note}),
  (3, ${COLUMNS.map(() => "NULL").join()})`;

const names = `id, ${COLUMNS.join()}`;

t.test("PostgreSQL", { skip: await whyNot("postgres") }, async (t) => {
  const { url } = await postgresDatabase(
    t,
    `CREATE TABLE things (id int PRIMARY KEY, big bigint, small bigint, wide numeric(38,10), price numeric(10,2),
       ratio double precision, flag boolean, born date, wakes time(6), seen timestamp(6), sent timestamptz(6), tag uuid,
       body bytea, extra jsonb, note varchar(40));
     SET TimeZone = 'UTC';
     INSERT INTO things (${names}) VALUES ${VALUES((hex) => `'\\x${hex}'`, ["true", "false"])};`,
  );
  await holds(t, t.testdir(), { kind: "postgres", url });
});

t.test("texts of other character sets", { skip: (await whyNot("postgres")) || (await whyNot("mysql")) }, async (t) => {
  const text = "Größe ÿ ½";
  const table = (set: string): string => `CREATE TABLE things (id int PRIMARY KEY, note varchar(20) ${set})`;
  const insert = `INSERT INTO things VALUES (1, '${text}')`;
  const options = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0";
  const postgres = await postgresDatabase(t, `${table("")}; ${insert}`, options);
  const mysql = await mysqlDatabase(t, [table("CHARACTER SET latin1"), insert]);
  for (const { url, place } of [postgres, mysql]) {
    const source = await openSource({ kind: place.kind, url }, ".", ["things"]);
    t.strictSame(await recordsOfSource(source, "things"), [{ id: 1, note: text }], place.kind);
    await source.close();
  }
});

t.test("MySQL", { skip: await whyNot("mysql") }, async (t) => {
  const { url } = await mysqlDatabase(t, [
    `CREATE TABLE things (id int PRIMARY KEY, big bigint, small bigint, wide decimal(38,10), price decimal(10,2), ratio double,
       flag bit(1), born date, wakes time(6), seen datetime(6), sent timestamp(6) NULL, tag uuid, body varbinary(20), extra json,
       note varchar(40))`,
    `INSERT INTO things (${names}) VALUES ${VALUES((hex) => `x'${hex}'`, ["1", "0"], "x'00'")}`,
  ]);
  await holds(t, t.testdir(), { kind: "mysql", url }, { nul: true });
});

t.test("SQLite", async (t) => {
  const dir = t.testdir();
  const db = new Database(join(dir, "things.db"));
  db.exec(`CREATE TABLE things (id INTEGER PRIMARY KEY, big BIGINT, small INTEGER, wide TEXT, price NUMERIC(10,2), ratio REAL,
    flag BOOLEAN, born DATE, wakes TIME, seen DATETIME, sent TIMESTAMPTZ, tag TEXT, body BLOB, extra JSON, note TEXT)`);
  const values = VALUES((hex) => `x'${hex}'`, ["1", "0"], "char(0)")
    .replace("1234567890123456789012345678.0123456789", "'1234567890123456789012345678.0123456789'")
    .replace("2030-06-30 10:00:00.123456", `${TEXTS.sent[0]}`)
    .replace("2030-01-01 00:00:00", `${TEXTS.sent[1]}`);
  db.exec(`INSERT INTO things (${names}) VALUES ${values}`);
  db.close();
  await holds(t, dir, { kind: "sqlite", path: "things.db" }, { nul: true });
});

const JSON_ROWS = EXPECTED.map((entity, at) => ({ id: at + 1, ...entity }));

t.test("JSON Lines and arrays of JSON", async (t) => {
  for (const kind of ["jsonl", "json"] as const) {
    const text =
      kind === "json" ? JSON.stringify(JSON_ROWS) : JSON_ROWS.map((row) => `${JSON.stringify(row)}\n`).join("");
    const dir = t.testdir({ [`things.${kind}`]: text });
    await t.test(kind, (t) => holds(t, dir, { kind, path: "." }));
  }
});

t.test("CSV", async (t) => {
  const cell = (value: unknown): string => {
    if (value === undefined || value === null) return "";
    return `"${(typeof value === "object" ? JSON.stringify(value) : String(value)).replaceAll('"', '""')}"`;
  };
  const rows = JSON_ROWS.map((row: Readonly<Record<string, unknown>>) =>
    ["id", ...COLUMNS].map((name) => cell(row[name])),
  );
  const text = [["id", ...COLUMNS], ...rows].map((cells) => cells.join(",")).join("\r\n");
  const dir = t.testdir({ "things.csv": text });
  await holds(t, dir, { kind: "csv", path: "." });
});
