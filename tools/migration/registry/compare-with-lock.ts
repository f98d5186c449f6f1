import { existsSync } from "node:fs";
import { MigrationError } from "../model/errors.ts";
import { type FindingPlace, type FindingSink, finding } from "../model/finding.ts";
import type { FindingCode } from "../model/finding-codes.ts";
import type { SpillFolder } from "../stores/spill-folder.ts";
import { changedEntries } from "./changed-entries.ts";
import type { RegistryEntry } from "./entry.ts";
import { FingerprintFile, fingerprint } from "./fingerprints.ts";
import { joinByIndex } from "./join-by-index.ts";
import { namedLegacyId } from "./legacy-id.ts";
import type { FrozenRegistry, RegistryLock } from "./lock.ts";

/** How a registry stands to its frozen state; only `changed` breaks the promise that ids given out stay. */
export type LockComparison = "equal" | "grown" | "changed" | "unfrozen";

/** What is compared of a registry, in memory or not. */
export interface ComparedRegistry {
  readonly module: string;
  readonly size: number;
  readonly sha256: string;
  /** All entries in order; may be asked for again. */
  entries(): Iterable<RegistryEntry>;
}

/** What a registry is compared with. */
export interface FrozenState {
  readonly lock: RegistryLock;
  /** Path of the fingerprints of the module; without the file a change cannot be told from growth and counts as one. */
  readonly sidecar: string;
  /** Where the fingerprints of a changed registry are sorted. */
  readonly folder: SpillFolder;
}

/** Compares a registry with the lock and reports what differs. */
export function compareWithLock(registry: ComparedRegistry, state: FrozenState, sink: FindingSink): LockComparison {
  const report = (code: FindingCode, place: FindingPlace) => sink(finding(code, { module: registry.module, ...place }));
  const frozen = state.lock.get(registry.module);
  if (frozen === undefined) {
    report("REGISTRY_NOT_FROZEN", { expected: "a digest in the lock file", got: "none" });
    return "unfrozen";
  }
  if (registry.size === frozen.entries && registry.sha256 === frozen.sha256) return "equal";
  const isThere = existsSync(state.sidecar);
  const prints = isThere ? FingerprintFile.of(state.sidecar, frozen.fingerprints) : undefined;
  if (prints === undefined) {
    report("REGISTRY_CHANGED", undecidable(registry, frozen, isThere));
    return "changed";
  }
  const firstNew = firstNewEntry(registry, prints);
  if (firstNew !== undefined) {
    report("REGISTRY_GROWN", {
      ...placeOf(firstNew.entry, firstNew.index),
      expected: `${frozen.entries} entries`,
      got: `${registry.size - frozen.entries} new entries beside them; this is the first`,
    });
    return "grown";
  }
  reportChanges(registry, prints, state.folder, (place) => report("REGISTRY_CHANGED", place));
  return "changed";
}

/** Throws `REGISTRY_INVALID` where freezing would make a change of ids given out the new truth. */
export function assertFreezable(module: string, comparison: LockComparison): void {
  if (comparison !== "changed") return;
  throw new MigrationError("REGISTRY_INVALID", {
    message: `Freezing the registry of ${module}: expected every frozen entry as it was, got changed or missing ones.`,
    remedy: `Bring the frozen entries back from version control, then \`candor registry check ${module}\`; freeze a change only where it is meant and no id of it was given out.`,
  });
}

interface IndexedEntry {
  readonly entry: RegistryEntry;
  readonly index: number;
}

/** The first entry that is new where all frozen ones are still there, in order; undefined otherwise. */
function firstNewEntry(registry: ComparedRegistry, prints: FingerprintFile): IndexedEntry | undefined {
  const frozen = prints.fingerprints();
  let next = frozen.next();
  let first: IndexedEntry | undefined;
  let index = 0;
  for (const entry of registry.entries()) {
    // Both are in registry order, so taking the first match loses nothing and needs no table.
    const { legacyId, entry: whole } = fingerprint(entry);
    if (next.done !== true && legacyId === next.value.legacyId && whole === next.value.entry) next = frozen.next();
    else first ??= { entry, index };
    index += 1;
  }
  return next.done === true ? first : undefined;
}

function reportChanges(
  registry: ComparedRegistry,
  prints: FingerprintFile,
  folder: SpillFolder,
  report: (place: FindingPlace) => void,
): void {
  const { changed, missing } = changedEntries(prints.fingerprints(), registry.entries(), folder);
  joinByIndex(registry.entries(), changed.records(), (entry, _record, index) => {
    const place = placeOf(entry, index);
    report({ ...place, expected: "the entry as it was frozen", got: "another targetUuid or version" });
  });
  if (missing > 0) report({ expected: `${prints.size} frozen entries`, got: `${missing} of them missing` });
  else if (changed.count === 0) {
    report({ expected: "entries of the frozen digest", got: "a lock that contradicts itself" });
  }
}

function undecidable(registry: ComparedRegistry, frozen: FrozenRegistry, isThere: boolean): FindingPlace {
  const sidecar = `the fingerprints to tell growth from change are ${isThere ? "damaged" : "missing"}`;
  return { expected: `the ${frozen.entries} frozen entries`, got: `${registry.size} that differ, and ${sidecar}` };
}

function placeOf(entry: RegistryEntry, index: number): FindingPlace {
  return { ...namedLegacyId(entry.legacyId), id: entry.targetUuid, record: index + 1 };
}
