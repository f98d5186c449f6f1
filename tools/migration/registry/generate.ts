import { compareUtf8 } from "../integrity/order.ts";
import { MigrationError } from "../model/errors.ts";
import { deriveUuid } from "./derive-uuid.ts";
import { entryLine, type RegistryEntry } from "./entry.ts";
import type { Registry } from "./registry.ts";

/** Version of an entry that was just made. */
const FIRST_VERSION = 1;

/** How a registry file holds its entries: one JSON array, or one entry per line. */
export type RegistryForm = "json" | "jsonl";

/**
 * Entries for the legacy ids that `existing` does not hold, one at a time, each once; the ids ascend by their UTF-8 bytes
 * and may repeat. Throws `REGISTRY_INVALID` where a derived UUID belongs to another legacy id already, `VALUE_INVALID`
 * for a legacy id that is empty or not well-formed.
 */
export function* newEntries(
  module: string,
  legacyIds: Iterable<string>,
  existing: Registry | undefined,
): Generator<RegistryEntry> {
  let last: string | undefined;
  for (const legacyId of legacyIds) {
    if (legacyId === last || (existing !== undefined && existing.lookup(legacyId) >= 0)) continue;
    last = legacyId;
    const targetUuid = deriveUuid(module, legacyId);
    assertUnused(targetUuid, module, existing);
    yield { legacyId, targetUuid, version: FIRST_VERSION };
  }
}

/** Two ascending lists of entries as one. */
export function* mergeEntries(
  existing: Iterable<RegistryEntry>,
  added: Iterable<RegistryEntry>,
): Generator<RegistryEntry> {
  const rest = added[Symbol.iterator]();
  let next = rest.next();
  for (const entry of existing) {
    for (; next.done !== true && compareUtf8(next.value.legacyId, entry.legacyId) < 0; next = rest.next())
      yield next.value;
    yield entry;
  }
  for (; next.done !== true; next = rest.next()) yield next.value;
}

/** The text of a registry file in pieces, one entry per line, as it is committed. */
export function* registryFileText(entries: Iterable<RegistryEntry>, form: RegistryForm = "json"): Generator<string> {
  let before = form === "json" ? "[\n" : "";
  for (const entry of entries) {
    yield before + entryLine(entry);
    before = form === "json" ? ",\n" : "\n";
  }
  if (form === "json") yield before === "[\n" ? "[]\n" : "\n]\n";
  else if (before !== "") yield "\n";
}

function assertUnused(uuid: string, module: string, existing: Registry | undefined): void {
  const index = existing?.indexOfUuid(uuid) ?? -1;
  if (index < 0) return;
  throw new MigrationError("REGISTRY_INVALID", {
    message: `Making an entry for ${module}: expected a targetUuid that is free, got ${uuid}, which entry ${index + 1} in order of legacyId holds for another legacy id.`,
    remedy: `Find ${uuid} in the registry of ${module}: a legacyId was changed there. Bring it back from version control, or write the new entry by hand with a UUID of its own.`,
  });
}
