import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../config/paths.ts";
import { loadProject, type Project } from "../config/project.ts";
import { MigrationError } from "../model/errors.ts";
import type { Finding } from "../model/finding.ts";
import type { ModuleDefinition } from "../model/module.ts";
import { BrokenRecord } from "../model/source-record.ts";
import { assertFreezable, compareWithLock } from "../registry/compare-with-lock.ts";
import type { RegistryEntry } from "../registry/entry.ts";
import { fingerprintLines } from "../registry/fingerprints.ts";
import { mergeEntries, newEntries, registryFileText } from "../registry/generate.ts";
import { legacyIdOf } from "../registry/legacy-id.ts";
import { loadRegistry } from "../registry/load-registry.ts";
import { freezeRegistry, lockFileText } from "../registry/lock.ts";
import type { Registry } from "../registry/registry.ts";
import { findSharedUuids } from "../registry/shared-uuids.ts";
import type { Source } from "../sources/source.ts";
import { toStoreError, writeFileAtomic } from "../stores/atomic-file.ts";
import { SortedTexts } from "../stores/sorted-texts.ts";
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
    const file = registryFile(project.root, module.name);
    return withNewEntries({ context, module, source, existing }, (added) => {
      const before = existing?.size ?? 0;
      const first = added.next();
      if (first.done === true && existing !== undefined)
        return { module: module.name, file, entries: before, added: 0 };
      const all = mergeEntries(existing?.entries() ?? [], first.done === true ? [] : withFirst(first.value, added));
      const entries = write(project.root, file, all);
      return { module: module.name, file, entries, added: entries - before };
    });
  });
}

/** Writes entries for records that have none into the report folder, for review; never into a registry. */
export async function proposeRegistries(
  context: Context,
  names: readonly string[],
): Promise<readonly RegistryChange[]> {
  return withSource(context, names, async (project, module, source) => {
    const existing = loadExisting(project.root, module.name);
    const file = `${PROJECT.reports}/latest-registry-propose/${module.name}.json`;
    return withNewEntries({ context, module, source, existing }, (added) => {
      const entries = write(project.root, file, added, { private: true });
      return { module: module.name, file, entries, added: entries };
    });
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
  const picked = pickModules(project.modules, names);
  const registries = new Map(project.modules.map(({ name }) => [name, loadExisting(context.root, name)] as const));
  assertDistinct([...registries.values()].filter((registry) => registry !== undefined));
  for (const { name } of picked) {
    const registry = registries.get(name);
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

/** REGISTRY_INVALID where an id was given out by two registries: frozen, it would stay so for good. */
function assertDistinct(registries: readonly Registry[]): void {
  const shared: Finding[] = [];
  findSharedUuids(registries, (found) => shared.push(found));
  if (shared.length === 0) return;
  throw new MigrationError("REGISTRY_INVALID", {
    message: `Freezing: expected a targetUuid in one registry alone, got ${shared.length} in two; nothing was frozen.`,
    problems: shared.slice(0, 10).map(({ module, id, got }) => `${module ?? ""} ${id ?? ""}: ${got ?? ""}`),
    remedy: "`candor registry check` names every one; give each entry a UUID of its own.",
  });
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

interface Reading {
  readonly context: Context;
  readonly module: ModuleDefinition;
  readonly source: Source;
  readonly existing: Registry | undefined;
}

/** Gives `use` the entries that records of the source lack, ascending; only their sorting takes memory, and bounded. */
async function withNewEntries<T>(reading: Reading, use: (added: Generator<RegistryEntry>) => T): Promise<T> {
  const { context, module, source, existing } = reading;
  const ids = new SortedTexts(join(context.root, PROJECT.reports));
  try {
    context.progress.stage(`read ${module.name}`);
    let record = 0;
    for await (const batch of untilCancelled(context, source.read(module.collection))) {
      for (const value of batch) {
        record += 1;
        const id = legacyIdIn(value, module, record);
        if (existing === undefined || existing.lookup(id) < 0) ids.add(id);
      }
      context.progress.advance(batch.length);
      await turn(context);
    }
    return use(newEntries(module.name, ids.drain(), existing));
  } finally {
    ids.close();
  }
}

function* withFirst(first: RegistryEntry, rest: Iterable<RegistryEntry>): Generator<RegistryEntry> {
  yield first;
  yield* rest;
}

function legacyIdIn(value: unknown, module: ModuleDefinition, record: number): string {
  if (value instanceof BrokenRecord) throw brokenRecord(value, module, record);
  const key = legacyIdOf(module.legacyKey.map((name) => ownValue(value, name)));
  if ("legacyId" in key) return key.legacyId;
  throw noLegacyId(module, record, key.problem);
}

function brokenRecord({ code, place }: BrokenRecord, module: ModuleDefinition, record: number): MigrationError {
  const line = place.line === undefined ? "" : `:${place.line}`;
  const at = place.file === undefined ? "" : ` (${place.file}${line})`;
  const got = place.got === undefined ? "" : `, got ${place.got}`;
  return new MigrationError("SOURCE_INVALID", {
    message: `Record ${record} of ${module.collection}${at} cannot be read: ${code}, expected ${place.expected ?? "a record"}${got}.`,
    remedy:
      "Mend it in the source, then run the command again; `candor dry-run` names all of them once there are registries.",
  });
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

/** Writes a registry while its entries come, and counts them. */
function write(
  root: string,
  file: string,
  entries: Iterable<RegistryEntry>,
  options?: { readonly private: boolean },
): number {
  let count = 0;
  const counted = function* (): Generator<RegistryEntry> {
    for (const entry of entries) {
      count += 1;
      yield entry;
    }
  };
  writeText(root, file, registryFileText(counted(), file.endsWith(".jsonl") ? "jsonl" : "json"), options);
  return count;
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
