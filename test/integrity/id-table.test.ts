import * as fc from "fast-check";
import t from "tap";
import { IdTable } from "../../tools/migration/integrity/id-table.ts";
import { anyUuid } from "../helpers/arbitraries.ts";

t.test("law: the table answers like a Set, and marking like a count", async () => {
  await fc.assert(
    fc.property(
      fc.array(anyUuid, { maxLength: 300 }),
      fc.array(anyUuid, { maxLength: 50 }),
      fc.array(fc.nat()),
      (added, others, picks) => {
        const table = new IdTable();
        const set = new Set<string>();
        for (const id of added) {
          if (table.add(id) === set.has(id)) return false;
          set.add(id);
        }
        const marked = new Set<string>();
        const asked = [...others, ...picks.map((pick) => added[pick % Math.max(added.length, 1)] ?? "")];
        for (const id of asked) {
          const expected = !set.has(id) ? "unknown" : marked.has(id) ? "again" : "first";
          if (table.has(id) !== set.has(id) || table.mark(id) !== expected) return false;
          if (set.has(id)) marked.add(id);
        }
        const left = [...set].filter((id) => !marked.has(id));
        return table.size === set.size && JSON.stringify([...table.unmarked()]) === JSON.stringify(left);
      },
    ),
  );
});

function numbered(index: number): string {
  return `00000000-0000-0000-0000-${index.toString(16).padStart(12, "0")}`;
}

t.test("200 000 ids that differ in a few bits are held in at most 48 bytes each, and quickly", async (t) => {
  const before = process.memoryUsage().arrayBuffers;
  const table = new IdTable();
  for (let index = 0; index < 200_000; index++) table.add(numbered(index * 4096));
  t.equal(table.size, 200_000);
  t.ok(process.memoryUsage().arrayBuffers - before < 48 * 200_000 + 4 * 1024 * 1024, "with the garbage of growing");
  t.equal(table.has(numbered(4096)), true);
  t.equal(table.has(numbered(1)), false);
  for (let index = 0; index < 200_000; index++) if (index !== 70_000) table.mark(numbered(index * 4096));
  t.strictSame([...table.unmarked()], [numbered(70_000 * 4096)]);
});

t.test("what is not a lower-case UUID is never in the table and cannot be added", async (t) => {
  const table = new IdTable();
  const id = "0a000000-0000-0000-0000-00000000000f";
  table.add(id);
  const wrong = [
    "",
    "x",
    id.toUpperCase(),
    id.replace("f", "g"),
    id.replaceAll("-", "0"),
    `${id}0`,
    id.replace("0a", "é0"),
    id.replace("0a00", "0a-0"),
  ];
  for (const text of wrong) {
    t.equal(table.has(text), false, text);
    t.equal(table.mark(text), "unknown", text);
    t.throws(() => table.add(text), { code: "INTERNAL" }, text);
  }
  t.equal(table.size, 1);
});
