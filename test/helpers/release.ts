import { chmodSync, existsSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Test } from "tap";
import { promote } from "../../tools/migration/operations/promote.ts";
import { candor, writeProjectFile } from "./cli-project.ts";
import { contextOf, runOperation } from "./operations.ts";
import { type SmallProject, SOURCE, smallProject, sourceText } from "./small-project.ts";

/** Where the live pointer of a small project is. */
export const POINTER = "storage/current";

/** Builds, scans and promotes; the run root. */
export async function release(root: string, parts: Pick<SmallProject, "people"> = {}): Promise<string> {
  if (parts.people !== undefined) writeProjectFile(root, SOURCE, sourceText(parts));
  // A process of its own: this one has imported the source before and would not see another.
  const { code, stderr } = candor(root, ["migrate", "--quiet"]);
  if (code !== 0) throw new Error(stderr);
  await runOperation(root, "scan-all");
  return (await promote(contextOf(root), { root: undefined, replace: false })).root;
}

/** A small project with one release; folders can be removed when the test ends. */
export async function releasedProject(t: Test, parts: SmallProject = {}): Promise<{ root: string; live: string }> {
  const root = smallProject(t, parts);
  t.teardown(() => makeRemovable(root));
  return { root, live: await release(root) };
}

/** Another people collection, for another root. */
export const OTHER_PEOPLE = `[{ id: "P-1", code: "ONE", name: "Ada" }, { id: "P-2", code: "TWO", name: "Bea" }]`;

/** Releases are read-only; a test folder has to go. */
export function makeRemovable(path: string): void {
  if (!existsSync(path) || !lstatSync(path).isDirectory()) return;
  chmodSync(path, 0o755);
  for (const name of readdirSync(path)) makeRemovable(join(path, name));
}
