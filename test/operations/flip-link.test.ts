import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { flipBack, flipPointer, showPointer } from "../../tools/migration/operations/pointer.ts";
import { readJson } from "../helpers/cli-project.ts";
import { contextOf, runOperation, TODAY } from "../helpers/operations.ts";
import { OTHER_PEOPLE, POINTER, release, releasedProject } from "../helpers/release.ts";

const STEPS = join(process.cwd(), "build/test/fixtures/releases/release-steps.js");
const HOUR_MS = 3_600_000;
const swap = { tag: "test" };
const flip = (root: string, live: string, allow: readonly ("owner" | "mode")[] = []) =>
  flipPointer(contextOf(root), { root: live, scanAgeMs: HOUR_MS, allow }, swap);
const linkOf = (root: string): string | null =>
  existsSync(join(root, "storage")) && readdirSync(join(root, "storage")).includes("current")
    ? readlinkSync(join(root, POINTER))
    : null;

type Wanted = { readonly code: string | RegExp; message?: RegExp; remedy?: RegExp; problems?: (string | RegExp)[] };

/** A flip that must be refused and leave the pointer as it is. */
async function refused(t: Test, root: string, live: string, expected: Wanted, why: string): Promise<void> {
  const before = readdirSync(join(root, "storage")).filter((name) => name !== "releases");
  const error = await flip(root, live).catch((caught) => caught);
  t.match(error, expected, why);
  t.strictSame(
    readdirSync(join(root, "storage")).filter((name) => name !== "releases"),
    before,
    `${why}: nothing moved`,
  );
}

t.test("a flip makes a release live and goes back to what was recorded, absent at first", async (t) => {
  const { root, live } = await releasedProject(t);
  t.match(showPointer(contextOf(root)), { value: null, root: null, moved: false });
  t.same(await flip(root, live), { pointer: POINTER, from: null, to: `releases/${live}` });
  const state = showPointer(contextOf(root));
  t.match(state, { value: `releases/${live}`, root: live, before: null, moved: false, scan: { root: live } });
  const { summary, findings } = await runOperation(root, "scan-all", { input: POINTER });
  t.equal(summary.root, live, "the scan through the pointer is one of this root");
  t.notMatch(findings, [{ severity: "BLOCKER" }]);
  flipBack(contextOf(root), swap);
  t.equal(linkOf(root), null);
  flipBack(contextOf(root), swap);
  t.equal(linkOf(root), null, "F45: going back twice does not go forward");
});

t.test("a second release goes live and back to the first", async (t) => {
  const { root, live } = await releasedProject(t);
  await flip(root, live);
  const next = await release(root, { people: OTHER_PEOPLE });
  t.same(await flip(root, next), { pointer: POINTER, from: `releases/${live}`, to: `releases/${next}` });
  flipBack(contextOf(root), swap);
  t.equal(linkOf(root), `releases/${live}`);
});

t.test("F50: a target that is missing or is no release is refused before anything moves", async (t) => {
  const { root, live } = await releasedProject(t);
  const folder = join(root, "storage/releases", live);
  await refused(t, root, "0".repeat(64), { code: "NOT_PROVED" }, "no such root");
  chmodSync(folder, 0o755);
  rmSync(folder, { recursive: true });
  await refused(t, root, live, { code: "TARGET_UNFIT" }, "missing");
  mkdirSync(folder);
  await refused(t, root, live, { code: "NOT_PROVED" }, "empty");
  rmSync(folder, { recursive: true });
  writeFileSync(folder, "");
  await refused(t, root, live, { code: /NOT_PROVED|UNVERIFIABLE|TARGET_UNFIT/ }, "not a directory");
  rmSync(folder);
  symlinkSync("nowhere", folder);
  await refused(t, root, live, { code: /NOT_PROVED|UNVERIFIABLE|TARGET_UNFIT/ }, "dangling");
});

t.test("F51: a real folder or file in the place of the link is refused with a hint", async (t) => {
  const { root, live } = await releasedProject(t);
  mkdirSync(join(root, POINTER));
  await refused(t, root, live, { code: "TARGET_UNFIT", remedy: /ln -s/ }, "folder");
  rmSync(join(root, POINTER), { recursive: true });
  writeFileSync(join(root, POINTER), "data");
  await refused(t, root, live, { code: "TARGET_UNFIT", remedy: /ln -s/ }, "file");
});

t.test("F52: a link that somebody else moved is neither flipped back nor overwritten", async (t) => {
  const { root, live } = await releasedProject(t);
  await flip(root, live);
  mkdirSync(join(root, "storage/other/data"), { recursive: true });
  rmSync(join(root, POINTER));
  symlinkSync("other", join(root, POINTER));
  t.match(showPointer(contextOf(root)), { value: "other", moved: true });
  t.throws(() => flipBack(contextOf(root), swap), { code: "POINTER_MOVED", message: /got other/ });
  t.equal(linkOf(root), "other");
});

t.test("F53: a temporary link of the same run is removed, a foreign one is left", async (t) => {
  const { root, live } = await releasedProject(t);
  for (const tag of ["test", "foreign"]) symlinkSync("stale", join(root, `storage/.current.flip-${tag}`));
  await flip(root, live);
  t.strictSame(readdirSync(join(root, "storage")).sort(), [".current.flip-foreign", "current", "releases"]);
});

t.test("F55: a target that readers of the old one could not read is refused, unless it is allowed", async (t) => {
  const { root, live } = await releasedProject(t);
  mkdirSync(join(root, "storage/old/data"), { recursive: true });
  symlinkSync("old", join(root, POINTER));
  chmodSync(join(root, "storage/releases"), 0o700);
  await refused(t, root, live, { code: "TARGET_UNFIT", problems: [/mode/] }, "closed folder above");
  await t.resolves(flip(root, live, ["mode"]));
});

t.test("F55: another owner is refused", { skip: process.getuid?.() === 0 ? false : "needs root" }, async (t) => {
  const { root, live } = await releasedProject(t);
  mkdirSync(join(root, "storage/old/data"), { recursive: true });
  symlinkSync("old", join(root, POINTER));
  chmodSync(join(root, "storage/releases"), 0o700);
  chmodSync(join(root, "storage/old"), 0o700);
  chownSync(join(root, "storage/old"), 4711, 4711);
  await refused(t, root, live, { code: "TARGET_UNFIT", problems: [/owner: expected 4711, got 0/] }, "owner");
  await t.resolves(flip(root, live, ["owner"]));
});

t.test("F56: content that changed between scan and flip is refused", async (t) => {
  const { root, live } = await releasedProject(t);
  const file = join(root, "storage/releases", live, "people/data.jsonl");
  chmodSync(file, 0o644);
  writeFileSync(file, "{}\n");
  chmodSync(file, 0o444);
  await refused(t, root, live, { code: "NOT_PROVED" }, "another byte");
});

t.test("F56: a release under the name of another root is refused", async (t) => {
  const { root, live } = await releasedProject(t);
  const next = await release(root, { people: OTHER_PEOPLE });
  const folder = join(root, "storage/releases", next);
  chmodSync(folder, 0o755);
  rmSync(folder, { recursive: true });
  cpSync(join(root, "storage/releases", live), folder, { recursive: true, preserveTimestamps: true });
  await refused(t, root, next, { code: "NOT_PROVED", message: new RegExp(`got ${live}`) }, "exchanged");
});

t.test("F57: targets are written relative to the link's own folder; a loop is refused", async (t) => {
  const { root, live } = await releasedProject(t);
  mkdirSync(join(root, "app/data"), { recursive: true });
  mkdirSync(join(root, "migration"), { recursive: true });
  writeFileSync(join(root, "migration/live.json"), `{"pointer":"app/data/current"}`);
  const { to } = await flip(root, live);
  t.equal(to, `../../storage/releases/${live}`);
  t.equal(readJson(root, "app/data/current/checksums/run.json").root, live);
  const outside = mkdtempSync(join(tmpdir(), "candor-flip-"));
  t.teardown(() => rmSync(outside, { recursive: true, force: true }));
  writeFileSync(join(root, "migration/live.json"), JSON.stringify({ pointer: join(outside, "current") }));
  t.match((await flip(root, live)).to, /^\//, "outside of the project absolute");
  rmSync(join(outside, "current"));
  symlinkSync("current", join(outside, "current"));
  t.match(showPointer(contextOf(root)), { value: "current", target: null });
});

t.test("only a passing, complete and young scan of exactly this root opens the flip", async (t) => {
  const { root, live } = await releasedProject(t);
  const summary = join(root, "storage_reports/latest-scan/summary.json");
  const statement = join(root, "storage_reports/latest-scan/statement.json");
  const [sound, said] = [readJson(summary), readJson(statement)];
  const late = { ...contextOf(root), clock: () => new Date(`${TODAY}T13:30:00Z`) };
  const old = flipPointer(late, { root: live, scanAgeMs: HOUR_MS, allow: [] }, swap);
  await t.rejects(old, { code: "NOT_PROVED", problems: ["age: expected at most 60 minutes, got 90 minutes"] });
  const early = { ...contextOf(root), clock: () => new Date(`${TODAY}T11:00:00Z`) };
  await t.rejects(flipPointer(early, { root: live, scanAgeMs: HOUR_MS, allow: [] }, swap), { code: "NOT_PROVED" });
  const changes = [{ totalBlockers: 1 }, { unverified: ["people"] }, { root: "0".repeat(64) }, { level: "verify" }];
  for (const change of [...changes, { command: "scan-module" }]) {
    writeFileSync(summary, JSON.stringify({ ...sound, ...change }));
    await refused(t, root, live, { code: "NOT_PROVED" }, JSON.stringify(change));
  }
  writeFileSync(summary, JSON.stringify(sound));
  for (const change of [{ complete: false }, { runRoot: "0".repeat(64) }, { end: "yesterday" }]) {
    writeFileSync(statement, JSON.stringify({ ...said, predicate: { ...said.predicate, ...change } }));
    await refused(t, root, live, { code: "NOT_PROVED" }, JSON.stringify(change));
  }
  rmSync(join(root, "storage_reports/latest-scan"), { recursive: true });
  await refused(t, root, live, { code: "NOT_PROVED", remedy: /scan-all/ }, "no report");
});

t.test("killed after any step, the pointer is the old or the new one, and both ways lead on", async (t) => {
  const { root, live } = await releasedProject(t);
  await flip(root, live);
  const next = await release(root, { people: OTHER_PEOPLE });
  const [old, fresh] = [`releases/${live}`, `releases/${next}`];
  const steps = run(root, "flip", next, -1);
  t.strictSame(steps, ["logged", "linked", "renamed", "synced"]);
  for (let at = 0; at < steps.length; at += 1) {
    flipBack(contextOf(root), swap);
    t.equal(linkOf(root), old);
    run(root, "flip", next, at);
    t.equal(linkOf(root), at < 2 ? old : fresh, `killed before ${steps[at]}`);
    await flip(root, next);
    t.equal(linkOf(root), fresh, "flipped again");
  }
  for (let at = 0; at < 4; at += 1) {
    run(root, "back", next, at);
    t.equal(linkOf(root), at < 2 ? fresh : old, `killed going back at ${at}`);
    flipBack(contextOf(root), swap);
    t.equal(linkOf(root), old);
    await flip(root, next);
  }
  t.strictSame(readdirSync(join(root, "storage")).sort(), ["current", "releases"]);
});

t.test("a scan whose pointer is moved meanwhile has no verdict", async (t) => {
  const { root, live } = await releasedProject(t);
  await flip(root, live);
  let isMoved = false;
  const progress = {
    stage: () => {
      if (!isMoved) flipBack(contextOf(root), swap);
      isMoved = true;
    },
    advance: () => {},
    end: () => {},
  };
  const { scan, ALL_CHECKS } = await import("../../tools/migration/operations/scan.ts");
  const options = { command: "scan-all", runId: "x", input: POINTER, modules: [], checks: ALL_CHECKS, level: "deep" };
  await t.rejects(scan({ ...contextOf(root), progress }, options), { code: "UNVERIFIABLE" });
  t.notOk(existsSync(join(root, "storage_reports/latest-scan")));
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
