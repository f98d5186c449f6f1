import { existsSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import t from "tap";
import { RecordList } from "../../tools/migration/stores/record-list.ts";
import { SortedBytes } from "../../tools/migration/stores/sorted-bytes.ts";
import { SpillFolder } from "../../tools/migration/stores/spill-folder.ts";

/** Few values, so that many records begin alike, end within one another, or are equal. */
const record = fc.array(fc.constantFrom(0, 0, 1, 255), { maxLength: 14 }).map((bytes) => Buffer.from(bytes));

function copies(records: Iterable<Buffer>): string[] {
  return Array.from(records, (one) => one.toString("hex"));
}

t.test("records come back in the order of their bytes, again and again, however little memory there is", async (t) => {
  const dir = t.testdir();
  fc.assert(
    fc.property(
      fc.array(record, { maxLength: 600, size: "max" }),
      fc.constantFrom(1, 900, 1e6),
      (records, memoryBytes) => {
        const folder = new SpillFolder(join(dir, "reports"));
        const sorted = new SortedBytes(folder, { memoryBytes });
        for (const one of records) sorted.add(one);
        const expected = copies([...records].sort(Buffer.compare));
        for (const _ of [1, 2]) t.strictSame(copies(sorted.records()), expected);
        folder.close();
      },
    ),
    { numRuns: 60 },
  );
  t.strictSame(existsSync(join(dir, "reports")) ? readdirSync(join(dir, "reports")) : [], [], "nothing is left");
});

t.test("a list gives its records in their order, those above a block too, from a private file", async (t) => {
  const dir = t.testdir();
  const folder = new SpillFolder(dir);
  const list = new RecordList(folder);
  const sizes = [0, 1, 65_532, 5, 65_533, 7, 200_000, 0, 3, 40_000, 40_000, 1];
  const records = sizes.map((size, at) => Buffer.alloc(size, at + 1));
  for (const one of records) list.add(one);
  for (const _ of [1, 2]) t.strictSame(copies(list.records()), copies(records));
  const [name = ""] = readdirSync(dir);
  t.equal(lstatSync(join(dir, name)).mode & 0o777, 0o700);
  t.equal(lstatSync(join(dir, name, "run-1")).mode & 0o777, 0o600);
  folder.close();
  t.strictSame(readdirSync(dir), []);
});
