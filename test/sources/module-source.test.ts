import { execFileSync } from "node:child_process";
import { join } from "node:path";
import t from "tap";
import { BrokenRecord } from "../../tools/migration/model/source-record.ts";
import { openModuleSource } from "../../tools/migration/sources/module-source.ts";
import { openSource } from "../../tools/migration/sources/open-source.ts";
import { rejection } from "../helpers/read-source.ts";

t.test("a collection that fails while it is read is SOURCE_READ, and its message is not repeated", async (t) => {
  const text = `const failing = (function* () { yield { id: 1 }; throw new RangeError("Ada Quill"); })();
export const db = { failing };
`;
  const dir = t.testdir({ "db.mjs": text });
  const source = await openModuleSource(join(dir, "db.mjs"), "db.mjs", ["failing"]);
  const readAll = async (): Promise<void> => {
    for await (const batch of source.read("failing")) t.equal(batch.length, 1);
  };
  const error: unknown = await readAll().catch((reason: unknown) => reason);
  t.match(error, { code: "SOURCE_READ", message: /collection failing .*RangeError/ });
  t.notMatch(error, { message: /Ada/ });
  await source.close();
});

t.test("a record that would lose something on its way is a broken record, whatever it would lose", async (t) => {
  const text = `class Row { #v = 1; constructor() { this.id = 1; } get v() { return this.#v; } }
const hidden = Object.defineProperty({ id: 1 }, "v", { value: 1, enumerable: false });
const records = [new Row(), Object.create({ v: 1 }), hidden, { id: 1, [Symbol("v")]: 1 }, { id: 1, get v() { return 1; } }];
export const db = { rows: [...records, { id: 1, v: 1 }, Object.assign(Object.create(null), { id: 2 })] };
`;
  const source = await openModuleSource(join(t.testdir({ "db.mjs": text }), "db.mjs"), "db.mjs", ["rows"]);
  const rows: unknown[] = [];
  for await (const batch of source.read("rows")) rows.push(...batch);
  t.strictSame(
    rows.map((row) => (row instanceof BrokenRecord ? row.code : "fine")),
    [...new Array<string>(5).fill("SOURCE_RECORD_TYPE"), "fine", "fine"],
  );
  await source.close();
});

t.test("what is no file is refused instead of waited for, whatever the kind of source", async (t) => {
  const dir = t.testdir({ folder: {}, files: {} });
  execFileSync("mkfifo", [join(dir, "pipe.mjs"), join(dir, "pipe.db")]);
  for (const kind of ["jsonl", "json", "csv"]) execFileSync("mkfifo", [join(dir, `files/c.${kind}`)]);
  for (const path of ["pipe.mjs", "folder"]) {
    t.match(await rejection(() => openSource({ kind: "module", path }, dir, ["c"])), { code: "SOURCE_INVALID" });
  }
  t.match(await rejection(() => openSource({ kind: "sqlite", path: "pipe.db" }, dir, ["c"])), {
    code: "SOURCE_INVALID",
  });
  for (const kind of ["jsonl", "json", "csv"] as const) {
    t.match(await rejection(() => openSource({ kind, path: "files" }, dir, ["c"])), { code: "SOURCE_INVALID" }, kind);
  }
});
