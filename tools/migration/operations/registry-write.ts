import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../config/paths.ts";
import { loadProject, type Project } from "../config/project.ts";
import { MigrationError } from "../model/errors.ts";
import type { Finding } from "../model/finding.ts";
import type { ModuleDefinition } from "../model/module.ts";
import { assertFreezable, compareWithLock } from "../registry/compare-with-lock.ts";
import type { RegistryEntry } from "../registry/entry.ts";
import { fingerprintLines } from "../registry/fingerprints.ts";
import { generateEntries, proposeEntries, registryFileText } from "../registry/generate.ts";
import { legacyIdOf } from "../registry/legacy-id.ts";
import { loadRegistry } from "../registry/load-registry.ts";
import { freezeRegistry, lockFileText } from "../registry/lock.ts";
import type { Registry } from "../registry/registry.ts";
import type { Source } from "../sources/source.ts";
import { toStoreError, writeFileAtomic } from "../stores/atomic-file.ts";
import { type Context, turn, untilCancelled } from "./context.ts";
import { openSource } from "./inputs.ts";
import { pickModules } from "./pick-modules.ts";
import { readFingerprints, readLock, registryFile } from "./registry-files.ts";

/** What a writing registry command did to one module. */
export interface RegistryChange {
  readonly module: string;
  /** File written, relative to the project. */
  readonly file: string;
  readonly entries: number;
  /** Entries that were not there before. */
  readonly added: number;
}

/** Registries are the project's own files, committed and read by people. */
const COMMITTED_MODE = 0o644;

/** Writes an entry for every source record that has none; entries that exist stay as they are. */
export async function generateRegistries(
  context: Context,
  names: readonly string[],
): Promise<readonly RegistryChange[]> {
  return withSource(context, names, async (project, module, source) => {
    const existing = loadExisting(project.root, module.name);
    const entries = generateEntries(module.name, await legacyIds(context, module, source), existing);
    const added = entries.length - (existing?.size ?? 0);
    const file = registryFile(project.root, module.name);
    if (added > 0 || existing === undefined) write(project.root, file, entries);
    return { module: module.name, file, entries: entries.length, added };
  });
}

/** Writes entries for records that have none into the report folder, for review; never into a registry. */
export async function proposeRegistries(
  context: Context,
  names: readonly string[],
): Promise<readonly RegistryChange[]> {
  return withSource(context, names, async (project, module, source) => {
    const existing = loadExisting(project.root, module.name);
    const entries = proposeEntries(module.name, await legacyIds(context, module, source), existing);
    const file = `${PROJECT.reports}/latest-registry-propose/${module.name}.json`;
    write(project.root, file, entries, { private: true });
    return { module: module.name, file, entries: entries.length, added: entries.length };
  });
}

/** Writes the digests of the registries to the lock file; a changed one is refused unless `acceptChanged`. */
export async function freezeRegistries(
  context: Context,
  names: readonly string[],
  options: { readonly acceptChanged: boolean },
): Promise<readonly RegistryChange[]> {
  const project = loadProject(context.root);
  const lock = new Map(readLock(context.root));
  const changes: RegistryChange[] = [];
  for (const { name } of pickModules(project.modules, names)) {
    const registry = loadExisting(context.root, name);
    if (registry === undefined) {
      throw new MigrationError("REGISTRY_MISSING", {
        message: `Freezing ${name}: expected the file ${registryFile(context.root, name)}, got none.`,
        remedy: `candor registry generate ${name}`,
      });
    }
    const before = lock.get(name)?.entries ?? 0;
    const comparison = compareWithLock(registry, lock, readFingerprints(context.root, name), () => {});
    if (!options.acceptChanged) assertFreezable(name, comparison);
    lock.set(name, freezeRegistry(registry));
    writeText(context.root, `${PROJECT.lockEntries}/${name}.txt`, fingerprintLines(registry.entries()));
    changes.push({ module: name, file: PROJECT.lock, entries: registry.size, added: registry.size - before });
    await turn(context);
  }
  writeText(context.root, PROJECT.lock, [lockFileText(lock)]);
  return changes;
}

async function withSource(
  context: Context,
  names: readonly string[],
  change: (project: Project, module: ModuleDefinition, source: Source) => Promise<RegistryChange>,
): Promise<readonly RegistryChange[]> {
  const project = loadProject(context.root);
  const modules = pickModules(project.modules, names);
  const source = await openSource(project, context);
  try {
    const changes: RegistryChange[] = [];
    for (const module of modules) changes.push(await change(project, module, source));
    return changes;
  } finally {
    await source.close();
  }
}

/** The registry of a module; undefined where there is none. A faulty one must not be written over. */
function loadExisting(root: string, module: string): Registry | undefined {
  const file = registryFile(root, module);
  if (!existsSync(join(root, file))) return undefined;
  const faults: Finding[] = [];
  const registry = loadRegistry({ module, file, path: join(root, file) }, (found) => faults.push(found));
  if (faults.length === 0) return registry;
  throw new MigrationError("REGISTRY_INVALID", {
    message: `The registry ${file} has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}; it is left as it is.`,
    problems: faults.slice(0, 10).map((found) => `${found.code}: ${found.message} (line ${found.line ?? "?"})`),
    remedy: `candor registry check ${module}`,
  });
}

async function legacyIds(context: Context, module: ModuleDefinition, source: Source): Promise<readonly string[]> {
  const ids: string[] = [];
  let record = 0;
  for await (const batch of untilCancelled(context, source.read(module.collection))) {
    for (const value of batch) {
      record += 1;
      const key = legacyIdOf(module.legacyKey.map((name) => ownValue(value, name)));
      if (!("legacyId" in key)) throw noLegacyId(module, record, key.problem);
      ids.push(key.legacyId);
    }
    await turn(context);
  }
  return ids;
}

function ownValue(record: unknown, name: string): unknown {
  return typeof record === "object" && record !== null && Object.hasOwn(record, name)
    ? Reflect.get(record, name)
    : undefined;
}

function noLegacyId(module: ModuleDefinition, record: number, problem: "missing" | "type"): MigrationError {
  const got = problem === "missing" ? "nothing" : "a value that is neither text nor a safe integer";
  return new MigrationError("SOURCE_INVALID", {
    message: `Record ${record} of ${module.collection}: expected a legacy id in ${module.legacyKey.join(", ")}, got ${got}.`,
    remedy: "`candor dry-run` names every such record once the registries exist; mend this one in the source first.",
  });
}

function write(
  root: string,
  file: string,
  entries: readonly RegistryEntry[],
  options?: { readonly private: boolean },
): void {
  writeText(root, file, registryFileText(entries, file.endsWith(".jsonl") ? "jsonl" : "json"), options);
}

function writeText(root: string, file: string, text: Iterable<string>, options?: { readonly private: boolean }): void {
  const path = join(root, file);
  try {
    mkdirSync(join(path, ".."), { recursive: true, ...(options?.private === true ? { mode: 0o700 } : {}) });
    writeFileAtomic(path, text, { mode: options?.private === true ? 0o600 : COMMITTED_MODE });
  } catch (error) {
    throw toStoreError(error, `Writing ${file}`);
  }
}
