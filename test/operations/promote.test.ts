import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, linkSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { prune } from "../../tools/migration/operations/maintenance.ts";
import { migrate } from "../../tools/migration/operations/migrate.ts";
import { flipBack, flipPointer } from "../../tools/migration/operations/pointer.ts";
import { promote } from "../../tools/migration/operations/promote.ts";
import { treeOf, writeProjectFile } from "../helpers/cli-project.ts";
import { contextOf, runOperation } from "../helpers/operations.ts";
import { makeRemovable, OTHER_PEOPLE, POINTER, release, releasedProject } from "../helpers/release.ts";
import { smallProject } from "../helpers/small-project.ts";

const STEPS = join(process.cwd(), "build/test/fixtures/releases/release-steps.js");
const again = { root: undefined, replace: false };
const flip = (root: string, live: string) =>
  flipPointer(contextOf(root), { root: live, scanAgeMs: 60_000, allow: [] }, { tag: "test" });

t.test("a release is a copy of its own, read-only, with its access written down", async (t) => {
  const { root, live } = await releasedProject(t);
  const folder = join(root, "storage/releases", live);
  const [data, copy] = ["storage_candidate/v1", `storage/releases/${live}`].map((dir) =>
    join(root, dir, "dogs/data.jsonl"),
  );
  t.not(statSync(data ?? "").ino, statSync(copy ?? "").ino, "no hard link");
  t.equal(statSync(copy ?? "").nlink, 1);
  t.same(readFileSync(data ?? ""), readFileSync(copy ?? ""));
  t.equal(statSync(folder).mode & 0o7777, 0o555);
  t.equal(statSync(copy ?? "").mode & 0o7777, 0o444);
  const record = JSON.parse(readFileSync(`${folder}.json`, "utf8"));
  t.match(record, { format: "candor-release/1", root: live, mode: "0555", uid: process.getuid?.() });
  writeFileSync(data ?? "", "changed");
  await t.resolves(flip(root, live), "what happens to the candidate does not touch the release");
  const { summary, findings } = await runOperation(root, "verify-checksums", { input: POINTER });
  t.strictSame(findings, []);
  t.equal(summary.root, live);
});

t.test("promoting again verifies what is there; a changed release is refused, and replaced when told", async (t) => {
  const { root, live } = await releasedProject(t);
  t.same(await promote(contextOf(root), again), { root: live, release: `storage/releases/${live}`, made: false });
  const file = join(root, "storage/releases", live, "dogs/data.jsonl");
  chmodSync(file, 0o644);
  await t.rejects(promote(contextOf(root), again), { code: "NOT_PROVED" }, "another mode");
  writeFileSync(file, readFileSync(file, "utf8").replace("REX", "MAX"));
  chmodSync(file, 0o444);
  await t.rejects(promote(contextOf(root), again), { code: "NOT_PROVED", remedy: /--replace/ }, "another byte");
  t.same((await promote(contextOf(root), { root: live, replace: true })).made, true);
  await flip(root, live);
  makeRemovable(join(root, "storage/releases", live));
  await t.rejects(promote(contextOf(root), { root: live, replace: true }), { code: "NOT_PROVED" }, "a live one stays");
  t.ok(existsSync(file));
  const sound = await runOperation(root, "verify-checksums");
  t.strictSame(sound.findings, [], "the candidate is as it was");
});

t.test("owner, group and mode come from live.json", async (t) => {
  const root = smallProject(t, {
    files: { "migration/live.json": `{"access":{"group":${process.getgid?.()},"mode":"0550"}}` },
  });
  t.teardown(() => makeRemovable(root));
  const live = await release(root);
  t.equal(statSync(join(root, "storage/releases", live)).mode & 0o7777, 0o550);
  t.equal(statSync(join(root, "storage/releases", live, "checksums/run.json")).mode & 0o7777, 0o440);
  const { findings } = await runOperation(root, "scan-all", { input: `storage/releases/${live}` });
  t.notMatch(findings, [{ code: "FILE_MODE" }]);
  writeProjectFile(root, "migration/live.json", `{"access":{"owner":"no-such-user"}}`);
  await t.rejects(promote(contextOf(root), again), { code: "CONFIG_INVALID", problems: [/access\/owner/] });
});

t.test("a second name of a file of a release is found", async (t) => {
  const { root, live } = await releasedProject(t);
  linkSync(join(root, "storage/releases", live, "checksums/run.json"), join(root, "other-name"));
  await t.rejects(flip(root, live), { code: "NOT_PROVED", problems: ["checksums/run.json"] });
});

t.test("a promote that is interrupted leaves nothing", async (t) => {
  const root = smallProject(t);
  const stop = new AbortController();
  t.teardown(() => makeRemovable(root));
  await migrate(contextOf(root), { runId: "run-test", failAfterModule: undefined });
  const onStep = (step: string): void => {
    if (step === "file copied") stop.abort();
  };
  const promoted = promote({ ...contextOf(root), signal: stop.signal }, { ...again, onStep });
  await t.rejects(promoted, { code: "INTERRUPTED" });
  t.strictSame(readdirSync(join(root, "storage/releases")), ["flips"]);
});

t.test("only the root that was asked for is promoted", async (t) => {
  const { root, live } = await releasedProject(t);
  await t.rejects(promote(contextOf(root), { root: "0".repeat(64), replace: false }), { code: "NOT_PROVED" });
  rmSync(join(root, "storage_candidate/v1"), { recursive: true });
  await t.rejects(promote(contextOf(root), again), { code: "CANDIDATE_MISSING" });
  t.ok(existsSync(join(root, "storage/releases", live)));
});

t.test("killed after any step, promoting again gives the same release and leaves nothing behind", async (t) => {
  const { root, live } = await releasedProject(t);
  const folder = join(root, "storage/releases");
  const expected = treeOf(folder);
  const whole = treeOf(join(folder, live));
  const steps = run(root, "promote", live, -1);
  clear(folder);
  const all = run(root, "promote", live, -1);
  t.ok(all.length > steps.length + 5, "making has many steps");
  t.strictSame(treeOf(folder), expected);
  const points = all.map((_step, at) => at).filter((at) => all[at] !== all[at - 1] || all[at] !== all[at + 1]);
  for (const at of points) {
    clear(folder);
    t.strictSame(run(root, "promote", live, at), [], `killed at ${all[at]}`);
    if (existsSync(join(folder, live))) t.strictSame(treeOf(join(folder, live)), whole, "never half a release");
    await promote(contextOf(root), again);
    t.strictSame(treeOf(folder), expected, `after a kill at ${at} (${all[at]})`);
  }
});

t.test("migrate does not retire, and prune does not remove, what a pointer uses", async (t) => {
  const { root, live } = await releasedProject(t);
  await flip(root, live);
  const second = await release(root, { people: OTHER_PEOPLE });
  await flip(root, second);
  const third = await release(root, {
    people: `[{ id: "P-1", code: "ONE", name: "Ada" }, { id: "P-2", code: "T", name: "C" }]`,
  });
  const fourth = await release(root, {
    people: `[{ id: "P-1", code: "O", name: "Ada" }, { id: "P-2", code: "T", name: "D" }]`,
  });
  const removed = await prune(contextOf(root), { releases: true });
  t.ok(removed.some(({ name }) => name === `storage/releases/${third}`));
  t.strictSame(releases(root), [live, second, fourth].sort(), "live, the one before it, and that of the candidate");
  flipBack(contextOf(root), { tag: "test" });
  await prune(contextOf(root), { releases: true });
  t.strictSame(releases(root), [live, second, fourth].sort(), "after going back the same two are needed");
  await t.resolves(migrate(contextOf(root), { runId: "run-test", failAfterModule: undefined }), "a release is not v1");
});

function run(root: string, operation: string, live: string, killAt: number): string[] {
  const args = [STEPS, root, operation, live, String(killAt)];
  const { signal, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  if (signal === null && stdout === "") throw new Error(stderr);
  return signal === null ? JSON.parse(stdout) : [];
}

function clear(folder: string): void {
  makeRemovable(folder);
  rmSync(folder, { recursive: true, force: true });
}

function releases(root: string): string[] {
  return readdirSync(join(root, "storage/releases"))
    .filter((name) => /^[0-9a-f]{64}$/.test(name))
    .sort();
}
