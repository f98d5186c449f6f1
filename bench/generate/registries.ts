import { createHash, hash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ModuleShape } from "./field.ts";
import { LineFile } from "./line-file.ts";
import { legacyIdAt, uuidOf } from "./records.ts";

/** Hex digits of a fingerprint in the sidecar of the lock file. */
const DIGITS = 16;

/** Writes every registry in the committed form and freezes them; returns their digests by module. */
export function writeRegistries(root: string, modules: readonly ModuleShape[]): Readonly<Record<string, string>> {
  mkdirSync(join(root, "migration/mapping/registry.lock"), { recursive: true });
  const frozen = [...modules]
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .map((module) => [module.name, writeRegistry(root, module)] as const);
  const lock = { format: "candor-registry-lock/1", registries: Object.fromEntries(frozen) };
  writeFileSync(join(root, "migration/mapping/registry.lock.json"), `${JSON.stringify(lock, undefined, 2)}\n`);
  return Object.fromEntries(frozen.map(([name, { sha256 }]) => [name, sha256]));
}

function writeRegistry(root: string, { name, count }: ModuleShape) {
  const file = new LineFile(join(root, `migration/mapping/${name}.json`));
  const sidecar = new LineFile(join(root, `migration/mapping/registry.lock/${name}.txt`));
  const [whole, fingerprints] = [createHash("sha256"), createHash("sha256")];
  file.write("[\n");
  for (let index = 0; index < count; index += 1) {
    const legacyId = legacyIdAt(name, index);
    const entry = `{"legacyId":"${legacyId}","targetUuid":"${uuidOf(name, legacyId)}","version":1}`;
    whole.update(`${entry}\n`);
    file.write(index === count - 1 ? `${entry}\n` : `${entry},\n`);
    const line = `${hash("sha256", legacyId).slice(0, DIGITS)}${hash("sha256", entry).slice(0, DIGITS)}\n`;
    fingerprints.update(line);
    sidecar.write(line);
  }
  file.write("]\n");
  file.close();
  sidecar.close();
  return { entries: count, fingerprintsSha256: fingerprints.digest("hex"), sha256: whole.digest("hex") };
}
