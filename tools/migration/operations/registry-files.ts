import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../config/paths.ts";
import { parseLockFile, type RegistryLock } from "../registry/lock.ts";

/** Path of a module's registry, relative to the project: `.json`, or `.jsonl` where that is the one there is. */
export function registryFile(root: string, module: string): string {
  const lines = `${PROJECT.mapping}/${module}.jsonl`;
  const array = `${PROJECT.mapping}/${module}.json`;
  return !existsSync(join(root, array)) && existsSync(join(root, lines)) ? lines : array;
}

/** The frozen digests; empty where nothing was ever frozen. */
export function readLock(root: string): RegistryLock {
  const text = readOptional(join(root, PROJECT.lock));
  return text === undefined ? new Map() : parseLockFile(text, PROJECT.lock);
}

/** Path of the sidecar that tells growth from change, relative to the project. */
export function fingerprintsFile(module: string): string {
  return `${PROJECT.lockEntries}/${module}.txt`;
}

function readOptional(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}
