import { createReadStream, createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import t from "tap";
import { candor, readJson } from "../helpers/cli-project.ts";
import { smallProject } from "../helpers/small-project.ts";

/** `npm run faults` sets ten million. */
const FINDINGS = Number(process.env["CANDOR_TEST_FINDINGS"] ?? "300000");
/** Far below what this many findings or records take in memory: a program that keeps them dies. */
const HEAP = "--max-old-space-size=40";

function* strangers(count: number): Generator<string> {
  for (let at = 0; at < count; at += 1) yield `{"id":"stranger-${at}","code":"X","name":"Y"}\n`;
}

async function countLines(path: string): Promise<number> {
  let count = 0;
  for await (const _ of createInterface({ input: createReadStream(path) })) count += 1;
  return count;
}

t.test("a report of very many findings streams to the disk", { timeout: 1_800_000 }, async (t) => {
  const root = smallProject(t);
  const migration = {
    format: "candor-migration/1",
    modules: ["people", "dogs"],
    source: { kind: "jsonl", path: "data" },
  };
  await pipeline(Readable.from([JSON.stringify(migration)]), createWriteStream(join(root, "migration/migration.json")));
  mkdirSync(join(root, "data"), { recursive: true });
  await pipeline(Readable.from(strangers(FINDINGS)), createWriteStream(join(root, "data/people.jsonl")));
  await pipeline(Readable.from([""]), createWriteStream(join(root, "data/dogs.jsonl")));
  const ran = candor(root, ["dry-run", "--quiet"], { env: { NODE_OPTIONS: HEAP }, timeoutMs: 1_700_000 });
  t.equal(ran.code, 16, ran.stderr);
  const { totalBlockers } = readJson(root, "storage_reports/latest-dry-run/summary.json");
  t.ok(totalBlockers >= FINDINGS, `${totalBlockers} findings`);
  const lines = await countLines(join(root, "storage_reports/latest-dry-run/findings.jsonl"));
  t.ok(lines >= totalBlockers, `${lines} lines`);
  t.ok(ran.stdout.length < 100_000, "the screen shows the first of them");
});
