import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Estate } from "./estate.ts";
import type { Practice } from "./practice.ts";

const CLI = resolve("tools/migration/cli.js");

/**
 * The world of the Station 56 playbook: the example of this repository with the real tool. One release is live; the
 * source has changed since, so that the cutover leads to another root.
 */
export async function layStation56(dir: string): Promise<Practice> {
  const estate = new Estate(dir);
  for (const folder of ["modules", "migration"]) cpSync(folder, join(estate.project, folder), { recursive: true });
  estate.file("package.json", '{"type":"module"}\n');
  const candor = (words: string): string => estate.run("local", `"${process.execPath}" "${CLI}" ${words} --quiet`);
  candor("migrate");
  candor("scan-all");
  const { root } = JSON.parse(candor("promote --json"));
  candor(`pointer flip ${root}`);
  changeSource(estate);
  return {
    estate,
    plan: "station56",
    vars: { m: `${process.execPath} ${CLI}` },
    roles: { operator: "olga", reviewer: "rolf" },
  };
}

/** Another price of one article: the same ids, another root. */
function changeSource(estate: Estate): void {
  const path = join(estate.project, "modules/shared/api/db/waren.js");
  const text = readFileSync(path, "utf8");
  const changed = text.replace(/(preis: )(\d+)/, (_all, key: string, price: string) => `${key}${Number(price) + 1}`);
  if (changed === text) throw new Error("the example has no price to change");
  writeFileSync(path, changed);
}
