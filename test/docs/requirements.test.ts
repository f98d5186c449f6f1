import { existsSync, readFileSync } from "node:fs";
import t from "tap";
import { tableOf } from "../helpers/markdown.ts";

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
    const named = (test ?? "").split(/; (?=`)/).map((one) => /^`([^`]+\.test\.ts)`: (.+)$/.exec(one));
    t.ok(short !== "" && named.every((one) => one !== null), `${check} names a file and a title`);
    for (const [, file = "", title = ""] of named.flatMap((one) => (one === null ? [] : [one]))) {
      t.ok(existsSync(`test/${file}`) && titlesOf(`test/${file}`).includes(title), `${check}: ${file} has ${title}`);
    }
  }
});

/** The titles of the tests of a file, as they are written. */
function titlesOf(file: string): readonly string[] {
  return [...readFileSync(file, "utf8").matchAll(/t\.test\(\s*"((?:[^"\\]|\\.)*)"/g)].map(([, title]) => title ?? "");
}
