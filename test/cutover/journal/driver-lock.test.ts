import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { driverOf, driverState, takeDriverLock } from "../../../tools/migration/cutover/journal/driver-lock.ts";
import { Journal } from "../../../tools/migration/cutover/journal/journal.ts";
import { NO_MASK } from "../../../tools/migration/cutover/journal/mask.ts";
import {
  createRunDirectory,
  openRunDirectory,
  type RunDirectory,
} from "../../../tools/migration/cutover/journal/run-directory.ts";
import type { Clock } from "../../../tools/migration/cutover/time/clock.ts";
import { killHard } from "../../helpers/commands.ts";

const clock: Clock = { monoMs: () => 5, wall: () => new Date(0), sleep: async () => {}, during: (work) => work };
const options = { clock, command: "cutover resume" };
const noProc = existsSync("/proc/self/stat") ? false : "needs /proc";

function newRun(t: Test): { root: string; run: RunDirectory } {
  const root = t.testdir();
  const run = createRunDirectory(root, "r1");
  new Journal(run, { clock, mask: NO_MASK, ballastBytes: 0 }).close();
  return { root, run };
}

async function startHolder(root: string): Promise<{ child: ChildProcess; said: string }> {
  const program = join(process.cwd(), "build/test/fixtures/cutover/run-driver.js");
  const child = spawn(process.execPath, [program, root, "r1"], { stdio: ["pipe", "pipe", "inherit"] });
  const said = await new Promise<string>((resolve) => child.stdout.once("data", (text) => resolve(String(text))));
  return { child, said };
}

const exitOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.once("exit", (code) => resolve(code)));

t.test("F70 of two drivers the second is refused with the name of the first", async (t) => {
  const { root, run } = newRun(t);
  const first = await startHolder(root);
  t.equal(first.said, "held 1\n");
  const second = await startHolder(root);
  t.match(
    second.said,
    new RegExp(`driven by process ${first.child.pid} on host ${hostname()} since 2[0-9-]+T.*cutover run`),
  );
  t.equal(await exitOf(second.child), 30);
  t.throws(() => takeDriverLock(run, options), { code: "LOCK_HELD", remedy: /cutover status/ });
  t.throws(
    () => takeDriverLock(run, { ...options, takeOver: true }),
    { code: "LOCK_HELD" },
    "a living one is never put aside",
  );
  t.equal(driverState(run), "alive");
  first.child.stdin?.end();
  t.equal(await exitOf(first.child), 0);
  t.equal(driverState(run), "none");
});

t.test("F72 the lock of a killed driver is taken over by itself, with a higher number", async (t) => {
  const { root, run } = newRun(t);
  const first = await startHolder(root);
  await killHard(first.child);
  t.equal(driverState(run), "dead");
  const lock = takeDriverLock(run, options);
  t.match(lock, { driver: { fence: 2, pid: process.pid }, tookOver: { fence: 1, pid: first.child.pid } });
  lock.assertHeld();
  lock.release();
  const next = takeDriverLock(run, options);
  t.match(next, { driver: { fence: 3 }, tookOver: undefined });
  next.release();
  t.strictSame(
    readdirSync(run.path).filter((name) => name.startsWith("lock")),
    [],
    "nothing is left",
  );
});

t.test("F73 a driver of another host is put aside by a person only, and notices it", async (t) => {
  const { run } = newRun(t);
  const old = takeDriverLock(run, options);
  const record = readFileSync(run.lock, "utf8").replace(hostname(), "night-laptop");
  writeFileSync(run.lock, record);
  t.throws(() => takeDriverLock(run, options), {
    code: "LOCK_HELD",
    message: /on host night-laptop since 1970/,
    remedy: /cutover take-over/,
  });
  const lock = takeDriverLock(run, { ...options, takeOver: true });
  t.match(lock, { driver: { fence: 2 }, tookOver: { fence: 1, host: "night-laptop" } });
  t.throws(() => old.assertHeld(), { code: "LOCK_HELD", message: /put aside/ });
  old.release();
  lock.assertHeld();
  t.equal(driverOf(run)?.fence, 2, "the old one gives back nothing that is not its own");
});

t.test("F74 a reused process id is not the driver", { skip: noProc }, async (t) => {
  const { run } = newRun(t);
  takeDriverLock(run, options);
  const driver = JSON.parse(readFileSync(run.lock, "utf8"));
  writeFileSync(run.lock, `${JSON.stringify({ ...driver, processStart: "1" })}\n`);
  t.equal(driverState(run), "dead");
  t.match(takeDriverLock(run, options), { driver: { fence: 2 } });
});

t.test("F16 a driver of an earlier boot is dead", { skip: noProc }, async (t) => {
  const { run } = newRun(t);
  takeDriverLock(run, options);
  const driver = JSON.parse(readFileSync(run.lock, "utf8"));
  writeFileSync(run.lock, `${JSON.stringify({ ...driver, bootId: "another" })}\n`);
  t.match(takeDriverLock(run, options), { driver: { fence: 2 } });
});

t.test("F73 numbers never repeat, even after a driver that died between number and lock", async (t) => {
  const { run } = newRun(t);
  writeFileSync(run.fence, "41\n");
  t.equal(takeDriverLock(run, options).driver.fence, 42);
  const driver = JSON.parse(readFileSync(run.lock, "utf8"));
  writeFileSync(run.lock, `${JSON.stringify({ ...driver, fence: 99, bootId: "another" })}\n`);
  t.equal(takeDriverLock(run, options).driver.fence, 100);
});

t.test("a lock record that cannot be read is refused", async (t) => {
  const { run } = newRun(t);
  for (const text of ["", "{", "{}", '{"pid":1}']) {
    writeFileSync(run.lock, text);
    t.throws(() => takeDriverLock(run, { ...options, takeOver: true }), {
      code: "LOCK_HELD",
      message: /cannot be read/,
    });
  }
});

t.test("F78 a copied run folder takes its lock along", async (t) => {
  const { root, run } = newRun(t);
  takeDriverLock(run, options);
  writeFileSync(run.lock, readFileSync(run.lock, "utf8").replace(hostname(), "night-laptop"));
  const copy = join(root, "elsewhere");
  cpSync(join(root, "storage_reports"), join(copy, "storage_reports"), { recursive: true });
  const there = openRunDirectory(copy, "r1");
  t.throws(() => takeDriverLock(there, options), { code: "LOCK_HELD", message: /night-laptop/ });
  t.equal(driverState(there), "foreign");
});
