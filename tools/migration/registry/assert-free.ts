import { MigrationError } from "../model/errors.ts";
import { SortedBytes } from "../stores/sorted-bytes.ts";
import type { SpillFolder } from "../stores/spill-folder.ts";
import type { RegistryEntry } from "./entry.ts";
import { NUMBER_BYTES, numberAt, putNumber } from "./join-by-index.ts";
import { indexOf, putUuid, UUID_BYTES } from "./sorted-ids.ts";

/**
 * Throws `REGISTRY_INVALID` where the UUID of a new entry belongs to an entry of the registry, whose `ids` are records of
 * UUID and index; the first such new entry is named. Gives the number of new entries.
 */
export function assertFree(
  module: string,
  added: Iterable<RegistryEntry>,
  ids: Iterable<Buffer>,
  folder: SpillFolder,
): number {
  const own = new SortedBytes(folder);
  const record = Buffer.alloc(UUID_BYTES + NUMBER_BYTES);
  for (const { targetUuid } of added) {
    putUuid(record, targetUuid, 0);
    putNumber(record, own.count, UUID_BYTES);
    own.add(record);
  }
  const clash = firstClash(own.records(), ids);
  if (clash === undefined) return own.count;
  throw new MigrationError("REGISTRY_INVALID", {
    message: `Making an entry for ${module}: expected a targetUuid that is free, got ${clash.uuid}, which entry ${clash.index + 1} in order of legacyId holds for another legacy id.`,
    remedy: `Find ${clash.uuid} in the registry of ${module}: a legacyId was changed there. Bring it back from version control, or write the new entry by hand with a UUID of its own.`,
  });
}

interface Clash {
  readonly uuid: string;
  /** Of the entry that holds it. */
  readonly index: number;
  /** Number of the new entry. */
  readonly number: number;
}

/** Both ascend by UUID. */
function firstClash(added: Iterable<Buffer>, ids: Iterable<Buffer>): Clash | undefined {
  const held = ids[Symbol.iterator]();
  let holder = held.next();
  let first: Clash | undefined;
  for (const own of added) {
    while (holder.done !== true && compareUuids(holder.value, own) < 0) holder = held.next();
    if (holder.done === true) return first;
    const number = numberAt(own, UUID_BYTES);
    if (compareUuids(holder.value, own) !== 0 || (first !== undefined && first.number < number)) continue;
    first = { uuid: textOf(own), index: indexOf(holder.value), number };
  }
  return first;
}

function compareUuids(left: Buffer, right: Buffer): number {
  return left.compare(right, 0, UUID_BYTES, 0, UUID_BYTES);
}

function textOf(record: Buffer): string {
  const hex = record.toString("hex", 0, UUID_BYTES);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
