import { existsSync, readFileSync } from "node:fs";
import t from "tap";
import { tableOf } from "../helpers/markdown.ts";

t.test("docs/faults.md names tests that are there and say which fault they are about", async (t) => {
  const rows = tableOf(readFileSync("docs/faults.md", "utf8"), "fault");
  t.ok(rows.length > 50, `${rows.length} faults`);
  t.equal(new Set(rows.map(([fault]) => fault)).size, rows.length, "each once");
  for (const [fault = "", short, shown = ""] of rows) {
    t.ok(short !== "", fault);
    const files = [...shown.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, file]) => `test/${file}`);
    if (files.length === 0) t.match(shown, /^not here: ./, `${fault} says why it is not tested here`);
    for (const file of files) t.ok(existsSync(file) && names(readFileSync(file, "utf8"), fault), `${fault} in ${file}`);
  }
});

/** Whether a test of this file is named after the fault, alone or in a range. */
function names(source: string, fault: string): boolean {
  const number = Number(fault.slice(1));
  const ranges = [...source.matchAll(/F([0-9]+) to F([0-9]+)/g)];
  return (
    new RegExp(`\\b${fault}\\b`).test(source) ||
    ranges.some(([, from, to]) => Number(from) <= number && number <= Number(to))
  );
}
