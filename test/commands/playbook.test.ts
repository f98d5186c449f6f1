import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import t from "tap";
import {
  CLI,
  candidateNames,
  candor,
  exampleProject,
  findingsOf,
  readJson,
  shell,
  treeOf,
} from "../helpers/cli-project.ts";

const MODULES = ["finanzen", "hunde", "kalender", "kommunikation", "kunden", "kurse", "trainer", "waren"];

t.test("steps 2 to 5 of the cutover playbook run as written", async (t) => {
  const root = exampleProject(t);
  mkdirSync(join(root, "tools/migration"), { recursive: true });
  // As written: `node tools/migration/cli.js` in the project's folder.
  writeFileSync(join(root, "tools/migration/cli.js"), `import ${JSON.stringify(CLI)};\n`);
  const run = shell(
    root,
    `set -e
    rm -rf storage_candidate/v1 storage_reports/latest-*
    node tools/migration/cli.js dry-run
    node tools/migration/cli.js migrate
    node tools/migration/cli.js scan-all
    cp -a storage_candidate/v1 storage_candidate/v1-run1
    rm -rf storage_candidate/v1 storage_reports/latest-*
    node tools/migration/cli.js dry-run
    node tools/migration/cli.js migrate
    node tools/migration/cli.js scan-all
    diff -r storage_candidate/v1-run1 storage_candidate/v1 > difference
    test ! -s difference
    rm -rf storage_candidate/v1-run1`,
  );
  t.equal(run.code, 0, run.stderr);
  t.match(run.stdout, /^dry-run: 0 BLOCKER, 0 WARNING$/m);
  t.match(run.stdout, /^migrate: 0 BLOCKER, 0 WARNING$/m);
  t.match(run.stdout, /^scan-all: 0 BLOCKER, 0 WARNING$/m);

  const summary = readJson(root, "storage_reports/latest-scan/summary.json");
  t.match(summary, {
    runId: "scan-all",
    totalBlockers: 0,
    totalWarnings: 0,
    totalInfos: 0,
    totalWaived: 0,
    unverified: [],
  });
  t.strictSame(findingsOf(root, "scan"), []);
  const record = readJson(root, "storage_candidate/v1/checksums/run.json");
  t.equal(record.runId, "run-local");
  t.equal(record.root, summary.root);
  t.strictSame(
    record.modules.map(({ name }: { name: string }) => name),
    MODULES,
  );
  for (const { name, root: moduleRoot, size } of record.modules) {
    const merkle = readJson(root, "storage_candidate/v1", name, "checksums/merkle.json");
    t.equal(merkle.root, moduleRoot, `${name}: run.json and merkle.json name one root`);
    t.equal(merkle.size, size);
  }

  const before = treeOf(join(root, "storage_candidate/v1"));
  for (const drill of [1, 2]) {
    const failed = shell(root, "MIGRATE_FAIL_AFTER_MODULE=kurse node tools/migration/cli.js migrate");
    t.equal(failed.code, 1);
    t.match(failed.stderr, /^error INJECTED_FAILURE: .*MIGRATE_FAIL_AFTER_MODULE=kurse/m);
    t.match(failed.stderr, /next: `node tools\/migration\/cli\.js migrate`.*`node tools\/migration\/cli\.js restore`/);
    t.strictSame(candidateNames(root), [".previous"], `drill ${drill} leaves no v1 and no build folder`);
    t.notOk(existsSync(join(root, "storage_reports/latest-migrate")), "no report of an earlier run is left to be read");
    t.strictSame(treeOf(join(root, "storage_candidate/.previous")), before, "the last good candidate is kept");
  }
  const restored = shell(root, "node tools/migration/cli.js restore");
  t.equal(restored.code, 0, restored.stderr);
  t.match(restored.stdout, `run root ${record.root}`);
  t.strictSame(treeOf(join(root, "storage_candidate/v1")), before, "restore brings it back as it was");
  t.strictSame(candidateNames(root), ["v1"]);
  const rebuilt = shell(root, "node tools/migration/cli.js migrate && node tools/migration/cli.js scan-all");
  t.equal(rebuilt.code, 0, rebuilt.stderr);
  t.strictSame(treeOf(join(root, "storage_candidate/v1")), before);
  t.strictSame(candidateNames(root), [".previous", "v1"]);
});

t.test("the candidate has the modes of the format and nothing else in it", async (t) => {
  const root = exampleProject(t);
  t.equal(candor(root, ["migrate"], { umask: "077" }).code, 0);
  const tree = treeOf(join(root, "storage_candidate"));
  t.equal(tree["."], "folder 700");
  const files = MODULES.flatMap((name) => [
    `${name}/data.jsonl`,
    `${name}/checksums/chunks.jsonl`,
    `${name}/checksums/entities.jsonl`,
    `${name}/checksums/merkle.json`,
  ]);
  const expected = [...files, "checksums/run.json"].sort();
  const paths = Object.entries(tree).filter(([path]) => path.startsWith("v1"));
  const made = paths.filter(([, what]) => what.startsWith("file"));
  t.strictSame(made.map(([path]) => path.slice(3)).sort(), expected);
  t.ok(made.every(([, what]) => what.startsWith("file 644 ")));
  t.ok(paths.filter(([, what]) => !what.startsWith("file")).every(([, what]) => what === "folder 755"));
});

t.test("two builds from the same inputs are equal whatever surrounds them", async (t) => {
  const root = exampleProject(t);
  t.equal(candor(root, ["migrate"]).code, 0);
  const expected = treeOf(join(root, "storage_candidate/v1"));
  const again = async (name: string, run: () => ReturnType<typeof candor>): Promise<void> => {
    rmSync(join(root, "storage_candidate"), { recursive: true, force: true });
    const { code, stderr } = run();
    t.equal(code, 0, code === 0 ? name : stderr);
    t.strictSame(treeOf(join(root, "storage_candidate/v1")), expected, name);
  };
  await again("TZ", () => candor(root, ["migrate"], { env: { TZ: "Asia/Kolkata" } }));
  for (const LANG of ["de_DE.UTF-8", "tr_TR.UTF-8"]) {
    await again(LANG, () => candor(root, ["migrate"], { env: { LANG, LC_ALL: LANG } }));
  }
  await again("umask", () => candor(root, ["migrate"], { umask: "077" }));
  await again("another working directory", () => candor("/", ["migrate", "--root", root]));
  await again("a folder below", () => candor(join(root, "modules/kurse"), ["migrate"]));
  await again("shuffled rows", () => {
    shuffleSource(root);
    return candor(root, ["migrate"]);
  });
  const moved = `${root}-moved`;
  rmSync(join(root, "storage_candidate"), { recursive: true });
  renameSync(root, moved);
  t.teardown(() => rmSync(moved, { recursive: true, force: true }));
  t.equal(candor(moved, ["migrate"]).code, 0);
  t.strictSame(treeOf(join(moved, "storage_candidate/v1")), expected, "another place");
});

/** Puts the rows of every collection in another order: the odd ones backwards, then the even ones. */
function shuffleSource(root: string): void {
  const folder = join(root, "modules/shared/api/db");
  renameSync(join(folder, "index.js"), join(folder, "ordered.js"));
  writeFileSync(
    join(folder, "index.js"),
    `import { db as ordered } from "./ordered.js";
    const shuffle = (rows) => [...rows.filter((_, at) => at % 2 === 1).reverse(), ...rows.filter((_, at) => at % 2 === 0)];
    const turned = (row) => Object.fromEntries(Object.entries(row).reverse());
    export const db = Object.fromEntries(Object.entries(ordered).map(([name, rows]) => [name, shuffle(rows).map(turned)]));\n`,
  );
}

t.test("the run id is a label: it changes run.json alone, and not the root", async (t) => {
  const root = exampleProject(t);
  t.equal(candor(root, ["migrate"]).code, 0);
  const before = treeOf(join(root, "storage_candidate/v1"));
  const first = readJson(root, "storage_candidate/v1/checksums/run.json");
  t.equal(candor(root, ["migrate"], { env: { MIGRATE_RUN_ID: "night-7" } }).code, 0);
  const second = readJson(root, "storage_candidate/v1/checksums/run.json");
  t.strictSame(second, { ...first, runId: "night-7" });
  const after = treeOf(join(root, "storage_candidate/v1"));
  t.strictSame({ ...after, "checksums/run.json": before["checksums/run.json"] }, before);
  t.equal(readJson(root, "storage_reports/latest-migrate/summary.json").runId, "night-7");
});

t.test("dry-run opens the source read-only and writes nothing but its report", async (t) => {
  const root = exampleProject(t);
  const inputs = (): Record<string, string> => treeOf(root, (path) => path.startsWith("storage_reports"));
  const before = inputs();
  const { code, stderr } = candor(root, ["dry-run"], { umask: "000" });
  t.equal(code, 0, code === 0 ? "dry-run" : stderr);
  t.strictSame(inputs(), before);
  t.notOk(existsSync(join(root, "storage_candidate")));
  const reports = treeOf(join(root, "storage_reports"));
  t.strictSame(
    Object.fromEntries(Object.entries(reports).map(([path, what]) => [path, what.split(" ").slice(0, 2).join(" ")])),
    {
      ".": "folder 700",
      "latest-dry-run": "folder 700",
      "latest-dry-run/findings.jsonl": "file 600",
      "latest-dry-run/statement.json": "file 600",
      "latest-dry-run/summary.json": "file 600",
    },
  );
  t.equal(candor(root, ["dry-run"]).code, 0);
  t.equal(treeOf(join(root, "storage_reports"))["latest-dry-run/summary.json"], reports["latest-dry-run/summary.json"]);
  const sealed = resolve(root, "../sealed-copy");
  cpSync(root, sealed, { recursive: true });
  t.teardown(() => rmSync(sealed, { recursive: true, force: true }));
  t.equal(candor(sealed, ["scan-all"]).code, 17, "a scan never builds what it misses");
  t.notOk(existsSync(join(sealed, "storage_candidate")));
  t.equal(
    readFileSync(join(sealed, "modules/kurse/module.json"), "utf8"),
    readFileSync("modules/kurse/module.json", "utf8"),
  );
});
