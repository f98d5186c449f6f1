import { appendFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { BrokenRecord, UNREADABLE_TEXT } from "../../tools/migration/model/source-record.ts";
import { openSource } from "../../tools/migration/sources/open-source.ts";
import { readRange } from "../../tools/migration/sources/read-range.ts";
import { recordsOf } from "../../tools/migration/sources/record-batch.ts";
import { recordsOfSource, rejection } from "../helpers/read-source.ts";

type Format = Extract<Parameters<typeof openSource>[0], { readonly path: string }>["csv"];

async function readCsv(dir: string, format: Format = {}): Promise<unknown[]> {
  const source = await openSource({ kind: "csv", path: ".", csv: format }, dir, ["c"]);
  return recordsOfSource(source, "c").finally(() => source.close());
}

t.test("a cell of CSV is text as it stands there, and NULL is not the empty text", async (t) => {
  const text =
    '\ufeffid,"na ""m"" e",größe\r\n1,"two\r\nlines",\r\n2,"",🐝\r\n 3 ,  blanks  ,9007199254740993\r\n4,"a,b",\0\r\n';
  t.strictSame(await readCsv(t.testdir({ "c.csv": text })), [
    { id: "1", 'na "m" e': "two\r\nlines", größe: null },
    { id: "2", 'na "m" e': "", größe: "🐝" },
    { id: " 3 ", 'na "m" e': "  blanks  ", größe: "9007199254740993" },
    { id: "4", 'na "m" e': "a,b", größe: "\0" },
  ]);
});

t.test("other delimiters, quotes, words for NULL and character sets are told in the configuration", async (t) => {
  const dir = t.testdir({ "c.csv": Buffer.from("a;b\n\\N;'it''s \\n'\n;'\\N'\n\u00e4\u00df;x\n", "latin1") });
  const format = { delimiter: ";", quote: "'", null: "\\N", encoding: "latin1" } as const;
  t.strictSame(await readCsv(dir, format), [
    { a: null, b: "it's \\n" },
    { a: "", b: "\\N" },
    { a: "äß", b: "x" },
  ]);
});

t.test("what is no record or no text is found in its place, and nothing before or behind it is lost", async (t) => {
  const bytes = Buffer.concat([
    Buffer.from("a,b\n1,x\n2\n3,y\n4,z,1\n5,"),
    Buffer.from([0xff, 0x41]),
    Buffer.from("\n6,w\n"),
  ]);
  const records = await readCsv(t.testdir({ "c.csv": bytes }));
  const broken = records.map((record) => (record instanceof BrokenRecord ? record.code : record));
  t.strictSame(broken, [
    { a: "1", b: "x" },
    "SOURCE_LINE_INVALID",
    { a: "3", b: "y" },
    "SOURCE_LINE_INVALID",
    { a: "5", b: UNREADABLE_TEXT },
    { a: "6", b: "w" },
  ]);
});

t.test("a file of any size passes in batches, wherever its blocks are cut", async (t) => {
  const rows = Array.from({ length: 30_000 }, (_, at) => `${at},"größe 🐝\n${"x".repeat(at % 40)}"`);
  const source = await openSource({ kind: "csv", path: "." }, t.testdir({ "c.csv": `n,v\n${rows.join("\n")}` }), ["c"]);
  let count = 0;
  let isWhole = true;
  for (const range of await source.ranges("c", 4)) {
    for await (const batch of readRange(range, { batchRecords: 700 })) {
      isWhole &&= batch.rows.length <= 700;
      for (const record of recordsOf(batch) as { n: string; v: string }[]) {
        isWhole &&= record.n === `${count}` && record.v === `größe 🐝\n${"x".repeat(count % 40)}`;
        count += 1;
      }
    }
  }
  t.ok(isWhole);
  t.equal(count, 30_000);
});

t.test("a file that has no names, or one twice, is refused when it is opened", async (t) => {
  const dir = t.testdir({ "c.csv": "a,a\n1,2\n", "e.csv": "", "n.csv": "a,\n1,2\n", "k.csv": "a\n1\n" });
  const wanted = ["c", "e", "n"].map((name) => ({ name, query: undefined, key: [] }));
  const open = () =>
    openSource({ kind: "csv", path: "." }, dir, [...wanted, { name: "k", query: undefined, key: ["id"] }]);
  t.match(await rejection(open), {
    code: "SOURCE_INVALID",
    problems: [/c\.csv: .*two of "a"/, /e\.csv: .*first line/, /n\.csv: .*name of every column/, /k\.csv: .*"id"/],
  });
});

t.test("the elements of one array of JSON are records, however it is written", async (t) => {
  const text = '\n [ {"a":1}\n, {"a":9007199254740993}, 7, {"a" : "ü}],\\"["} ,{"a":{"b":[1,2]}} ]\n';
  const source = await openSource({ kind: "json", path: "." }, t.testdir({ "c.json": text, "e.json": "[]" }), [
    "c",
    "e",
  ]);
  const [first, second, third, ...more] = await recordsOfSource(source, "c");
  t.strictSame(first, { a: 1 });
  t.match(second, { code: "SOURCE_VALUE_INVALID", place: { file: "./c.json", line: 3, field: "a" } });
  t.match(third, { code: "SOURCE_RECORD_TYPE", place: { line: 3 } });
  t.strictSame(more, [{ a: 'ü}],"[' }, { a: { b: [1, 2] } }]);
  t.strictSame(await recordsOfSource(source, "e"), []);
});

t.test("a file that is not one array, or that is written to meanwhile, ends the reading", async (t) => {
  for (const text of ['{"a":1}', '[{"a":1}', '[{"a":1}] x', "", "\ufeff[]", '[{"a":1},]']) {
    const source = await openSource({ kind: "json", path: "." }, t.testdir({ "c.json": text }), ["c"]);
    t.match(await rejection(() => recordsOfSource(source, "c")), { code: "SOURCE_READ" }, JSON.stringify(text));
  }
  const dir = t.testdir({ "c.json": "[]", "c.csv": "a\n" });
  for (const kind of ["json", "csv"] as const) {
    const source = await openSource({ kind, path: "." }, dir, ["c"]);
    await source.assertUnchanged();
    appendFileSync(join(dir, `c.${kind}`), "\n");
    t.match(await rejection(() => source.assertUnchanged()), { code: "SOURCE_READ" });
  }
});
