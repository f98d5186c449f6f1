import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { candidateNames, candor, type Ran, shell, startCandor, treeOf, until } from "../helpers/cli-project.ts";
import { registryText, smallProject, writeSmallProject } from "../helpers/small-project.ts";
import { mountTmpfs, noTmpfs, remountReadOnly } from "../helpers/tmpfs.ts";

/** People who come one by one, and then a wait that ends only when the file `go` is there. */
const WAITING = `(async function* () {
  yield { id: "P-1", code: "ONE", name: "Ada" };
  writeFileSync(new URL("../waiting", import.meta.url), "");
  while (!existsSync(new URL("../go", import.meta.url))) await new Promise((done) => setTimeout(done, 20));
  yield { id: "P-2", code: "TWO", name: "Bo" };
})()`;
const WITH_FILES = `import { existsSync, writeFileSync } from "node:fs";`;

interface Held {
  readonly root: string;
  readonly good: Record<string, string>;
  readonly ended: Promise<Ran>;
  readonly kill: (signal: NodeJS.Signals) => void;
}

/** A project with a good candidate and a second migrate that stands in the middle of its source. */
async function heldMigrate(t: Test): Promise<Held> {
  const root = smallProject(t);
  t.equal(candor(root, ["migrate"]).code, 0);
  const good = treeOf(join(root, "storage_candidate/v1"));
  writeSmallProject(root, { people: WAITING, setup: WITH_FILES });
  const { child, ended } = startCandor(t, root, ["migrate"]);
  await until(() => existsSync(join(root, "waiting")));
  return { root, good, ended, kill: (signal) => child.kill(signal) };
}

t.test("of two runs at the same time the second is refused, and the first is not disturbed", async (t) => {
  const { root, good, ended } = await heldMigrate(t);
  const before = treeOf(join(root, "storage_candidate"));
  for (const command of ["migrate", "restore", "prune"]) {
    const second = candor(root, [command]);
    t.equal(second.code, 30, command);
    t.match(second.stderr, /^error LOCK_HELD: .* locked by process \d+ on host .*running `migrate`/m);
    t.match(second.stderr, /^ {2}next: Wait until that command has ended/m);
  }
  t.strictSame(treeOf(join(root, "storage_candidate")), before);
  t.equal(candor(root, ["scan-all"]).code, 17, "there is no candidate while one is built");
  writeFileSync(join(root, "go"), "");
  const first = await ended;
  t.equal(first.code, 0, first.stderr);
  t.strictSame(treeOf(join(root, "storage_candidate/v1")), good);
  t.strictSame(candidateNames(root), [".previous", "v1"]);
});

t.test("a run that is killed leaves no v1, and the next one clears up and builds", async (t) => {
  const { root, good, ended, kill } = await heldMigrate(t);
  kill("SIGKILL");
  t.equal((await ended).signal, "SIGKILL");
  t.strictSame(candidateNames(root), [".build-N", ".build-N.owner", ".lock", ".previous"]);
  t.strictSame(treeOf(join(root, "storage_candidate/.previous")), good);
  writeFileSync(join(root, "go"), "");
  const next = candor(root, ["migrate"]);
  t.equal(next.code, 0, next.stderr);
  t.strictSame(treeOf(join(root, "storage_candidate/v1")), good);
  t.strictSame(candidateNames(root), [".previous", "v1"]);
  t.strictSame(treeOf(join(root, "storage_candidate/.previous")), good, "the older generation is still whole");
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  t.test(`${signal} while the source is silent ends the run at once, with 130 and nothing left behind`, async (t) => {
    const { root, good, ended, kill } = await heldMigrate(t);
    kill(signal);
    const run = await ended;
    t.equal(run.code, 130, run.stderr);
    t.match(run.stderr, /^error INTERRUPTED: Interrupted; nothing was published\.\n {2}next: /m);
    t.strictSame(candidateNames(root), [".previous"]);
    t.strictSame(treeOf(join(root, "storage_candidate/.previous")), good);
    t.notOk(existsSync(join(root, "storage_reports/latest-migrate")));
    t.equal(candor(root, ["restore"]).code, 0);
    t.strictSame(treeOf(join(root, "storage_candidate/v1")), good);
  });
}

t.test("folders that cannot be written are told, and v1 stays where it is", async (t) => {
  const root = smallProject(t);
  t.equal(candor(root, ["migrate"]).code, 0);
  const good = treeOf(join(root, "storage_candidate"));
  rmSync(join(root, "storage_reports"), { recursive: true });
  writeFileSync(join(root, "storage_reports"), "a file");
  for (const command of ["dry-run", "migrate", "scan-all"]) {
    const run = candor(root, [command]);
    t.equal(run.code, 1, command);
    t.match(run.stderr, /^error IO: Opening the report latest-\S+ failed: EEXIST/m);
  }
  t.strictSame(treeOf(join(root, "storage_candidate")), good);
  t.equal(readFileSync(join(root, "storage_reports"), "utf8"), "a file");
});

t.test("a read-only project is told, and nothing is changed", { skip: noTmpfs }, async (t) => {
  const root = mountTmpfs(t, 40 * 1024);
  writeSmallProject(root);
  t.equal(candor(root, ["migrate"]).code, 0);
  const good = treeOf(root);
  remountReadOnly(root);
  for (const command of ["dry-run", "migrate", "scan-all", "restore"]) {
    const run = candor(root, [command]);
    t.equal(run.code, 1, command);
    t.match(run.stderr, /^error NOT_WRITABLE: .*read-only \(EROFS\)\.\n {2}next: Make the folder writable/m);
  }
  t.strictSame(treeOf(root), good);
});

t.test("a disk too small for another candidate is told before anything is touched", { skip: noTmpfs }, async (t) => {
  const root = mountTmpfs(t, 24 * 1024);
  writeSmallProject(root);
  t.equal(candor(root, ["migrate"]).code, 0);
  const good = treeOf(join(root, "storage_candidate"));
  writeFileSync(join(root, "ballast"), Buffer.alloc(12 * 1024 * 1024));
  const run = candor(root, ["migrate"]);
  t.equal(run.code, 1);
  t.match(
    run.stderr,
    /^error DISK_SPACE: Building the candidate needs .* of free space; there are .*\n {2}next: .*prune/m,
  );
  t.strictSame(treeOf(join(root, "storage_candidate")), good);
});

t.test("a disk that fills up in the middle leaves no half candidate", { skip: noTmpfs }, async (t) => {
  const root = mountTmpfs(t, 24 * 1024);
  writeSmallProject(root);
  t.equal(candor(root, ["migrate"]).code, 0);
  const good = treeOf(join(root, "storage_candidate/v1"));
  const ids = Array.from({ length: 30 }, (_, index) => `P-${index + 10}`);
  writeSmallProject(root, {
    people: `Array.from({ length: 30 }, (_, at) => ({ id: "P-" + (at + 10), code: "X", data: "x".repeat(1024 * 1024) }))`,
    dogs: "[{ id: 'D-1', code: 'REX', ownerId: 'P-10' }]",
    files: { "migration/mapping/people.json": registryText("0", ids) },
  });
  const run = candor(root, ["migrate"]);
  t.equal(run.code, 1, run.stderr);
  t.match(run.stderr, /^error DISK_FULL: .*the disk is full \(ENOSPC\)\.\n {2}next: Free space/m);
  t.strictSame(candidateNames(root), [".previous"]);
  t.strictSame(treeOf(join(root, "storage_candidate/.previous")), good);
  t.equal(candor(root, ["restore"]).code, 0);
  t.strictSame(treeOf(join(root, "storage_candidate/v1")), good);
});

t.test(
  "a build that fails while files of it are made durable leaves them in peace, and ends with its error alone",
  async (t) => {
    const root = t.testdir({ data: {} });
    const records = (count: number): string =>
      Array.from({ length: count }, (_, at) => `${JSON.stringify({ id: at, word: "word".repeat(9) })}\n`).join("");
    for (const name of ["a", "b", "c", "d", "e", "f"]) writeFileSync(join(root, `data/${name}.jsonl`), records(20));
    writeFileSync(join(root, "data/large.jsonl"), records(3000));
    t.equal(candor(root, ["init", "--from", "jsonl:data"]).code, 0);
    t.equal(candor(root, ["registry", "freeze"]).code, 0);
    // No file may be larger than about 100 KiB, and one has to be.
    const run = shell(root, `ulimit -f 200; node "$CLI" migrate`);
    t.match(run, { code: 1, stderr: /^error IO: Building the candidate failed: EFBIG/m });
    t.notMatch(run.stderr, /^\s+at /m);
    t.strictSame(candidateNames(root), []);
  },
);
