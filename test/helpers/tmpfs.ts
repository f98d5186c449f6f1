import { spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";

/** False where a small file system can be mounted, else the reason to skip. */
export const noTmpfs: string | false = (() => {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "mounting a tmpfs needs root on Linux";
  const tried = spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]);
  return tried.status === 0 ? false : "mounting a tmpfs is not allowed here";
})();

/** A new tmpfs of `kib` KiB until the test ends; outside `t.testdir()`, which is removed before teardown. */
export function mountTmpfs(t: Test, kib: number): string {
  const path = mkdtempSync(join(tmpdir(), "small-"));
  run(["mount", "-t", "tmpfs", "-o", `size=${kib}k`, "tmpfs", path]);
  t.teardown(() => {
    // A process that has just ended may still be on it for a moment; a lazy umount does not wait for that.
    run(["umount", "--lazy", path]);
    rmdirSync(path);
  });
  return path;
}

/** Makes a mounted tmpfs read-only, for root too. */
export function remountReadOnly(path: string): void {
  run(["mount", "-o", "remount,ro", path]);
}

function run(command: readonly string[]): void {
  const [program = "", ...args] = command;
  const done = spawnSync(program, args, { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`${command.join(" ")}: ${done.stderr}`);
}
