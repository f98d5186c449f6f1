import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";
import type { Practice } from "../estate/practice.ts";
import { makeRemovable } from "./release.ts";

/** An estate until the test ends; not below the test's own folder, because its services write to it until the end. */
export async function estateWorld(t: Test, lay: (dir: string) => Promise<Practice>): Promise<Practice> {
  const dir = mkdtempSync(join(tmpdir(), "estate-"));
  const practice = await lay(dir);
  t.teardown(() => {
    practice.estate.close();
    makeRemovable(dir);
    rmSync(dir, { recursive: true, force: true });
  });
  return practice;
}
