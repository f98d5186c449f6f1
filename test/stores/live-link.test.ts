import { mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import t, { type Test } from "tap";
import { accessOf, lostAccess } from "../../tools/migration/stores/access.ts";
import { appendFlip, readFlips } from "../../tools/migration/stores/flip-log.ts";
import { assertTarget, readLink, swapLink } from "../../tools/migration/stores/live-link.ts";

/** `npm run flips` asks for 20 000. */
const FLIPS = Number(process.env["CANDOR_TEST_FLIPS"] ?? "1500");

interface Counted {
  readonly reads: number;
  readonly failures: number;
  readonly values: Readonly<Record<string, number>>;
}

function twoReleases(t: Test): { link: string; file: string } {
  const dir = t.testdir({ one: { file: "one" }, two: { file: "two" } });
  return { link: join(dir, "current"), file: join(dir, "current/file") };
}

/** Counts the reads of three threads while `change` runs. */
async function readWhile(file: string, change: () => void): Promise<Counted> {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const entry = new URL("../fixtures/releases/link-reader.js", import.meta.url);
  const workers = [0, 1, 2].map(() => new Worker(entry, { workerData: { file, stop } }));
  const next = <T>(): Promise<T[]> =>
    Promise.all(workers.map((worker) => new Promise<T>((done) => worker.once("message", done))));
  await next<"reading">();
  const counts = next<Counted>();
  change();
  Atomics.store(stop, 0, 1);
  const all = await counts;
  const values: Record<string, number> = {};
  for (const one of all)
    for (const [key, count] of Object.entries(one.values)) values[key] = (values[key] ?? 0) + count;
  const sum = (pick: (one: Counted) => number): number => all.reduce((total, one) => total + pick(one), 0);
  return { reads: sum((one) => one.reads), failures: sum((one) => one.failures), values };
}

t.test(`${FLIPS} flips under three readers without one failed read`, { timeout: 600_000 }, async (t) => {
  const { link, file } = twoReleases(t);
  symlinkSync("two", link);
  const { reads, failures, values } = await readWhile(file, () => {
    for (let n = 0; n < FLIPS; n += 1) {
      const [from, to] = n % 2 === 0 ? ["two", "one"] : ["one", "two"];
      swapLink({ link, from: from ?? null, to: to ?? null, tag: "test" });
    }
  });
  t.comment(`${reads} reads`);
  t.equal(failures, 0, "no read failed");
  t.ok(reads > FLIPS / 10, "there were readers");
  t.strictSame(Object.keys(values).sort(), ["one", "two"], "both were seen, whole");
});

t.test("the same readers do see the gap of unlink and symlink", async (t) => {
  const { link, file } = twoReleases(t);
  symlinkSync("two", link);
  const { failures } = await readWhile(file, () => {
    const pause = new Int32Array(new SharedArrayBuffer(4));
    for (let n = 0; n < 100; n += 1) {
      unlinkSync(link);
      // Long enough for a reader to have its turn on a busy machine.
      Atomics.wait(pause, 0, 0, 2);
      symlinkSync(n % 2 === 0 ? "one" : "two", link);
    }
  });
  t.ok(failures > 0, "so the test above can fail");
});

t.test("F52: the value is compared right before and right after", async (t) => {
  const { link } = twoReleases(t);
  t.throws(() => swapLink({ link, from: "one", to: "two", tag: "test" }), { code: "POINTER_MOVED", message: /absent/ });
  swapLink({ link, from: null, to: "one", tag: "test" });
  const onStep = (step: string): void => {
    if (step !== "linked") return;
    unlinkSync(link);
    symlinkSync("two", link);
  };
  t.throws(() => swapLink({ link, from: "one", to: "two", tag: "test", onStep }), { code: "POINTER_MOVED" });
  const late = (step: string): void => {
    if (step === "renamed") swapLink({ link, from: "one", to: "two", tag: "other" });
  };
  t.throws(() => swapLink({ link, from: "two", to: "one", tag: "test", onStep: late }), { code: "POINTER_MOVED" });
  t.equal(readLink(link), "two");
  swapLink({ link, from: "two", to: null, tag: "test" });
  t.equal(readLink(link), null);
});

t.test("F54: the temporary link is made in the folder of the link", async (t) => {
  const { link } = twoReleases(t);
  const seen: string[] = [];
  const onStep = (step: string): void => {
    if (step === "linked") seen.push(...readdirSync(join(link, "..")));
  };
  swapLink({ link, from: null, to: "one", tag: "run-7", onStep });
  t.strictSame(seen.sort(), [".current.flip-run-7", "one", "two"]);
  t.equal(readlinkSync(link), "one");
});

t.test("F50, F57: targets that no application could read are named by what is wrong", async (t) => {
  const dir = t.testdir({ file: "", empty: {}, full: { file: "" } });
  symlinkSync("nowhere", join(dir, "dangling"));
  symlinkSync("loop", join(dir, "loop"));
  const link = join(dir, "current");
  const why: Readonly<Record<string, RegExp>> = {
    nothing: /does not exist/,
    dangling: /dangling/,
    loop: /loop/,
    file: /not a directory/,
    "file/below": /does not exist/,
    empty: /is empty/,
    current: /link itself/,
  };
  for (const [value, message] of Object.entries(why)) {
    t.throws(() => assertTarget(link, value), { code: "TARGET_UNFIT", message }, value);
  }
  for (const value of ["full", "full/", "./full", "../" + dir.split("/").at(-1) + "/full", join(dir, "full")]) {
    t.equal(assertTarget(link, value), join(dir, "full"), value);
  }
});

t.test("the list of flips outlives a torn line", async (t) => {
  const path = join(t.testdir(), "flips.jsonl");
  const entry = {
    link: "storage/current",
    from: null,
    to: "releases/a",
    isBack: false,
    at: "2026-06-15T12:00:00.000Z",
  };
  t.strictSame(readFlips(path), []);
  appendFlip(path, entry);
  writeFileSync(path, '{"link":"storage/cur', { flag: "a" });
  t.strictSame(readFlips(path), [entry]);
  appendFlip(path, { ...entry, from: "releases/a", to: null });
  t.strictSame(
    readFlips(path).map(({ to }) => to),
    ["releases/a", null],
  );
});

t.test("lost access names owner, group and mode, and nothing where all may read", async (t) => {
  const open = { uid: 1, gid: 1, mode: 0o755, openToGroup: true, openToOthers: true };
  const group = { ...open, mode: 0o750, openToOthers: false };
  const kinds = (before: typeof open, after: typeof open): string[] =>
    lostAccess(before, after).map(({ kind }) => kind);
  t.strictSame(kinds(group, { ...open, uid: 2, gid: 2 }), []);
  t.strictSame(kinds(open, group), ["mode"]);
  t.strictSame(kinds(group, { ...group, uid: 2 }), ["owner"]);
  t.strictSame(kinds(group, { ...group, gid: 2 }), ["owner"]);
  t.strictSame(kinds(group, { ...group, openToGroup: false }), ["mode"]);
  const dir = t.testdir({ data: {} });
  mkdirSync(join(dir, "closed"), { mode: 0o700 });
  mkdirSync(join(dir, "closed/data"), { mode: 0o755 });
  t.equal(accessOf(join(dir, "closed/data")).openToOthers, false, "a closed folder above closes it");
  rmSync(join(dir, "closed"), { recursive: true });
});
