import { existsSync, readFileSync } from "node:fs";
import t from "tap";
import { codeWordsOf, tableOf } from "../helpers/markdown.ts";

/** How many checks each document has. */
const COUNTS = { G: 14, "000": 38, "001": 16, "002": 15, "003": 18, "004": 19 } as const;

t.test("docs/requirements.md has each of the 120 checks once, with a test", async (t) => {
  const rows = tableOf(readFileSync("docs/requirements.md", "utf8"), "check");
  const expected = Object.entries(COUNTS).flatMap(([document, count]) =>
    Array.from({ length: count }, (_, at) => {
      const number = String(at + 1).padStart(2, "0");
      return document === "G" ? `G${number}` : `${document}-${number}`;
    }),
  );
  t.equal(expected.length, 120);
  t.strictSame(
    rows.map(([check]) => check),
    expected,
  );
  for (const [check, short, test] of rows) {
    const files = codeWordsOf(test ?? "");
    t.ok(short !== "" && files.length > 0, `${check} names a test`);
    for (const file of files) t.ok(existsSync(`test/${file}`), `${check}: ${file} is there`);
  }
});
