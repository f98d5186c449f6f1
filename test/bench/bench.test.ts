import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { indexesById } from "../../bench/generate/id-order.ts";
import { generateProject } from "../../bench/generate/project.ts";
import { legacyIdAt, uuidOf } from "../../bench/generate/records.ts";
import { modulesOf, SHAPES, type Shape } from "../../bench/generate/shapes.ts";
import { type SourceKind, writeRows } from "../../bench/generate/source-data.ts";
import { median, ratios } from "../../bench/measure/statistics.ts";
import { hashFloor, opensslRate } from "../../bench/peers/openssl.ts";
import { deriveUuid } from "../../tools/migration/registry/derive-uuid.ts";

const SIZE = 300;
const ORACLE = "../shared/oracle/verify_candidate.py";
const noOracle = existsSync(ORACLE) ? false : "../shared/oracle is not there";

function generate(root: string, shape: Shape, source: SourceKind = "module") {
  return generateProject(root, { modules: modulesOf(shape, SIZE), source });
}

function run(...args: readonly string[]) {
  return spawnSync(process.execPath, args, { encoding: "utf8" });
}

t.test("every shape is a candidate to the independent checker", { skip: noOracle }, (t) => {
  for (const shape of SHAPES) {
    const dir = t.testdir();
    const { root } = generate(dir, shape);
    const checked = spawnSync("python3", [ORACLE, join(dir, "generated/v1")], { encoding: "utf8" });
    t.equal(checked.status, 0, `${shape}: ${checked.stdout}`);
    t.match(checked.stdout, root, "with the root that the generator said");
  }
  t.end();
});

t.test("the same plan gives the same bytes", (t) => {
  const [first, second] = [t.testdir({ a: {}, b: {} })].flatMap((dir) => [join(dir, "a"), join(dir, "b")]);
  generate(first ?? "", "wide", "sqlite");
  generate(second ?? "", "wide", "sqlite");
  const diff = spawnSync("diff", ["-r", first ?? "", second ?? ""], { encoding: "utf8" });
  t.equal(diff.stdout, "");
  t.equal(diff.status, 0);
  t.end();
});

t.test("ids are those of the registry, and their order is that of their text", (t) => {
  const legacyId = (index: number) => legacyIdAt("kunden", index);
  t.equal(uuidOf("kunden", legacyId(7)), deriveUuid("kunden", legacyId(7)));
  const ids = [...indexesById(5000, legacyId, "kunden")].map((index) => uuidOf("kunden", legacyId(index)));
  t.same(ids, [...new Set(ids)].sort());
  t.equal(ids.length, 5000);
  t.end();
});

t.test("entities that share the first 32 bits of their id are put in order", (t) => {
  // One such pair is among these, and its indexes are not in the order of its ids.
  const legacyId = (index: number) => legacyIdAt("e", index);
  const ids = [...indexesById(100_000, legacyId, "e")].map((index) => uuidOf("e", legacyId(index)));
  const shared = ids.filter((id, at) => at > 0 && ids[at - 1]?.slice(0, 8) === id.slice(0, 8));
  t.equal(shared.length, 1);
  t.ok(ids.every((id, at) => at === 0 || (ids[at - 1] ?? "") < id));
  t.end();
});

t.test("the harness measures, and migrate publishes what the independent writer wrote", (t) => {
  const dir = t.testdir();
  const output = join(dir, "result.json");
  const args = ["--size", "1000", "--runs", "1", "--only", "verify,scan,migrate", "--no-peers"];
  const { status, stdout, stderr } = run("build/bench/run.js", ...args, "--dir", join(dir, "work"), "--output", output);
  t.equal(status, 0, stderr);
  t.match(stdout, /^work +entities +ours s/m);
  const result = JSON.parse(readFileSync(output, "utf8"));
  t.equal(result.format, "candor-bench/1");
  t.match(result.roots, [{ size: 1000, independent: /^[0-9a-f]{64}$/ }]);
  t.equal(result.roots[0].published, result.roots[0].independent);
  const [{ seconds }] = result.stages;
  for (const work of ["verify", "scan", "migrate", "dry-run"]) t.ok(seconds[work].start > 0, `stages of ${work}`);
  t.ok(seconds.scan.match > 0 && seconds.migrate.write > 0, "the work is told apart");
  t.match(stdout, /^seconds in each stage, all threads together, 1000 entities$/m);
  const failed = result.lines.filter((line: { verdict: string }) => line.verdict === "failed");
  t.same(failed, [], "no program failed");
  t.notMatch(JSON.stringify(result), dir, "no path of this machine in it");
  t.end();
});

t.test("reading is measured beside the driver of every engine that answers", (t) => {
  const dir = t.testdir();
  const output = join(dir, "result.json");
  const args = ["--size", "500", "--runs", "1", "--only", "sources", "--no-install", "--output", output];
  const { status, stderr } = run("build/bench/run.js", ...args, "--dir", join(dir, "work"));
  t.equal(status, 0, stderr);
  const { lines } = JSON.parse(readFileSync(output, "utf8"));
  const read = lines.filter(({ work }: { work: string }) => work.startsWith("read a table of "));
  t.ok(read.length > 0);
  t.match(
    read,
    Array.from(read, () => ({ verdict: "for information", note: /^\d+ rows\/s$/ })),
  );
  t.end();
});

t.test("the naive peer writes the same bytes, and finds no fault in them", (t) => {
  const dir = t.testdir();
  const modules = modulesOf("wide", SIZE);
  generate(dir, "wide");
  writeRows(join(dir, "generated/rows"), modules);
  for (const work of ["scan", "migrate"]) {
    const peer = run("build/bench/peers/naive-child.js", work, dir, "wide", String(SIZE));
    t.match(peer, { status: 0, stdout: /^seconds [0-9.]+\n$/ });
  }
  for (const { name } of modules) {
    const data = readFileSync(join(dir, `generated/naive/${name}.data.jsonl`));
    const digests = readFileSync(join(dir, `generated/naive/${name}.entities.jsonl`));
    t.ok(data.equals(readFileSync(join(dir, `generated/v1/${name}/data.jsonl`))), `data of ${name}`);
    t.ok(
      digests.equals(readFileSync(join(dir, `generated/v1/${name}/checksums/entities.jsonl`))),
      `digests of ${name}`,
    );
  }
  t.end();
});

t.test("wrong options are named", (t) => {
  const wrong = run("build/bench/run.js", "--shape", "round");
  t.equal(wrong.status, 2);
  t.match(wrong.stderr, "--shape: expected one of standard, small, large, many-modules, wide, got round");
  t.equal(run("build/bench/run.js", "--size", "0").status, 2);
  t.end();
});

t.test("figures come from the rounds that have both sides", (t) => {
  t.equal(median([3, 1, 2]), 2);
  t.equal(median([1, 2]), 1.5);
  t.equal(median([]), undefined);
  t.same(ratios([2, undefined, 6], [1, 1, 2]), [2, 3]);
  t.end();
});

t.test("the hash floor is what performance.md says", (t) => {
  t.equal(opensslRate("+H:422\n+F:6:sha256:1500000000.00\n"), 1.5e9);
  t.equal(opensslRate("sha256 1500000.00k"), undefined);
  const rates = { line: 400, leaf: 122, node: 65, bulk: 1000 };
  // Each entity: one second each for the line, the leaf and the node, on two cores; then 5000 bytes at 1000 a second.
  t.equal(hashFloor({ entities: 10, lineBytes: 400, fileBytes: 5000 }, rates, 2), 15 + 5);
  t.end();
});
