import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprintLines } from "../../tools/migration/registry/fingerprints.ts";
import { loadRegistry } from "../../tools/migration/registry/load-registry.ts";
import { lockFileText, parseLockFile } from "../../tools/migration/registry/lock.ts";
import { frozenOf } from "./registry.ts";

/** Freezes the registry of a module as it is: `registry freeze` refuses one that shares an id with another. */
export function freezeAnyway(root: string, module: string): void {
  const file = `migration/mapping/${module}.json`;
  const registry = loadRegistry({ module, path: join(root, file), file }, () => {});
  const path = join(root, "migration/mapping/registry.lock.json");
  const lock = parseLockFile(readFileSync(path, "utf8"), path);
  writeFileSync(path, lockFileText(new Map([...lock, [module, frozenOf(registry)]])));
  const lines = [...fingerprintLines(registry.entries())].join("");
  writeFileSync(join(root, `migration/mapping/registry.lock/${module}.txt`), lines);
}
