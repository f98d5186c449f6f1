import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../config/paths.ts";
import type { Project } from "../config/project.ts";
import { compareCodeUnits } from "../integrity/order.ts";
import type { RunInputs } from "../integrity/run-file.ts";
import { MigrationError } from "../model/errors.ts";
import type { FindingSink } from "../model/finding.ts";
import type { ModuleDefinition } from "../model/module.ts";
import { compareWithLock } from "../registry/compare-with-lock.ts";
import { loadRegistry } from "../registry/load-registry.ts";
import { parseLockFile, type RegistryLock } from "../registry/lock.ts";
import type { Registry } from "../registry/registry.ts";
import { findSharedUuids } from "../registry/shared-uuids.ts";
import { openSource as openSourceAt } from "../sources/open-source.ts";
import type { Source } from "../sources/source.ts";

/** The registries of a project by module name. */
export type RegistryMap = ReadonlyMap<string, Registry>;

/** Path of a module's registry, relative to the project: `.json`, or `.jsonl` where that is the one there is. */
export function registryFile(root: string, module: string): string {
  const lines = `${PROJECT.mapping}/${module}.jsonl`;
  const array = `${PROJECT.mapping}/${module}.json`;
  return !existsSync(join(root, array)) && existsSync(join(root, lines)) ? lines : array;
}

/** Loads the registries of `modules`, reporting their faults; one error names every file that is missing. */
export function loadRegistries(root: string, modules: readonly ModuleDefinition[], sink: FindingSink): RegistryMap {
  const missing = modules.filter(({ name }) => !existsSync(join(root, registryFile(root, name))));
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(" ");
    throw new MigrationError("REGISTRY_MISSING", {
      message: `No registry for ${missing.length === 1 ? "module" : "modules"} ${names}.`,
      problems: missing.map(({ name }) => `expected ${PROJECT.mapping}/${name}.json, got no such file`),
      remedy: `candor registry generate ${names}`,
    });
  }
  const registries = new Map<string, Registry>();
  for (const { name } of modules) {
    const file = registryFile(root, name);
    registries.set(name, loadRegistry({ module: name, file, path: join(root, file) }, sink));
  }
  findSharedUuids([...registries.values()], sink);
  return registries;
}

/** Compares registries with the lock file, reporting what grew or changed since the freeze. */
export function checkFreeze(root: string, registries: RegistryMap, sink: FindingSink): void {
  const lock = readLock(root);
  for (const registry of registries.values())
    compareWithLock(registry, lock, readFingerprints(root, registry.module), sink);
}

/** The frozen digests; empty where nothing was ever frozen. */
export function readLock(root: string): RegistryLock {
  const text = readOptional(join(root, PROJECT.lock));
  return text === undefined ? new Map() : parseLockFile(text, PROJECT.lock);
}

/** The sidecar that tells growth from change; undefined where it is missing. */
export function readFingerprints(root: string, module: string): string | undefined {
  return readOptional(join(root, PROJECT.lockEntries, `${module}.txt`));
}

function readOptional(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

/** Opens the source of the project, read-only, with every collection that the modules name. */
export async function openSource(project: Project): Promise<Source> {
  const wanted = project.modules.map(({ collection, query, legacyKey }) => ({
    name: collection,
    query,
    key: legacyKey,
  }));
  return openSourceAt(project.source, project.root, wanted);
}

/** Everything a candidate is built from, as digests (FORMATS.md, section 5). */
export function runInputs(project: Project, registries: RegistryMap): RunInputs {
  const sorted = [...project.modules].sort((a, b) => compareCodeUnits(a.name, b.name));
  return {
    config: project.configDigest,
    modules: Object.fromEntries(sorted.map((module) => [module.name, module.digests])),
    registries: Object.fromEntries(sorted.map(({ name }) => [name, registries.get(name)?.sha256 ?? ""])),
    source: { kind: project.source.kind },
  };
}
