import { IdTable } from "../integrity/id-table.ts";
import { compareCodeUnits } from "../integrity/order.ts";
import { type FindingSink, finding } from "../model/finding.ts";
import { mergeRecords } from "../stores/merge-records.ts";
import { SortedBytes } from "../stores/sorted-bytes.ts";
import type { SpillFolder } from "../stores/spill-folder.ts";
import type { RegistryEntry } from "./entry.ts";
import { joinByIndex, NUMBER_BYTES, numberAt, putNumber } from "./join-by-index.ts";
import { namedLegacyId } from "./legacy-id.ts";
import type { Registry } from "./registry.ts";
import { haveSameUuid, indexOf, UUID_BYTES } from "./sorted-ids.ts";
import type { RegistrySurvey } from "./survey.ts";

/** Reports every UUID that registries of two modules hold, once for each module but the first in order of names. */
export function findSharedUuids(registries: readonly Registry[], sink: FindingSink): void {
  const sorted = byModule(registries);
  const seen = new IdTable();
  for (const [position, registry] of sorted.entries()) {
    for (let index = 0; index < registry.size; index += 1) {
      const uuid = registry.uuidAt(index);
      // A UUID twice in one registry is the finding of that registry's own check.
      if (seen.add(uuid) || registry.indexOfUuid(uuid) !== index) continue;
      const owner = sorted.slice(0, position).find((other) => other.indexOfUuid(uuid) >= 0);
      const entry = { targetUuid: uuid, legacyId: registry.legacyIdAt(index) };
      if (owner !== undefined) reportShared(registry.module, entry, owner.module, sink);
    }
  }
}

/** The same of registries that are not in memory: one walk through the sorted ids of all. */
export function findSharedIds(surveys: readonly RegistrySurvey[], folder: SpillFolder, sink: FindingSink): void {
  const sorted = byModule(surveys);
  const shared = sharedIds(sorted, folder);
  for (const [position, survey] of sorted.entries()) {
    const own = shared.get(position);
    if (own === undefined) continue;
    joinByIndex(survey.entries(), own.records(), (entry, record) => {
      reportShared(survey.module, entry, sorted[numberAt(record, NUMBER_BYTES)]?.module ?? "", sink);
    });
  }
}

/** By position of a module: index of the entry, and position of the first module that has its UUID. */
function sharedIds(surveys: readonly RegistrySurvey[], folder: SpillFolder): ReadonlyMap<number, SortedBytes> {
  const shared = new Map<number, SortedBytes>();
  const note = (holders: readonly Holder[]): void => {
    const owner = Math.min(...holders.map(({ position }) => position));
    for (const { position, index } of holders) {
      if (position === owner) continue;
      const own = shared.get(position) ?? new SortedBytes(folder);
      shared.set(position, own);
      const record = Buffer.alloc(2 * NUMBER_BYTES);
      putNumber(record, index, 0);
      putNumber(record, owner, NUMBER_BYTES);
      own.add(record);
    }
  };
  let holders: Holder[] = [];
  const last = Buffer.alloc(UUID_BYTES);
  for (const { record, source } of mergeRecords(surveys.map(({ ids }) => ids.records()))) {
    if (holders.length > 0 && haveSameUuid(last, record)) holders.push({ position: source, index: indexOf(record) });
    else {
      if (holders.length > 1) note(holders);
      holders = [{ position: source, index: indexOf(record) }];
      record.copy(last, 0, 0, UUID_BYTES);
    }
  }
  if (holders.length > 1) note(holders);
  return shared;
}

interface Holder {
  readonly position: number;
  readonly index: number;
}

function byModule<T extends { readonly module: string }>(registries: readonly T[]): readonly T[] {
  return [...registries].sort((left, right) => compareCodeUnits(left.module, right.module));
}

function reportShared(
  module: string,
  entry: Pick<RegistryEntry, "legacyId" | "targetUuid">,
  owner: string,
  sink: FindingSink,
): void {
  sink(
    finding("REGISTRY_UUID_SHARED", {
      module,
      id: entry.targetUuid,
      ...namedLegacyId(entry.legacyId),
      expected: `a targetUuid that only ${module} has`,
      got: `one that ${owner} has too`,
    }),
  );
}
