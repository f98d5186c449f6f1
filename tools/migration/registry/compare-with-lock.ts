import { MigrationError } from "../model/errors.ts";
import { type FindingPlace, type FindingSink, finding } from "../model/finding.ts";
import type { FindingCode } from "../model/finding-codes.ts";
import { FingerprintList, fingerprint } from "./fingerprints.ts";
import { namedLegacyId } from "./legacy-id.ts";
import type { FrozenRegistry, RegistryLock } from "./lock.ts";
import type { Registry } from "./registry.ts";

/** How a registry stands to its frozen state; only `changed` breaks the promise that ids given out stay. */
export type LockComparison = "equal" | "grown" | "changed" | "unfrozen";

/**
 * Compares a registry with the lock and reports what differs. `fingerprintsText` is the sidecar of the module,
 * undefined where the file is missing; without it a change cannot be told from growth and counts as one.
 */
export function compareWithLock(
  registry: Registry,
  lock: RegistryLock,
  fingerprintsText: string | undefined,
  sink: FindingSink,
): LockComparison {
  const report = (code: FindingCode, place: FindingPlace) => sink(finding(code, { module: registry.module, ...place }));
  const frozen = lock.get(registry.module);
  if (frozen === undefined) {
    report("REGISTRY_NOT_FROZEN", { expected: "a digest in the lock file", got: "none" });
    return "unfrozen";
  }
  if (registry.size === frozen.entries && registry.sha256 === frozen.sha256) return "equal";
  const list = fingerprintsText === undefined ? undefined : FingerprintList.of(fingerprintsText, frozen.fingerprints);
  if (list === undefined) {
    report("REGISTRY_CHANGED", undecidable(registry, frozen, fingerprintsText));
    return "changed";
  }
  const firstNew = firstNewEntry(registry, list);
  if (firstNew !== undefined) {
    report("REGISTRY_GROWN", {
      ...placeOf(registry, firstNew),
      expected: `${frozen.entries} entries`,
      got: `${registry.size - frozen.entries} new entries beside them; this is the first`,
    });
    return "grown";
  }
  reportChanges(registry, list, (place) => report("REGISTRY_CHANGED", place));
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

/** The index of the first entry that is new where all frozen ones are still there, in order; undefined otherwise. */
function firstNewEntry(registry: Registry, list: FingerprintList): number | undefined {
  let matched = 0;
  let first: number | undefined;
  let index = 0;
  for (const entry of registry.entries()) {
    // Both are in registry order, so taking the first match loses nothing and needs no table.
    const { legacyId, entry: whole } = fingerprint(entry);
    const same = matched < list.size && legacyId === list.legacyIdAt(matched) && whole === list.entryAt(matched);
    if (same) matched += 1;
    else first ??= index;
    index += 1;
  }
  return matched === list.size ? first : undefined;
}

function reportChanges(registry: Registry, list: FingerprintList, report: (place: FindingPlace) => void): void {
  const missing = new Map<string, number>();
  for (let index = 0; index < list.size; index += 1) missing.set(list.legacyIdAt(index), index);
  let changed = 0;
  let index = 0;
  for (const entry of registry.entries()) {
    const { legacyId, entry: whole } = fingerprint(entry);
    const frozenAt = missing.get(legacyId);
    if (frozenAt !== undefined && whole !== list.entryAt(frozenAt)) {
      const place = placeOf(registry, index);
      report({ ...place, expected: "the entry as it was frozen", got: "another targetUuid or version" });
      changed += 1;
    }
    missing.delete(legacyId);
    index += 1;
  }
  if (missing.size > 0) report({ expected: `${list.size} frozen entries`, got: `${missing.size} of them missing` });
  else if (changed === 0) report({ expected: "entries of the frozen digest", got: "a lock that contradicts itself" });
}

function undecidable(registry: Registry, frozen: FrozenRegistry, text: string | undefined): FindingPlace {
  const sidecar =
    text === undefined
      ? "the fingerprints to tell growth from change are missing"
      : "the fingerprints to tell growth from change are damaged";
  return { expected: `the ${frozen.entries} frozen entries`, got: `${registry.size} that differ, and ${sidecar}` };
}

function placeOf(registry: Registry, index: number): FindingPlace {
  return { ...namedLegacyId(registry.legacyIdAt(index)), id: registry.uuidAt(index), record: index + 1 };
}
