import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import t from "tap";

const WRITER = resolve("build/test/fixtures/stores/report-writer.js");

t.test("two commands that end at once both show their report, and one of them stays whole", async (t) => {
  const reports = t.testdir();
  const write = () => promisify(execFile)(process.execPath, [WRITER, reports, "100"]);
  await t.resolves(Promise.all([write(), write()]));
  t.strictSame(readdirSync(reports, { recursive: true }).map(String).sort(), [
    "latest-scan",
    "latest-scan/findings.jsonl",
    "latest-scan/summary.json",
  ]);
});
