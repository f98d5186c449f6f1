import Database from "better-sqlite3";
import fc from "fast-check";
import t from "tap";
import type { SqliteRange } from "../../tools/migration/sources/source-range.ts";
import { type CellPage, hasCellPages, readCellPages } from "../../tools/migration/sources/sqlite-cells.ts";

const ALWAYS = { columns: ["v"], isWorthwhile: () => true };

function rangeOf(begin: bigint, end: bigint, columns: readonly string[] = ["v"]): SqliteRange {
  const rowids = { name: "rowid", begin, end };
  const place = { kind: "sqlite", path: "", label: "it", collection: "c", from: "c", order: [], stamp: "" } as const;
  return { ...place, mainThreadOnly: false, columns, rowids };
}

function pagesIn(db: Database.Database, range: SqliteRange, request = ALWAYS): CellPage[] {
  if (range.rowids === undefined) throw new Error("no rowids");
  return Array.from(readCellPages(db, { ...range, rowids: range.rowids }, request), (page) => {
    const rows = page.rows();
    return { ...page, rows: () => rows };
  });
}

function withTable<T>(sql: string, action: (db: Database.Database) => T): T {
  const db = new Database(":memory:");
  try {
    db.exec(sql);
    return action(db);
  } finally {
    db.close();
  }
}

t.test("pages of any spread of rowids give every row once, in order, as JSON and as rows", async () => {
  const gap = fc.oneof(fc.constant(1n), fc.bigInt({ min: 1n, max: 5n }), fc.bigInt({ min: 1n, max: 10n ** 12n }));
  const spread = fc.array(fc.tuple(gap, fc.nat(150)), { maxLength: 12 });
  await fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 13n), max: 10n ** 13n }), spread, (first, runs) => {
      withTable("CREATE TABLE c (v)", (db) => {
        const insert = db.prepare("INSERT INTO c (rowid, v) VALUES (?, ?)");
        const ids: string[] = [];
        let at = first;
        for (const [step, count] of runs) {
          at += step;
          for (let row = 0; row < count; row += 1, at += 1n) {
            insert.run(at, `v${at}`);
            ids.push(`v${at}`);
          }
        }
        const pages = pagesIn(db, rangeOf(first, at + 1n));
        const json = pages.flatMap((page) => JSON.parse(page.json?.toString() ?? "").map(([v]: [string]) => v));
        const rows = pages.flatMap((page) => page.rows().map(([v]) => v));
        if (JSON.stringify(json) !== JSON.stringify(ids) || JSON.stringify(rows) !== JSON.stringify(ids)) {
          throw new Error("other rows");
        }
        if (pages.some((page) => page.count === 0 || page.count > 500)) throw new Error("a page of another length");
      });
    }),
    { numRuns: 60 },
  );
});

t.test("a few rows far from each other take a few steps", async (t) => {
  const ids = [1n, 2n ** 40n, 2n ** 62n, 2n ** 63n - 2n];
  withTable("CREATE TABLE c (v)", (db) => {
    for (const id of ids) db.prepare("INSERT INTO c (rowid, v) VALUES (?, 'x')").run(id);
    const pages = pagesIn(db, rangeOf(1n, 2n ** 63n - 1n));
    t.equal(
      pages.reduce((sum, { count }) => sum + count, 0),
      ids.length,
    );
  });
});

t.test("a row with a BLOB, also one that looks like JSONB, shows nothing", async (t) => {
  withTable("CREATE TABLE c (v, w); INSERT INTO c VALUES ('a', 1), (x'1761', 2), ('b', x'00'), (NULL, 4)", (db) => {
    const pages = pagesIn(db, rangeOf(1n, 5n, ["v", "w"]), { ...ALWAYS, columns: ["v", "w"] });
    t.strictSame(
      pages.map(({ json }) => json?.toString()),
      ['[["a",1],0,0,[null,4]]'],
    );
    const dropped = pagesIn(db, rangeOf(1n, 5n, ["v", "w"]), { ...ALWAYS, columns: ["w"] });
    t.strictSame(
      dropped.map(({ json }) => json?.toString()),
      ["[[1],[2],0,[4]]"],
    );
  });
});

t.test("what is no plain table in UTF-8 has no pages", async (t) => {
  const isRead = (sql: string, range = rangeOf(1n, 2n)): boolean => withTable(sql, (db) => hasCellPages(db, range));
  t.equal(isRead("CREATE TABLE c (v)"), true);
  t.equal(isRead("CREATE TABLE c (v, w AS (json_array(v)))"), false);
  t.equal(isRead("CREATE TABLE c (v, w AS (v || 1) STORED)"), false);
  t.equal(isRead("PRAGMA encoding = 'UTF-16le'; CREATE TABLE c (v)"), false);
  t.equal(isRead("CREATE TABLE c (v)", { ...rangeOf(1n, 2n), rowids: undefined }), false);
});

t.test("rows come one by one where SQLite cannot make a JSON text, or nobody wants one", async (t) => {
  const names = Array.from({ length: 1500 }, (_, at) => `v${at}`);
  const many = withTable(`CREATE TABLE c (${names.join()}); INSERT INTO c (v7) VALUES ('x')`, (db) =>
    pagesIn(db, rangeOf(1n, 10n, names), { ...ALWAYS, columns: names }),
  );
  const unwanted = withTable("CREATE TABLE c (v); INSERT INTO c VALUES ('x'), ('y')", (db) =>
    pagesIn(db, rangeOf(1n, 10n), { ...ALWAYS, isWorthwhile: () => false }),
  );
  t.strictSame(
    many.map(({ json, rows }) => [json, rows().map((row) => row[7])]),
    [[undefined, ["x"]]],
  );
  t.strictSame(
    unwanted.map(({ json, rows }) => [json, rows()]),
    [[undefined, [["x"], ["y"]]]],
  );
});
