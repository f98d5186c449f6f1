import { readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { EarlySync } from "../../tools/migration/operations/early-sync.ts";

/** Paths of this process's open files below `dir`. */
function openBelow(dir: string): string[] {
  return readdirSync("/proc/self/fd").flatMap((name) => {
    try {
      const path = readlinkSync(join("/proc/self/fd", name));
      return path.startsWith(dir) ? [path] : [];
    } catch {
      // The descriptor that lists them.
      return [];
    }
  });
}

const skip = process.platform !== "linux" && "asks /proc, and for a device that cannot be synced";

t.test("files that are synced again and again are open once, and closed at the end", { skip }, async (t) => {
  const dir = t.testdir({ a: "", b: "", c: "" });
  const syncs = await EarlySync.create();
  for (let round = 0; round < 20; round += 1) {
    for (const name of ["a", "b", "c"]) {
      writeFileSync(join(dir, name), `${round}`);
      syncs.sync(join(dir, name));
    }
    if (round % 7 === 0) await syncs.finish();
  }
  t.equal(openBelow(dir).length, 3);
  await syncs.finish();
  await syncs.close();
  t.strictSame(openBelow(dir), []);
});

t.test("an error of the disk is told at the end, whatever was synced since", { skip }, async (t) => {
  const dir = t.testdir({ a: "" });
  const syncs = await EarlySync.create();
  syncs.sync("/dev/null");
  await t.rejects(syncs.finish(), { code: "EINVAL" });
  syncs.sync(join(dir, "a"));
  await t.rejects(syncs.finish(), { code: "EINVAL" });
  t.throws(() => syncs.sync(join(dir, "none")), { code: "ENOENT" });
  await syncs.close();
  t.strictSame(openBelow(dir), []);
});

t.test("what has not begun when the work is given up is left", { skip }, async (t) => {
  const dir = t.testdir({ a: "", b: "", c: "", d: "" });
  const syncs = await EarlySync.create();
  for (const name of ["a", "b", "c", "d"]) syncs.sync(join(dir, name));
  await syncs.close();
  t.strictSame(openBelow(dir), []);
  await syncs.finish();
});
