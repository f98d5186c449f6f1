import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import t from "tap";
import { CandidateFolder } from "../../tools/migration/stores/candidate-folder.ts";
import { currentOwner, formatOwner, type Owner, ownerState, parseOwner } from "../../tools/migration/stores/owner.ts";
import { acquireLock } from "../../tools/migration/stores/store-lock.ts";
import { mountTmpfs, noTmpfs, remountReadOnly } from "../helpers/tmpfs.ts";

const fixture = (name: string): string => join(process.cwd(), "build/test/fixtures/stores", name);
const noProc = existsSync("/proc/self/stat") ? false : "needs /proc";

/** The record of a process that has ended. */
function deadOwner(): Owner {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  return { ...currentOwner("gone"), pid, processStart: "1" };
}

function ended(child: ChildProcess): Promise<{ code: number | null; signal: string | null; stderr: string }> {
  let stderr = "";
  child.stderr?.on("data", (part) => (stderr += String(part)));
  return new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal, stderr })));
}

async function startHolder(dir: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [fixture("lock-holder.js"), dir], { stdio: ["pipe", "pipe", "inherit"] });
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  return child;
}

t.test("an owner is alive, dead or foreign", async (t) => {
  const own = currentOwner("test");
  t.equal(own.pid, process.pid);
  t.equal(ownerState(own), "alive");
  t.equal(ownerState({ ...own, processStart: null, bootId: null }), "alive", "the pid decides where there is no more");
  t.equal(ownerState({ ...deadOwner(), processStart: null, bootId: null }), "dead");
  t.equal(ownerState({ ...deadOwner(), host: "elsewhere" }), "foreign");
  t.strictSame(parseOwner(formatOwner(own)), own);
  for (const text of ["", "{", "null", "[]", '{"pid":0}', formatOwner(own).replace(/"pid":\d+/, '"pid":-1')]) {
    t.equal(parseOwner(text), undefined, text);
  }
});

t.test("a reused pid and another boot are dead", { skip: noProc }, async (t) => {
  const own = currentOwner("test");
  t.equal(ownerState({ ...own, processStart: "1" }), "dead");
  t.equal(ownerState({ ...own, bootId: "another" }), "dead");
});

t.test("a process that ended but was not waited for is dead", { skip: noProc }, async (t) => {
  // The shell becomes a sleep that never waits for the child it had.
  const script = "sleep 0.05 & echo $!; exec sleep 20";
  const parent = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore"] });
  const pid = await new Promise<number>((resolve) => parent.stdout.once("data", (text) => resolve(Number(text))));
  t.equal(ownerState({ ...currentOwner("test"), pid, processStart: null }), "alive");
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.doesNotThrow(() => process.kill(pid, 0), "its pid still answers");
  t.equal(ownerState({ ...currentOwner("test"), pid, processStart: null }), "dead");
  parent.kill();
});

t.test("a held lock is refused with its owner, and is free after release", async (t) => {
  const dir = t.testdir();
  const child = await startHolder(dir);
  t.throws(() => acquireLock(dir, "test"), {
    code: "LOCK_HELD",
    message: new RegExp(`process ${child.pid} on host ${hostname()}, running .lock-holder.`),
  });
  t.strictSame(readdirSync(dir), [".lock"], "a refused taker leaves nothing");
  child.stdin?.end();
  t.match(await ended(child), { code: 0 });
  const lock = acquireLock(dir, "test");
  t.throws(() => acquireLock(dir, "again"), { code: "LOCK_HELD" }, "also for this process");
  lock.assertHeld();
  lock.release();
  lock.release();
  t.strictSame(readdirSync(dir), []);
  t.throws(() => lock.assertHeld(), { code: "LOCK_HELD" });
});

t.test("a killed owner's lock is taken over", async (t) => {
  const dir = t.testdir();
  const child = await startHolder(dir);
  const end = ended(child);
  child.kill("SIGKILL");
  t.match(await end, { signal: "SIGKILL" });
  t.ok(existsSync(join(dir, ".lock")));
  const lock = acquireLock(dir, "test");
  t.equal(parseOwner(readFileSync(join(dir, ".lock"), "utf8"))?.pid, process.pid);
  lock.release();
  t.strictSame(readdirSync(dir), []);
});

t.test("a lock of another host or without a readable record is never taken over", async (t) => {
  const dir = t.testdir({ ".lock": formatOwner({ ...deadOwner(), host: "elsewhere" }) });
  t.throws(() => acquireLock(dir, "test"), { code: "LOCK_HELD", message: /on host elsewhere/, remedy: /elsewhere/ });
  writeFileSync(join(dir, ".lock"), "{torn");
  t.throws(() => acquireLock(dir, "test"), { code: "LOCK_HELD", message: /cannot be read/ });
  t.strictSame(readdirSync(dir), [".lock"]);
});

t.test("a lost lock is noticed and not released for the new owner", async (t) => {
  const dir = t.testdir();
  const path = join(dir, ".lock");
  const lock = acquireLock(dir, "test");
  const text = readFileSync(path, "utf8");
  linkSync(path, `${path}.kept`);
  unlinkSync(path);
  t.throws(() => lock.assertHeld(), { code: "LOCK_HELD", message: /lost/ }, "removed");
  writeFileSync(path, text);
  t.throws(() => lock.assertHeld(), { code: "LOCK_HELD" }, "same text in another file");
  renameSync(`${path}.kept`, path);
  lock.assertHeld();
  rmSync(path);
  writeFileSync(path, formatOwner({ ...currentOwner("other"), host: "elsewhere" }));
  lock.release();
  t.ok(existsSync(path), "the other owner keeps its lock");
});

const noStrace = spawnSync("strace", ["-V"]).status === 0 ? false : "needs strace to kill between two system calls";

t.test("a taker that died in the middle of a take-over blocks nobody", { skip: noStrace }, async (t) => {
  const dir = t.testdir({ ".lock": formatOwner(deadOwner()) });
  const kills = ["link", "rename", "unlink"].flatMap((call) => [1, 2, 3, 4].map((when) => [call, when] as const));
  let killed = 0;
  for (const [call, when] of kills) {
    const inject = ["-f", "-qq", "-e", `trace=${call}`, "-e", `inject=${call}:signal=KILL:when=${when}`];
    const child = spawnSync("strace", [...inject, process.execPath, fixture("lock-holder.js"), dir], { input: "" });
    if (child.signal === "SIGKILL") killed++;
    const lock = acquireLock(dir, "test");
    lock.assertHeld();
    lock.release();
    writeFileSync(join(dir, ".lock"), formatOwner(deadOwner()));
  }
  t.ok(killed >= 5, `killed ${killed} times`);
  rmSync(join(dir, ".lock"));
  t.ok(readdirSync(dir).length > 0, "leftovers of the killed");
  new CandidateFolder(dir).sweep();
  t.strictSame(readdirSync(dir), []);
});

t.test("of eight processes that want a stale lock exactly one holds it, again and again", async (t) => {
  const dir = t.testdir({ ".lock": formatOwner(deadOwner()) });
  let held = 0;
  for (let round = 0; round < 4; round++) {
    const children = Array.from({ length: 8 }, () => {
      const child = spawn(process.execPath, [fixture("lock-contender.js"), dir], { stdio: ["ignore", "pipe", "pipe"] });
      child.stdout.on("data", (text) => (held += String(text) === "held" ? 1 : 0));
      return ended(child);
    });
    for (const end of await Promise.all(children)) t.strictSame(end, { code: null, signal: "SIGKILL", stderr: "" });
  }
  t.equal(held, 32, "every one of them in its turn");
  t.notOk(existsSync(join(dir, "witness")));
  const lock = acquireLock(dir, "test");
  lock.release();
});

t.test("slow system calls do not let two takers in", { skip: noStrace }, async (t) => {
  const dir = t.testdir({ ".lock": formatOwner(deadOwner()) });
  const env = { ...process.env, NODE_OPTIONS: "" };
  const contend = (child: number): ReturnType<typeof ended> => {
    // Every second child looks, sleeps, and only then acts on what it saw, while a fast one holds the lock.
    const call = child < 4 ? "rename" : "link";
    const slow = child % 2 === 0 ? ["-e", `inject=${call}:delay_enter=30000:delay_exit=30000`] : [];
    const trace = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=rename,link", ...slow];
    const command = [...trace, process.execPath, fixture("lock-contender.js"), dir, "60"];
    return ended(spawn("strace", command, { stdio: ["ignore", "ignore", "pipe"], env }));
  };
  for (let round = 0; round < 3; round++) {
    const ends = await Promise.all(Array.from({ length: 8 }, (_, child) => contend(child)));
    for (const end of ends) t.strictSame(end, { code: null, signal: "SIGKILL", stderr: "" });
  }
});

t.test("a folder that cannot be written is said so", { skip: noTmpfs }, async (t) => {
  const dir = mountTmpfs(t, 64);
  remountReadOnly(dir);
  t.throws(() => acquireLock(dir, "test"), { code: "NOT_WRITABLE" });
  t.throws(() => acquireLock(join(dir, "none"), "test"), { code: /NOT_WRITABLE|IO/ });
});
