import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import Database from "better-sqlite3";
import fc from "fast-check";
import t, { type Test } from "tap";
import { UNREADABLE_TEXT } from "../../tools/migration/model/source-record.ts";
import { openSource } from "../../tools/migration/sources/open-source.ts";
import { readRange } from "../../tools/migration/sources/read-range.ts";
import type { Source } from "../../tools/migration/sources/source.ts";
import { digestsOf, recordsIn, recordsOfSource, rejection } from "../helpers/read-source.ts";

const MAX_ROWID = 2n ** 63n - 1n;

/** A database in a folder of its own, made by `fill`; the folder. */
function database(t: Test, fill: (db: Database.Database) => void): string {
  const dir = t.testdir({});
  const db = new Database(join(dir, "shop.db"));
  db.pragma("synchronous = off");
  fill(db);
  db.close();
  return dir;
}

async function open(t: Test, dir: string, ...collections: string[]): Promise<Source> {
  const source = await openSource({ kind: "sqlite", path: "shop.db" }, dir, collections);
  t.teardown(() => source.close());
  return source;
}

const INVALID = "CAST(x'41ff42' AS TEXT)";
const TRUNCATED = "CAST(x'41f09f98' AS TEXT)";

/** SQL of a value, and what a record must hold for it. */
const VALUES: readonly (readonly [string, unknown])[] = [
  ["9007199254740991", 2 ** 53 - 1],
  ["-9007199254740991", 1 - 2 ** 53],
  ["9007199254740993", 2n ** 53n + 1n],
  ["-9223372036854775808", -(2n ** 63n)],
  ["9223372036854775807", MAX_ROWID],
  ["0.1", 0.1],
  ["1e308", 1e308],
  ["5e-324", 5e-324],
  ["9007199254740994.0", 2 ** 53 + 2],
  ["9e999", Number.POSITIVE_INFINITY],
  ["''", ""],
  ["NULL", null],
  ["'🐕 Größe'", "🐕 Größe"],
  ["'a' || char(0) || 'b'", "a\0b"],
  ["char(65533)", "\ufffd"],
  [`${INVALID}`, UNREADABLE_TEXT],
  [`${TRUNCATED}`, UNREADABLE_TEXT],
  ["CAST(x'eda080' AS TEXT)", UNREADABLE_TEXT],
  ["x'00ff'", Buffer.from([0, 255])],
  ["x''", Buffer.alloc(0)],
  ["'9007199254740993'", "9007199254740993"],
];

/** The same values in a table, in a table without rowid and in a view: each is read by another statement. */
const SHAPES: Record<string, (db: Database.Database) => void> = {
  table: (db) => db.exec("CREATE TABLE c (k INTEGER PRIMARY KEY, v)"),
  "table without rowid": (db) => db.exec("CREATE TABLE c (k INTEGER PRIMARY KEY, v) WITHOUT ROWID"),
  view: (db) => db.exec("CREATE TABLE base (k INTEGER PRIMARY KEY, v); CREATE VIEW c AS SELECT k, v FROM base"),
};

for (const [shape, create] of Object.entries(SHAPES)) {
  t.test(`a ${shape} gives every value exactly`, async (t) => {
    const dir = database(t, (db) => {
      create(db);
      const table = shape === "view" ? "base" : "c";
      for (const [index, [sql]] of VALUES.entries()) db.exec(`INSERT INTO ${table} VALUES (${index}, ${sql})`);
    });
    const source = await open(t, dir, "c");
    for (const batchRecords of [1, 3, 1000]) {
      const records = await recordsIn(await source.ranges("c", 1), { batchRecords });
      t.strictSame(
        records,
        VALUES.map(([, v], k) => ({ k, v })),
      );
    }
  });
}

t.test("a negative zero stays one", async (t) => {
  const dir = database(t, (db) => {
    db.exec("CREATE TABLE c (v); CREATE VIEW w AS SELECT * FROM c");
    db.prepare("INSERT INTO c VALUES (?)").run(-0);
  });
  const source = await open(t, dir, "c", "w");
  for (const name of ["c", "w"]) {
    const [record] = await recordsOfSource(source, name);
    t.ok(Object.is(Reflect.get(Object(record), "v"), -0));
  }
});

t.test("text that is valid beside U+FFFD in the same row is kept", async (t) => {
  const dir = database(t, (db) => {
    db.exec(`CREATE TABLE c (a, b, n); CREATE VIEW w AS SELECT * FROM c`);
    db.exec(`INSERT INTO c VALUES (char(65533), ${INVALID}, x'efbfbd'), ('x' || char(65533), 'y', 1)`);
  });
  const source = await open(t, dir, "c", "w");
  const expected = [
    { a: "\ufffd", b: UNREADABLE_TEXT, n: Buffer.from([0xef, 0xbf, 0xbd]) },
    { a: "x\ufffd", b: "y", n: 1 },
  ];
  t.strictSame(await recordsOfSource(source, "c"), expected);
  t.strictSame(await recordsOfSource(source, "w"), expected);
});

for (const encoding of ["UTF-16le", "UTF-16be"]) {
  t.test(`a database in ${encoding} gives the same text, and half a surrogate pair is noticed`, async (t) => {
    const dir = database(t, (db) => {
      db.pragma(`encoding = "${encoding}"`);
      db.exec("CREATE TABLE c (k INTEGER PRIMARY KEY, v)");
      const half = encoding === "UTF-16le" ? "x'3dd84100'" : "x'd83d0041'";
      const insert = db.prepare("INSERT INTO c(v) VALUES (?)");
      for (const v of ["🐕 Größe", "a\0b", "", "\ufffd"]) insert.run(v);
      db.exec(`INSERT INTO c(v) VALUES (CAST(${half} AS TEXT)), (x'0041'), (9007199254740993), (0.1), (NULL)`);
    });
    const source = await open(t, dir, "c");
    const records = await recordsIn(await source.ranges("c", 3));
    t.strictSame(
      records.map((record) => Reflect.get(Object(record), "v")),
      ["🐕 Größe", "a\0b", "", "\ufffd", UNREADABLE_TEXT, Buffer.from([0, 0x41]), 2n ** 53n + 1n, 0.1, null],
    );
  });
}

t.test("ranges give every row exactly once and in order, whatever the rowids are", async (t) => {
  const edges = [-(2n ** 63n), -1n, 0n, 2n ** 53n, 2n ** 53n + 1n, MAX_ROWID - 1n, MAX_ROWID];
  const rowids = fc.uniqueArray(fc.oneof(fc.constantFrom(...edges), fc.bigInt(-50n, 50n)), { maxLength: 40 });
  const dir = database(t, (db) => db.exec("CREATE TABLE c (k INTEGER PRIMARY KEY)"));
  const writer = new Database(join(dir, "shop.db"));
  writer.pragma("synchronous = off");
  const insert = writer.prepare("INSERT INTO c VALUES (?)");
  const law = fc.asyncProperty(rowids, fc.integer({ min: 1, max: 9 }), async (keys, parts) => {
    writer.exec("BEGIN; DELETE FROM c");
    for (const key of keys) insert.run(key);
    writer.exec("COMMIT");
    const source = await openSource({ kind: "sqlite", path: "shop.db" }, dir, ["c"]);
    try {
      const ranges = await source.ranges("c", parts);
      t.ok(ranges.length <= parts);
      const read = (await recordsIn(ranges, { batchRecords: 2 })).map((row) => BigInt(Reflect.get(Object(row), "k")));
      t.strictSame(
        read,
        [...keys].sort((a, b) => (a < b ? -1 : 1)),
      );
    } finally {
      await source.close();
    }
  });
  await fc.assert(law, { numRuns: 60 });
  writer.close();
});

t.test("ranges of 1 to 9 parts, each read by a thread of its own, are the whole table", async (t) => {
  const dir = database(t, (db) => {
    db.exec("CREATE TABLE c (code TEXT, price REAL)");
    const insert = db.prepare("INSERT INTO c VALUES (?, ?)");
    for (let index = 0; index < 500; index++) insert.run(`K-${index}`, index / 100);
  });
  const source = await open(t, dir, "c");
  const whole = await recordsOfSource(source, "c");
  t.equal(whole.length, 500);
  for (let parts = 1; parts <= 9; parts++) {
    const ranges = await source.ranges("c", parts);
    t.equal(ranges.length, parts);
    t.strictSame(await recordsIn(ranges), whole);
  }
  const worker = new URL("../fixtures/sources/range-worker.js", import.meta.url);
  const ranges = await source.ranges("c", 3);
  t.ok(ranges.every((range) => !range.mainThreadOnly));
  const parts = await Promise.all(
    ranges.map(async (range) => (await once(new Worker(worker, { workerData: range }), "message"))[0]),
  );
  t.strictSame(parts.flat(), whole);
});

t.test("names with blanks, quotes and umlauts, and a column called rowid, are only names", async (t) => {
  const dir = database(t, (db) => {
    db.exec(`CREATE TABLE "Käufer ""alt"" [x]" ("Straße nr" TEXT, "a""b" TEXT, rowid TEXT, __proto__ TEXT)`);
    db.exec(`INSERT INTO "Käufer ""alt"" [x]" VALUES ('Weg 1', 'q', 'r', 'p'), ('Weg 2', 'q', 'a', 'p')`);
    db.exec("CREATE TABLE taken (rowid, _rowid_, oid); INSERT INTO taken VALUES (1, 2, 3)");
    db.exec("CREATE TABLE made (a INTEGER, b INTEGER GENERATED ALWAYS AS (a * 2)); INSERT INTO made VALUES (21)");
  });
  const name = 'Käufer "alt" [x]';
  const source = await open(t, dir, name, "taken", "made");
  const rows = await recordsIn(await source.ranges(name, 2));
  t.strictSame(
    rows.map((row) => Object.entries(Object(row))),
    ["Weg 1", "Weg 2"].map((street, index) => [
      ["Straße nr", street],
      ['a"b', "q"],
      ["rowid", index === 0 ? "r" : "a"],
      ["__proto__", "p"],
    ]),
  );
  t.equal((await source.ranges("taken", 5)).length, 1);
  t.strictSame(await recordsOfSource(source, "taken"), [{ rowid: 1, _rowid_: 2, oid: 3 }]);
  t.strictSame(await recordsOfSource(source, "made"), [{ a: 21, b: 42 }]);
});

t.test("long rows do not pile up in a batch", async (t) => {
  const dir = database(t, (db) => {
    db.exec("CREATE TABLE c (v)");
    db.exec(
      "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) INSERT INTO c SELECT zeroblob(1000000) FROM n",
    );
  });
  const source = await open(t, dir, "c");
  const sizes: number[] = [];
  for (const range of await source.ranges("c", 1)) {
    for await (const batch of readRange(range)) sizes.push(batch.rows.length);
  }
  t.strictSame(sizes.slice(0, 3), [64, 4, 4]);
});

t.test("reading leaves the folder as it was, also without the right to write", async (t) => {
  const dir = database(t, (db) => db.exec("CREATE TABLE c (v); INSERT INTO c VALUES (1), (2)"));
  const before = digestsOf(dir);
  t.strictSame(Object.keys(before), ["shop.db"]);
  chmodSync(join(dir, "shop.db"), 0o444);
  chmodSync(dir, 0o555);
  const source = await openSource({ kind: "sqlite", path: "shop.db" }, dir, ["c"]);
  t.strictSame(await recordsIn(await source.ranges("c", 2)), [{ v: 1 }, { v: 2 }]);
  t.strictSame(digestsOf(dir), before, "also while it is open");
  await source.assertUnchanged();
  await source.close();
  t.strictSame(digestsOf(dir), before);
  chmodSync(dir, 0o755);
});

t.test("a database in WAL mode that SQLite could not open without writing is refused and left alone", async (t) => {
  const root = database(t, (db) => {
    db.pragma("journal_mode = wal");
    db.exec("CREATE TABLE c (v)");
  });
  const refused = async (dir: string): Promise<void> => {
    const before = digestsOf(dir);
    const error = await rejection(() => openSource({ kind: "sqlite", path: "shop.db" }, dir, ["c"]));
    t.match(error, { code: "SOURCE_INVALID", message: /WAL mode/, remedy: /journal_mode = DELETE/ });
    t.strictSame(digestsOf(dir), before);
  };
  await refused(root);
  const writer = new Database(join(root, "shop.db"));
  writer.exec("INSERT INTO c VALUES (1)");
  const copy = join(root, "copy");
  mkdirSync(copy);
  for (const end of ["", "-wal"]) copyFileSync(join(root, `shop.db${end}`), join(copy, `shop.db${end}`));
  writer.close();
  await refused(copy);
  const mended = new Database(join(copy, "shop.db"));
  mended.pragma("journal_mode = delete");
  mended.close();
  const source = await open(t, copy, "c");
  t.strictSame(await recordsOfSource(source, "c"), [{ v: 1 }], "the remedy helps, and the log is not lost");
});

t.test("a program that has the database open in WAL mode is read with, and its commits are noticed", async (t) => {
  const dir = database(t, (db) => {
    db.pragma("journal_mode = wal");
    db.exec("CREATE TABLE c (v); INSERT INTO c VALUES (1)");
  });
  const writer = new Database(join(dir, "shop.db"));
  t.teardown(() => writer.close());
  writer.exec("INSERT INTO c VALUES (2)");
  const source = await open(t, dir, "c");
  t.strictSame(await recordsOfSource(source, "c"), [{ v: 1 }, { v: 2 }]);
  await source.assertUnchanged();
  const [early] = await source.ranges("c", 1);
  if (early === undefined) throw new Error("expected one range");
  const reading = readRange(early, { batchRecords: 1 });
  t.strictSame((await reading.next()).value?.rows, [[1]]);
  writer.exec("INSERT INTO c VALUES (3)");
  t.strictSame((await reading.next()).value?.rows, [[2]], "a begun range goes on in its snapshot");
  t.ok((await reading.next()).done);
  t.match(await rejection(() => recordsOfSource(source, "c")), { code: "SOURCE_READ", remedy: /Block writes/ });
  t.match(await rejection(() => source.assertUnchanged()), { code: "SOURCE_READ", remedy: /Block writes/ });
});

t.test("in rollback mode nobody can commit while the source is open", async (t) => {
  const dir = database(t, (db) => db.exec("CREATE TABLE c (v); INSERT INTO c VALUES (1)"));
  const source = await open(t, dir, "c");
  const writer = new Database(join(dir, "shop.db"), { timeout: 0 });
  t.throws(() => writer.exec("INSERT INTO c VALUES (2)"), { code: "SQLITE_BUSY" });
  await source.assertUnchanged();
  await source.close();
  writer.exec("INSERT INTO c VALUES (2)");
  writer.close();
});

t.test("a database that is replaced during the run is noticed", async (t) => {
  const dir = database(t, (db) => db.exec("CREATE TABLE c (v); INSERT INTO c VALUES (1)"));
  copyFileSync(join(dir, "shop.db"), join(dir, "other.db"));
  const source = await open(t, dir, "c");
  renameSync(join(dir, "other.db"), join(dir, "shop.db"));
  t.match(await rejection(() => source.assertUnchanged()), { code: "SOURCE_READ" });
  t.match(await rejection(() => recordsOfSource(source, "c")), { code: "SOURCE_READ" });
});

t.test("everything that is missing is named at once, with what there is", async (t) => {
  const dir = database(t, (db) => {
    db.exec(
      "CREATE TABLE kunden (v); CREATE TABLE gone (v); CREATE VIEW broken AS SELECT * FROM gone; DROP TABLE gone",
    );
  });
  const wanted = ["Kunden", "kunden", "broken", "hunde"];
  const error = await rejection(() => openSource({ kind: "sqlite", path: "shop.db" }, dir, wanted));
  t.match(error, {
    code: "SOURCE_INVALID",
    message: "The source lacks 3 collections.",
    remedy: /has broken, kunden\./,
  });
  t.match(error, {
    problems: [/"Kunden", got none/, /"broken", got one that cannot be read \(SQLITE_ERROR\)/, /"hunde", got none/],
  });
});

t.test("what is no database is SOURCE_INVALID with a remedy", async (t) => {
  const dir = t.testdir({ folder: {}, empty: "", text: "id;name\n".repeat(100), short: "SQLite" });
  const noise = Buffer.alloc(4096, "noise");
  noise.write("SQLite format 3\0");
  writeFileSync(join(dir, "noise"), noise);
  const says: Record<string, RegExp> = {
    none: /does not exist/,
    folder: /got a folder/,
    empty: /got an empty file/,
    text: /encrypted/,
    short: /encrypted/,
    noise: /SQLITE_NOTADB/,
  };
  for (const [path, message] of Object.entries(says)) {
    const error = await rejection(() => openSource({ kind: "sqlite", path }, dir, ["c"]));
    t.match(error, { code: "SOURCE_INVALID", message, remedy: /./ }, path);
  }
});

t.test("a database that another process has locked is SOURCE_INVALID", async (t) => {
  const dir = database(t, (db) => db.exec("CREATE TABLE c (v)"));
  const script = `const D = require("better-sqlite3"); const db = new D(${JSON.stringify(join(dir, "shop.db"))});
    db.exec("BEGIN EXCLUSIVE"); process.stdout.write("locked"); process.stdin.resume();`;
  const holder = spawn(process.execPath, ["-e", script], { stdio: ["pipe", "pipe", "inherit"], env: {} });
  await once(holder.stdout, "data");
  const error = await rejection(() => openSource({ kind: "sqlite", path: "shop.db" }, dir, ["c"]));
  t.match(error, { code: "SOURCE_INVALID", message: /SQLITE_BUSY/, remedy: /holds its lock/ });
  holder.stdin.end();
  await once(holder, "exit");
});

t.test("a query is read like a table, and what has no known keys is refused with a remedy", async (t) => {
  const dir = database(t, (db) =>
    db.exec(`CREATE TABLE people (id INTEGER PRIMARY KEY, code TEXT COLLATE NOCASE);
      INSERT INTO people VALUES (3, 'b'), (1, 'A'), (2, 'a'), (9007199254740993, 'ä');
      CREATE TABLE bare (v); CREATE TABLE pairs (a TEXT, b INT, PRIMARY KEY (b, a)) WITHOUT ROWID;
      INSERT INTO pairs VALUES ('x', 10), ('b', 9), ('ä', 9), ('B', 9)`),
  );
  const query = "SELECT code COLLATE BINARY AS code, id FROM people -- by code";
  const wanted = [
    { name: "q", query, key: ["code"] },
    { name: "pairs", query: undefined, key: ["a", "b"] },
  ];
  const source = await openSource({ kind: "sqlite", path: "shop.db" }, dir, wanted);
  t.teardown(() => source.close());
  const codes = (await recordsOfSource(source, "q")) as { code: string; id: number | bigint }[];
  t.strictSame(
    codes.map(({ code }) => code),
    ["A", "a", "b", "ä"],
  );
  t.equal(codes[3]?.id, 9007199254740993n);
  const pairs = (await recordsOfSource(source, "pairs")) as { a: string; b: number }[];
  t.strictSame(
    pairs.map(({ a, b }) => [a, b]),
    [
      ["B", 9],
      ["b", 9],
      ["x", 10],
      ["ä", 9],
    ],
  );
  const bad = [
    { name: "bare", query: undefined, key: ["v"] },
    { name: "people", query: undefined, key: ["code"] },
    { name: "wrong", query: "SELECT nothing FROM nowhere", key: ["id"] },
    { name: "pairs", query: undefined, key: ["c"] },
  ];
  const error = await rejection(() => openSource({ kind: "sqlite", path: "shop.db" }, dir, bad));
  const problems = [/primary key of bare, got none.*query/, /people .*collation/, /query "wrong"/, /pairs .*"c"/];
  t.match(error, { code: "SOURCE_INVALID", problems });
});
