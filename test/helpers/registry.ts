import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareUtf8 } from "../../tools/migration/integrity/order.ts";
import { MigrationError } from "../../tools/migration/model/errors.ts";
import type { Finding } from "../../tools/migration/model/finding.ts";
import { assertFree } from "../../tools/migration/registry/assert-free.ts";
import type { RegistryEntry } from "../../tools/migration/registry/entry.ts";
import { FingerprintDigest } from "../../tools/migration/registry/fingerprints.ts";
import { mergeEntries, newEntries, registryFileText } from "../../tools/migration/registry/generate.ts";
import { loadRegistry } from "../../tools/migration/registry/load-registry.ts";
import { type FrozenRegistry, freezeRegistry } from "../../tools/migration/registry/lock.ts";
import type { Registry } from "../../tools/migration/registry/registry.ts";
import { SortedIds } from "../../tools/migration/registry/sorted-ids.ts";
import { SpillFolder } from "../../tools/migration/stores/spill-folder.ts";

/** A UUID that ends in `number`. */
export function uuid(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}`;
}

/** A well-formed entry. */
export function entry(legacyId: string, number: number, version = 1): RegistryEntry {
  return { legacyId, targetUuid: uuid(number), version };
}

/** Writes `text` as the registry of `module` and loads it. */
export function loadText(dir: string, module: string, text: string, blockSizeBytes = 65_536): Loaded {
  const path = join(dir, `${module}.json`);
  writeFileSync(path, text);
  const findings: Finding[] = [];
  const file = `migration/mapping/${module}.json`;
  const registry = loadRegistry({ module, path, file, blockSizeBytes }, (found) => findings.push(found));
  return { registry, findings };
}

/** A registry and what loading it found. */
export interface Loaded {
  readonly registry: Registry;
  readonly findings: readonly Finding[];
}

/** Writes entries in the committed form and loads them; they must be free of faults. */
export function loadEntries(dir: string, module: string, entries: Iterable<RegistryEntry>): Registry {
  const { registry, findings } = loadText(dir, module, [...registryFileText(entries)].join(""));
  if (findings.length > 0) throw new Error(`a fixture has faults: ${JSON.stringify(findings)}`);
  return registry;
}

/** The coded error that `run` throws. */
export function thrown(run: () => unknown): MigrationError {
  try {
    run();
  } catch (error) {
    if (error instanceof MigrationError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** Entries for the legacy ids that `existing` does not hold, sorted. */
export function proposeEntries(module: string, legacyIds: Iterable<string>, existing?: Registry): RegistryEntry[] {
  const added = [...newEntries(module, [...legacyIds].sort(compareUtf8), existing?.entries() ?? [])];
  withFolder((folder) => {
    const ids = new SortedIds(folder);
    for (const entry of existing?.entries() ?? []) ids.add({ entry, record: 1, line: 1 });
    const distinct = ids.distinct(
      () => [],
      () => {},
    );
    assertFree(module, added, distinct.records(), folder);
  });
  return added;
}

/** A whole registry for these legacy ids: entries of `existing` as they are, derived ones for the rest. */
export function generateEntries(module: string, legacyIds: Iterable<string>, existing?: Registry): RegistryEntry[] {
  return [...mergeEntries(existing?.entries() ?? [], proposeEntries(module, legacyIds, existing))];
}

/** What `registry freeze` keeps of a registry. */
export function frozenOf(registry: Registry): FrozenRegistry {
  const digest = new FingerprintDigest();
  for (const _ of digest.lines(registry.entries()));
  return freezeRegistry(registry, digest.end());
}

/** Gives `use` a folder to sort in, and removes it. */
export function withFolder<T>(use: (folder: SpillFolder) => T): T {
  const folder = new SpillFolder(tmpdir());
  try {
    return use(folder);
  } finally {
    folder.close();
  }
}
