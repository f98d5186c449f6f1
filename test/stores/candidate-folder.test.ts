import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { CandidateFolder } from "../../tools/migration/stores/candidate-folder.ts";
import { moduleFiles, runFile } from "../../tools/migration/stores/module-files.ts";
import { currentOwner, formatOwner } from "../../tools/migration/stores/owner.ts";
import { type CandidateState, makeGeneration, makeState, readState } from "../helpers/candidate-state.ts";
import { mountTmpfs, noTmpfs } from "../helpers/tmpfs.ts";

const PROGRAM = join(process.cwd(), "build/test/fixtures/stores/candidate-steps.js");
const modeOf = (path: string): number => statSync(path).mode & 0o7777;

/** Builds and publishes one generation. */
function build(folder: CandidateFolder, label: string): void {
  const made = folder.beginBuild();
  makeGeneration(made.path, label);
  folder.publish(made);
}

function migrate(folder: CandidateFolder, label: string): void {
  folder.sweep();
  folder.retire();
  build(folder, label);
}

function runChild(dir: string, operation: string, killAt = -1): { signal: string | null; steps: string[] } {
  const args = [PROGRAM, dir, operation, String(killAt)];
  // Without the loader that tap hands down, which would double the time of the many children.
  const env = { ...process.env, NODE_OPTIONS: "" };
  const { signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", env });
  if (signal === null && stdout === "") throw new Error(stderr);
  return { signal, steps: signal === null ? JSON.parse(stdout) : [] };
}

/** The pid of a process that has ended. */
const deadPid = (): number => spawnSync(process.execPath, ["--version"]).pid;

t.test("the folder is closed to others, the candidate has its modes under any umask", async (t) => {
  const dir = join(t.testdir(), "deep", "storage_candidate");
  const before = process.umask(0o077);
  t.teardown(() => process.umask(before));
  const folder = new CandidateFolder(dir);
  folder.prepare();
  t.equal(modeOf(dir), 0o700);
  chmodSync(dir, 0o755);
  folder.prepare();
  t.equal(modeOf(dir), 0o700);
  const made = folder.beginBuild();
  t.equal(modeOf(made.path), 0o700, "closed while it is made");
  makeGeneration(made.path, "one");
  chmodSync(join(made.path, "first"), 0o777);
  folder.publish(made);
  for (const name of ["", "inner"]) t.equal(modeOf(join(folder.candidate, name)), 0o755);
  for (const name of ["first", "inner/last"]) t.equal(modeOf(join(folder.candidate, name)), 0o644);
  t.strictSame(readdirSync(dir), ["v1"]);
});

t.test("a path under a file cannot be prepared", async (t) => {
  const dir = t.testdir({ file: "" });
  t.throws(() => new CandidateFolder(join(dir, "file", "x")).prepare(), { code: "IO", message: /ENOTDIR/ });
  t.throws(() => new CandidateFolder(join(dir, "file")).prepare(), { code: "IO", message: /EEXIST/ });
});

t.test("generations move on one by one, come back by restore and go by prune", async (t) => {
  const dir = t.testdir();
  const folder = new CandidateFolder(dir);
  t.strictSame(folder.generations(), []);
  t.equal(folder.retire(), false);
  t.throws(() => folder.restore(), { code: "CANDIDATE_MISSING" });
  for (const label of ["one", "two", "three"]) migrate(folder, label);
  t.strictSame(readState(t, dir, "three"), { candidate: "three", previous: "two" });
  t.strictSame(folder.generations(), [
    { name: "v1", path: folder.candidate, bytes: 10, files: 2 },
    { name: ".previous", path: folder.previous, bytes: 6, files: 2 },
  ]);
  t.throws(() => folder.restore(), { code: "CANDIDATE_EXISTS", remedy: /--swap/ });
  folder.restore({ swap: true });
  t.strictSame(readState(t, dir, "swapped"), { candidate: "two", previous: "three" });
  t.equal(folder.retire(), true);
  t.strictSame(folder.prune(), [], "the only generation is not pruned");
  folder.restore();
  t.strictSame(readState(t, dir, "restored"), { candidate: "two" });
  migrate(folder, "four");
  t.strictSame(folder.prune(), [{ name: ".previous", bytes: 6 }]);
  t.strictSame(readdirSync(dir), ["v1"]);
  t.strictSame(folder.prune(), []);
});

t.test("publish never replaces a v1, not even an empty folder or a dangling link", async (t) => {
  const dir = t.testdir();
  const folder = new CandidateFolder(dir);
  const made = folder.beginBuild();
  makeGeneration(made.path, "new");
  mkdirSync(folder.candidate);
  t.throws(() => folder.publish(made), { code: "CANDIDATE_EXISTS" });
  t.strictSame(readdirSync(folder.candidate), []);
  folder.retire();
  symlinkSync("nowhere", folder.candidate);
  t.throws(() => folder.publish(made), { code: "CANDIDATE_EXISTS" });
  folder.discard(made);
  t.strictSame(readdirSync(dir).sort(), [".previous", "v1"]);
});

t.test("a build with a link in it is not published", async (t) => {
  const dir = t.testdir();
  const folder = new CandidateFolder(dir);
  const made = folder.beginBuild();
  symlinkSync("/etc/passwd", join(made.path, "link"));
  t.throws(() => folder.publish(made), { code: "INTERNAL" });
  const second = folder.beginBuild();
  t.not(second.path, made.path, "two builds of one process have two folders");
});

t.test("sweep removes what the dead left and nothing of the living, of other hosts or of others", async (t) => {
  const dir = t.testdir({ v1: { first: "x" }, ".gitkeep": "", notes: "" });
  const dead = { ...currentOwner("gone"), pid: deadPid(), processStart: "1" };
  const leave = (name: string, record?: string): void => {
    mkdirSync(join(dir, name));
    writeFileSync(join(dir, name, "file"), "12345");
    if (record !== undefined) writeFileSync(join(dir, `${name}.owner`), record);
  };
  leave(".build-1", formatOwner(dead));
  leave(`.trash-${dead.pid}`);
  leave(`.build-${dead.pid}-2`, "");
  writeFileSync(join(dir, ".trash-77.owner"), formatOwner(dead));
  writeFileSync(join(dir, `.run.json.tmp-${dead.pid}-0`), "");
  writeFileSync(join(dir, ".lock-0123abcd"), formatOwner(dead));
  leave(".build-3", formatOwner({ ...dead, host: "elsewhere" }));
  leave(".build-4", formatOwner(currentOwner("me")));
  leave(`.trash-${process.pid}`);
  writeFileSync(join(dir, ".trash-78.owner"), formatOwner(currentOwner("me")));
  const kept = [".build-3", ".build-3.owner", ".build-4", ".build-4.owner", ".gitkeep"];
  const rest = [...kept, `.trash-${process.pid}`, ".trash-78.owner", "notes", "v1"].sort();
  const swept = new CandidateFolder(dir).sweep();
  t.strictSame(readdirSync(dir).sort(), rest);
  const gone = [".build-1", `.build-${dead.pid}-2`, ".lock-0123abcd", `.run.json.tmp-${dead.pid}-0`, ".trash-77.owner"];
  t.strictSame([...swept].sort(), [...gone, `.trash-${dead.pid}`].sort());
  t.strictSame(new CandidateFolder(dir).sweep(), []);
});

t.test("prune makes space on a full disk", { skip: noTmpfs }, async (t) => {
  const dir = mountTmpfs(t, 64);
  const folder = new CandidateFolder(dir);
  folder.prepare();
  migrate(folder, "one");
  migrate(folder, "two");
  t.throws(() => writeFileSync(join(dir, "ballast"), Buffer.alloc(65_536)), { code: "ENOSPC" });
  t.strictSame(folder.prune(), [{ name: ".previous", bytes: 6 }]);
});

t.test("the paths of a module are those of FORMATS.md", async (t) => {
  t.strictSame(moduleFiles("/c/v1", "hunde"), {
    folder: "/c/v1/hunde",
    data: "/c/v1/hunde/data.jsonl",
    checksums: "/c/v1/hunde/checksums",
    entities: "/c/v1/hunde/checksums/entities.jsonl",
    chunks: "/c/v1/hunde/checksums/chunks.jsonl",
    merkle: "/c/v1/hunde/checksums/merkle.json",
  });
  t.equal(runFile("/c/v1"), "/c/v1/checksums/run.json");
});

interface CrashCase {
  readonly operation: string;
  readonly before: CandidateState;
  /** What may be there right after the kill. */
  readonly during: readonly CandidateState[];
  /** What may be there after the sweep: no generation is lost that was still wanted. */
  readonly swept: readonly CandidateState[];
}

const BOTH = { candidate: "old", previous: "older" };
const SWAPPED = { candidate: "older", previous: "old" };
const RETIRED = { previous: "old" };
const PUBLISHED = { candidate: "new", previous: "old" };
const OLD = { candidate: "old" };

const CASES: readonly CrashCase[] = [
  { operation: "migrate", before: BOTH, during: [BOTH, OLD, RETIRED, PUBLISHED], swept: [BOTH, RETIRED, PUBLISHED] },
  { operation: "migrate", before: OLD, during: [OLD, RETIRED, PUBLISHED], swept: [OLD, RETIRED, PUBLISHED] },
  { operation: "migrate", before: RETIRED, during: [RETIRED, PUBLISHED], swept: [RETIRED, PUBLISHED] },
  { operation: "migrate", before: {}, during: [{}, { candidate: "new" }], swept: [{}, { candidate: "new" }] },
  { operation: "restore", before: RETIRED, during: [RETIRED, OLD], swept: [RETIRED, OLD] },
  {
    operation: "swap",
    before: BOTH,
    during: [BOTH, { previous: "older" }, { candidate: "older" }, SWAPPED],
    swept: [BOTH, SWAPPED],
  },
  { operation: "prune", before: BOTH, during: [BOTH, OLD], swept: [BOTH, OLD] },
];

function assertOneOf(t: Test, state: CandidateState, allowed: readonly CandidateState[], when: string): void {
  const texts = allowed.map((one) => JSON.stringify(one));
  t.ok(texts.includes(JSON.stringify(state)), `${when}: ${JSON.stringify(state)} of ${texts.join(" ")}`);
}

/** After a crash: the state is allowed, a sweep leaves only generations, and the next commands work. */
function assertRecovers(t: Test, dir: string, crash: CrashCase, when: string): void {
  assertOneOf(t, readState(t, dir, when), crash.during, when);
  const folder = new CandidateFolder(dir);
  folder.sweep();
  const swept = readState(t, dir, when);
  assertOneOf(t, swept, crash.swept, `${when}, swept`);
  t.ok(
    readdirSync(dir).every((name) => name === "v1" || name === ".previous"),
    `${when}: nothing is left over`,
  );
  if (swept.previous !== undefined) {
    folder.restore({ swap: true });
    t.equal(readState(t, dir, when).candidate, swept.previous, `${when}: restored`);
  }
  const last = readState(t, dir, when).candidate;
  migrate(folder, "next");
  t.strictSame(readState(t, dir, when), { candidate: "next", ...(last === undefined ? {} : { previous: last }) });
}

for (const crash of CASES) {
  const from = JSON.stringify(crash.before);
  t.test(`a kill after any step of ${crash.operation} from ${from} loses no generation`, async (t) => {
    const dir = join(t.testdir(), "candidate");
    makeState(dir, crash.before);
    const { steps } = runChild(dir, crash.operation);
    t.ok(steps.length > 1, steps.join(", "));
    for (const [at, step] of steps.entries()) {
      makeState(dir, crash.before);
      t.equal(runChild(dir, crash.operation, at).signal, "SIGKILL", `after "${step}"`);
      assertRecovers(t, dir, crash, `after "${step}"`);
    }
  });
}

t.test("a kill while a sweep puts a generation back loses none", async (t) => {
  const dir = join(t.testdir(), "candidate");
  const killTwice = (crash: CrashCase, first: number, second: number): string | null => {
    makeState(dir, BOTH);
    runChild(dir, crash.operation, first);
    const onItsWay = readdirSync(dir).some((name) => /^\.(swap|retired)-\d+$/.test(name));
    return onItsWay ? runChild(dir, "sweep", second).signal : null;
  };
  let kills = 0;
  for (const crash of CASES.filter(({ operation, before }) => before === BOTH && operation !== "prune")) {
    makeState(dir, BOTH);
    const count = runChild(dir, crash.operation).steps.length;
    for (let first = 0; first < count; first++) {
      for (let second = 0; killTwice(crash, first, second) === "SIGKILL"; second++) {
        assertRecovers(t, dir, crash, `${crash.operation} ${first}, sweep ${second}`);
        kills++;
      }
    }
  }
  t.ok(kills > 10, `${kills} second kills`);
});

t.test("the command of an operation is in the owner record", async (t) => {
  const dir = t.testdir();
  const { name } = new CandidateFolder(dir, { command: "candor migrate" }).beginBuild();
  t.match(JSON.parse(readFileSync(join(dir, `${name}.owner`), "utf8")), {
    pid: process.pid,
    command: "candor migrate",
  });
});
