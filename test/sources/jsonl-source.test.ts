import { once } from "node:events";
import { appendFileSync, chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import t, { type Test } from "tap";
import { BrokenRecord } from "../../tools/migration/model/source-record.ts";
import { openSource } from "../../tools/migration/sources/open-source.ts";
import type { Source } from "../../tools/migration/sources/source.ts";
import type { JsonlRange } from "../../tools/migration/sources/source-range.ts";
import { digestsOf, recordsIn, recordsOfSource, rejection } from "../helpers/read-source.ts";

/** A source of one file `c.jsonl`. */
async function sourceOf(t: Test, text: string | Buffer): Promise<Source> {
  const dir = t.testdir({ data: {} });
  writeFileSync(join(dir, "data/c.jsonl"), text);
  return openSource({ kind: "jsonl", path: "data" }, dir, ["c"]);
}

const SMALL = '{"a":1}\n{"b":"zwölf 🐕"}\r\n\t{ "c" : [ {} ] } \n{"__proto__":5}\n{"end":null}';
const PARSED = SMALL.split("\n").map((line): unknown => JSON.parse(line));

t.test("ranges cut anywhere give every record exactly once and in order", async (t) => {
  for (const text of [SMALL, `${SMALL}\n`]) {
    const source = await sourceOf(t, text);
    t.strictSame(await recordsOfSource(source, "c"), PARSED);
    for (let parts = 1; parts <= 9; parts++) t.strictSame(await recordsIn(await source.ranges("c", parts)), PARSED);
    const many = await source.ranges("c", 10_000);
    t.equal(many.length, Buffer.byteLength(text));
    t.strictSame(await recordsIn(many, { batchRecords: 1 }), PARSED);
    const [whole] = await source.ranges("c", 1);
    if (whole?.kind !== "jsonl") throw new Error("expected one range");
    for (let cut = 0; cut <= whole.end; cut++) {
      const halves: readonly JsonlRange[] = [
        { ...whole, end: cut },
        { ...whole, begin: cut },
      ];
      t.strictSame(await recordsIn(halves), PARSED, `cut at ${cut}`);
    }
  }
});

t.test("a thread reads a range by itself", async (t) => {
  const source = await sourceOf(t, SMALL);
  const worker = new URL("../fixtures/sources/range-worker.js", import.meta.url);
  const ranges = await source.ranges("c", 2);
  const parts = await Promise.all(
    ranges.map(async (range) => (await once(new Worker(worker, { workerData: range }), "message"))[0]),
  );
  t.strictSame(parts.flat(), PARSED);
});

t.test("an empty file has no records", async (t) => {
  const source = await sourceOf(t, "");
  t.strictSame(await recordsIn(await source.ranges("c", 4)), []);
});

/** A line, and the finding that it must become. */
const BROKEN: readonly (readonly [string | Buffer, string, object])[] = [
  ["", "SOURCE_LINE_INVALID", { rule: "JSON", expected: "a JSON value", got: "the end of the text" }],
  ["{", "SOURCE_LINE_INVALID", { rule: "JSON" }],
  ['\ufeff{"a":1}', "SOURCE_LINE_INVALID", { rule: "JSON", got: "a byte order mark" }],
  ['{"a":1}{"a":2}', "SOURCE_LINE_INVALID", { rule: "JSON" }],
  ['{"a":1,"a":2}', "SOURCE_LINE_INVALID", { rule: "DUPLICATE_KEY", field: "a" }],
  ['{"a":"\\ud800"}', "SOURCE_LINE_INVALID", { rule: "SURROGATE", field: "a" }],
  [`${"[".repeat(129)}${"]".repeat(129)}`, "SOURCE_LINE_INVALID", { rule: "NESTING" }],
  [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), "SOURCE_LINE_INVALID", { rule: "UTF8", expected: "UTF-8" }],
  [`"${"x".repeat(16 * 1024 * 1024)}"`, "SOURCE_LINE_INVALID", { rule: "TOO_LONG" }],
  ['{"a":{"b":[0,9007199254740993]}}', "SOURCE_VALUE_INVALID", { rule: "NUMBER", field: "a/b/1" }],
  ['{"a":-9007199254740992}', "SOURCE_VALUE_INVALID", { rule: "NUMBER", field: "a" }],
  ['{"a":1e400}', "SOURCE_VALUE_INVALID", { rule: "NUMBER", field: "a" }],
  ["[1]", "SOURCE_RECORD_TYPE", { expected: "an object" }],
];

t.test("a broken line becomes a finding with file and line, and the lines around it are read", async (t) => {
  for (const [line, code, place] of BROKEN) {
    const text = Buffer.concat([Buffer.from('{"before":1}\n'), Buffer.from(line), Buffer.from('\n{"after":1}\n')]);
    const source = await sourceOf(t, text);
    for (const parts of [1, 5]) {
      const [before, found, after, ...more] = await recordsIn(await source.ranges("c", parts));
      t.strictSame([before, after, more], [{ before: 1 }, { after: 1 }, []]);
      t.ok(found instanceof BrokenRecord);
      t.match(found, { code, place: { file: "data/c.jsonl", line: 2, offset: 13, ...place } });
    }
  }
});

t.test("a file that grows or is replaced during the run is noticed", async (t) => {
  const dir = t.testdir({ "c.jsonl": SMALL });
  const source = await openSource({ kind: "jsonl", path: "." }, dir, ["c"]);
  await source.assertUnchanged();
  appendFileSync(join(dir, "c.jsonl"), "\n{}");
  t.match(await rejection(() => source.assertUnchanged()), { code: "SOURCE_READ", remedy: /Block writes/ });
  rmSync(join(dir, "c.jsonl"));
  t.match(await rejection(() => source.assertUnchanged()), { code: "SOURCE_READ" });
  t.match(await rejection(() => source.ranges("c", 1)), { code: "SOURCE_READ" });
});

t.test("everything that is missing is named at once", async (t) => {
  const dir = t.testdir({ data: { "folder.jsonl": {}, "c.jsonl": "" } });
  const wanted = ["c", "none", "folder", "../data/c"];
  const error = await rejection(() => openSource({ kind: "jsonl", path: "data" }, dir, wanted));
  t.match(error, { code: "SOURCE_INVALID", message: "The source lacks 3 collections.", remedy: /./ });
  t.match(error, { problems: [/data\/none.jsonl: .* got no such file/, /got a folder/, /without slashes/] });
  for (const path of ["none", "data/c.jsonl"]) {
    t.match(await rejection(() => openSource({ kind: "jsonl", path }, dir, ["c"])), { code: "SOURCE_INVALID" });
  }
});

t.test("reading needs no right to write and changes nothing", async (t) => {
  const dir = t.testdir({ data: { "c.jsonl": SMALL } });
  const before = digestsOf(join(dir, "data"));
  chmodSync(join(dir, "data/c.jsonl"), 0o444);
  chmodSync(join(dir, "data"), 0o555);
  const source = await openSource({ kind: "jsonl", path: "data" }, dir, ["c"]);
  t.strictSame(await recordsOfSource(source, "c"), PARSED);
  await source.assertUnchanged();
  t.strictSame(digestsOf(join(dir, "data")), before);
  chmodSync(join(dir, "data"), 0o755);
});
