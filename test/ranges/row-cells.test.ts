import fc from "fast-check";
import t from "tap";
import { type CellBlock, RowCells } from "../../tools/migration/ranges/row-cells.ts";
import type { CellPage } from "../../tools/migration/sources/sqlite-cells.ts";

const anyCell = fc.oneof(fc.string({ maxLength: 12 }), fc.integer(), fc.constant(null), fc.constant(1.5));
const anyRow = fc.oneof({ weight: 9, arbitrary: fc.tuple(anyCell, anyCell) }, { weight: 1, arbitrary: fc.constant(0) });
const anyRows = fc.array(anyRow, { maxLength: 100, size: "max" });

function pageOf(text: string, count: number): CellPage {
  return { json: Buffer.from(text, "utf8"), count, rows: () => [], column: () => [] };
}

/** The text of each cell of the row that was read last, a text without its quotes. */
function textsOf(cells: RowCells): string[] {
  return [...cells.from].map((from, column) => cells.bytes.toString("utf8", from, cells.to[column]));
}

t.test("every row of a page is read in its turn, and told of before", async () => {
  const told: string[][] = [];
  const settle = ({ bytes, width, from, to }: CellBlock, count: number): void => {
    for (let row = 0; row < count; row += 1)
      told.push([0, 1].map((at) => bytes.toString("utf8", from[row * width + at], to[row * width + at])));
  };
  const cells = new RowCells(2, [{ settle }]);
  await fc.assert(
    fc.property(anyRows, (rows) => {
      told.length = 0;
      if (!cells.open(pageOf(JSON.stringify(rows), rows.length))) return false;
      for (const [at, row] of rows.entries()) {
        if (cells.next() !== (row === 0 ? "none" : "cells") || cells.row !== at) return false;
        if (cells.bytes.toString("utf8", cells.begin, cells.begin + cells.length) !== JSON.stringify(row)) return false;
        if (row === 0) continue;
        const expected = row.map((cell) => JSON.stringify(cell).replace(/^"|"$/g, "")).join("|");
        if (textsOf(cells).join("|") !== expected || told[at]?.join("|") !== expected) return false;
      }
      return told.length === rows.length && (rows.length === 0 || cells.isEnd);
    }),
    { numRuns: 300 },
  );
});

t.test("the rows before a page ends too early are read, then it is lost", async () => {
  const cells = new RowCells(2);
  await fc.assert(
    fc.property(anyRows, fc.nat(), (rows, cut) => {
      const text = JSON.stringify(rows);
      const kept = text.slice(0, cut % text.length);
      if (!cells.open(pageOf(kept, rows.length))) return true;
      let end = 0;
      for (const row of rows) {
        const found = cells.next();
        end += 1 + JSON.stringify(row).length;
        const isWhole = end <= kept.length;
        if (!isWhole && found === "lost") return !cells.isEnd;
        if (found !== (row === 0 ? "none" : "cells")) return false;
      }
      return !cells.isEnd;
    }),
    { numRuns: 300 },
  );
});

t.test("a page that goes on behind its last row does not end there", async (t) => {
  const cells = new RowCells(1);
  for (const [text, isEnd] of [
    ["[[1]]", true],
    ["[[1]] ", false],
    ["[[1]]]", false],
    ["[[1],[2]]", false],
    ["[[1],0]", false],
  ] as const) {
    cells.open(pageOf(text, 1));
    t.equal(cells.next(), "cells");
    t.equal(cells.isEnd, isEnd, text);
  }
});
