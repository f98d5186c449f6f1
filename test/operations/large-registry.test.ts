import { createWriteStream, readFileSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import t, { type Test } from "tap";
import { candor, findingsOf, type Ran, writeProjectFile } from "../helpers/cli-project.ts";
import { smallProject } from "../helpers/small-project.ts";

/** `npm run faults` sets ten million. */
const ENTRIES = Number(process.env["CANDOR_TEST_ENTRIES"] ?? "150000");
/** Far below what this many entries take: a program that keeps records, ids as texts or fingerprints dies. */
const HEAP = "--max-old-space-size=28";
const TELL_PEAK = resolve("build/test/fixtures/memory/tell-peak.js");
/** Tables of ten million entries take 800 MiB and more. */
const MOST_KIB = 300 * 1024;
const PEOPLE = "migration/mapping/people.json";

/** 7919 and the count have no divisor in common: each number comes once, and not in order. */
function* records(count: number): Generator<string> {
  for (let at = 0; at < count; at += 1) yield `{"id":"C-${(at * 7919) % count}","code":"X","name":"Y"}\n`;
}

async function largeProject(t: Test): Promise<string> {
  const source = { kind: "jsonl", path: "data" };
  const migration = { format: "candor-migration/1", modules: ["people", "dogs"], source };
  const files = {
    "migration/migration.json": JSON.stringify(migration),
    "data/people.jsonl": "",
    "data/dogs.jsonl": "",
  };
  const root = smallProject(t, { files });
  await pipeline(Readable.from(records(ENTRIES)), createWriteStream(join(root, "data/people.jsonl")));
  rmSync(join(root, PEOPLE));
  return root;
}

function run(t: Test, root: string, args: readonly string[], code: number): Ran {
  const peak = join(root, "peak.txt");
  const env = { NODE_OPTIONS: `${HEAP} --import ${TELL_PEAK}`, CANDOR_TEST_PEAK: peak };
  const ran = candor(root, ["registry", ...args], { env, timeoutMs: 1_800_000 });
  t.equal(ran.code, code, `registry ${args.join(" ")}: ${ran.stdout}${ran.stderr}`);
  const kib = Number(readFileSync(peak, "utf8"));
  t.ok(kib < MOST_KIB, `registry ${args.join(" ")} took ${kib} KiB`);
  return ran;
}

/** Writes another version into the first entry. */
async function alter(path: string): Promise<void> {
  const file = await open(path, "r+");
  const { buffer } = await file.read(Buffer.alloc(200), 0, 200, 0);
  await file.write("2", buffer.indexOf('"version":1') + '"version":'.length);
  await file.close();
}

t.test("a registry of any size is made, frozen, grown and checked in the same memory", { timeout: 7e6 }, async (t) => {
  const root = await largeProject(t);
  run(t, root, ["generate", "people"], 0);
  run(t, root, ["freeze"], 0);
  writeProjectFile(root, "data/people.jsonl", '{"id":"C-new","code":"X","name":"Y"}\n');
  t.match(run(t, root, ["generate", "people"], 0).stdout, new RegExp(`people +${ENTRIES + 1} +1 `));
  await alter(join(root, PEOPLE));
  run(t, root, ["check"], 16);
  t.match(findingsOf(root, "registry-check"), [{ code: "REGISTRY_CHANGED", legacyId: "C-0", record: 1 }]);
});
