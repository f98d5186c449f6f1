import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import {
  releaseTargetLock,
  type TargetLockPlace,
  type TargetOwner,
  takeTargetLock,
} from "../../../tools/migration/cutover/process/target-lock.ts";
import { noSshd, startHost, type TestHost } from "../../helpers/sshd.ts";

let count = 0;
function placeOf(t: Test, host?: TestHost): TargetLockPlace {
  const name = `${++count}`;
  const ssh = host === undefined ? null : host.target(`run-1/lock-${name}`);
  return {
    path: "target.lock",
    ssh,
    cwd: host === undefined ? t.testdirName : null,
    folder: join(t.testdirName, name),
  };
}

function ownerOf(run: string, fence: number): TargetOwner {
  const head = { seq: fence, hash: "0".repeat(64) };
  return { change: "CHANGE-1", run, host: "night-laptop", user: "ana", since: "2026-02-12T01:15:00Z", fence, head };
}

const gentle = { force: false };

t.test("F71 two drivers on two hosts: the lock on the target refuses the second and names the first", async (t) => {
  const dir = t.testdir();
  t.strictSame(await takeTargetLock(placeOf(t), ownerOf("r1", 1), gentle), { state: "held" });
  const refused = await takeTargetLock(placeOf(t), ownerOf("r2", 1), gentle);
  t.match(refused, { state: "other", owner: /"host":"night-laptop".*"run":"r1"|"run":"r1".*"host":"night-laptop"/ });
  t.match(await releaseTargetLock(placeOf(t), { run: "r2" }), { state: "other" });
  t.strictSame(await releaseTargetLock(placeOf(t), { run: "r1" }), { state: "held" });
  t.notOk(existsSync(join(dir, "target.lock")));
  t.strictSame(await releaseTargetLock(placeOf(t), { run: "r1" }), { state: "held" }, "twice is no harm");
});

t.test("F71 of many drivers at once exactly one gets it", async (t) => {
  t.testdir();
  const tries = Array.from({ length: 5 }, (_, at) => takeTargetLock(placeOf(t), ownerOf(`r${at}`, 1), gentle));
  const answers = await Promise.all(tries);
  t.equal(answers.filter(({ state }) => state === "held").length, 1);
});

t.test("F66 F73 the same run goes on with it and leaves its head there; an older driver is refused", async (t) => {
  const dir = t.testdir();
  await takeTargetLock(placeOf(t), ownerOf("r1", 1), gentle);
  t.strictSame(await takeTargetLock(placeOf(t), ownerOf("r1", 3), gentle), { state: "held" });
  t.match(JSON.parse(readFileSync(join(dir, "target.lock/owner"), "utf8")), { fence: 3, head: { seq: 3 } });
  t.match(await takeTargetLock(placeOf(t), ownerOf("r1", 2), gentle), { state: "other" });
});

t.test("F73 another run, or one that did not say who it is, is put aside by a person only", async (t) => {
  const dir = t.testdir();
  mkdirSync(join(dir, "target.lock"));
  t.match(await takeTargetLock(placeOf(t), ownerOf("r1", 1), gentle), { state: "other", owner: /did not say who/ });
  writeFileSync(join(dir, "target.lock/owner"), `${JSON.stringify(ownerOf("r10", 1))}\n`);
  t.match(await takeTargetLock(placeOf(t), ownerOf("r1", 1), gentle), { state: "other", owner: /"r10"/ });
  t.strictSame(await takeTargetLock(placeOf(t), ownerOf("r1", 1), { force: true }), { state: "held" });
});

t.test("a target that cannot hold a lock is unknown, never held", async (t) => {
  t.testdir();
  const place = { ...placeOf(t), path: "no/such/folder/lock" };
  t.match(await takeTargetLock(place, ownerOf("r1", 1), gentle), { state: "unknown", reason: /cannot be made/ });
});

t.test("F71 the same on a real remote host", { skip: noSshd }, async (t) => {
  t.testdir();
  const host = await startHost(t);
  t.strictSame(await takeTargetLock(placeOf(t, host), ownerOf("r1", 1), gentle), { state: "held" });
  t.ok(existsSync(join(host.home, "target.lock/owner")));
  t.match(await takeTargetLock(placeOf(t, host), ownerOf("r2", 1), gentle), { state: "other" });
  t.strictSame(await releaseTargetLock(placeOf(t, host), { run: "r1" }), { state: "held" });
});
