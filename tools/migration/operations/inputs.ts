import { existsSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../config/paths.ts";
import type { Project } from "../config/project.ts";
import { compareCodeUnits } from "../integrity/order.ts";
import type { RunInputs } from "../integrity/run-file.ts";
import { MigrationError } from "../model/errors.ts";
import type { FindingSink } from "../model/finding.ts";
import type { ModuleDefinition } from "../model/module.ts";
import { type ComparedRegistry, compareWithLock } from "../registry/compare-with-lock.ts";
import { loadRegistry } from "../registry/load-registry.ts";
import type { Registry } from "../registry/registry.ts";
import { findSharedUuids } from "../registry/shared-uuids.ts";
import { openSource as openSourceAt } from "../sources/open-source.ts";
import { paced } from "../sources/pace.ts";
import type { Source } from "../sources/source.ts";
import { SpillFolder } from "../stores/spill-folder.ts";
import type { Context } from "./context.ts";
import { fingerprintsFile, readLock, registryFile } from "./registry-files.ts";

/** The registries of a project by module name. */
export type RegistryMap = ReadonlyMap<string, Registry>;

/** `REGISTRY_MISSING`, which names every one, where modules have no registry. */
export function assertRegistries(root: string, modules: readonly ModuleDefinition[]): void {
  const missing = modules.filter(({ name }) => !existsSync(join(root, registryFile(root, name))));
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(" ");
  throw new MigrationError("REGISTRY_MISSING", {
    message: `No registry for ${missing.length === 1 ? "module" : "modules"} ${names}.`,
    problems: missing.map(({ name }) => `expected ${PROJECT.mapping}/${name}.json, got no such file`),
    remedy: `candor registry generate ${names}`,
  });
}

/** Loads the registries of `modules`, reporting their faults; one error names every file that is missing. */
export function loadRegistries(root: string, modules: readonly ModuleDefinition[], sink: FindingSink): RegistryMap {
  assertRegistries(root, modules);
  const registries = new Map<string, Registry>();
  for (const { name } of modules) {
    const file = registryFile(root, name);
    registries.set(name, loadRegistry({ module: name, file, path: join(root, file) }, sink));
  }
  findSharedUuids([...registries.values()], sink);
  return registries;
}

/** Compares registries with the lock file, reporting what grew or changed since the freeze. */
export function checkFreeze(root: string, registries: ReadonlyMap<string, ComparedRegistry>, sink: FindingSink): void {
  const lock = readLock(root);
  const folder = new SpillFolder(join(root, PROJECT.reports));
  try {
    for (const registry of registries.values()) {
      compareWithLock(registry, { lock, sidecar: join(root, fingerprintsFile(registry.module)), folder }, sink);
    }
  } finally {
    folder.close();
  }
}

/** Opens the source of the project, read-only, with every collection that the modules name; not faster than allowed. */
export async function openSource(project: Project, { maxRowsPerSecond }: Context): Promise<Source> {
  const wanted = project.modules.map(({ collection, query, legacyKey }) => ({
    name: collection,
    query,
    key: legacyKey,
  }));
  const source = await openSourceAt(project.source, project.root, wanted);
  return maxRowsPerSecond === undefined ? source : paced(source, maxRowsPerSecond);
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
