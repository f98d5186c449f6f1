import { compareUtf8 } from "../integrity/order.ts";
import { deriveUuid } from "./derive-uuid.ts";
import { entryLine, type RegistryEntry } from "./entry.ts";

/** Version of an entry that was just made. */
const FIRST_VERSION = 1;

/** How a registry file holds its entries: one JSON array, or one entry per line. */
export type RegistryForm = "json" | "jsonl";

/**
 * Entries for the legacy ids that `existing` does not hold, one at a time, each once; both ascend by the UTF-8 bytes of
 * their ids, and `legacyIds` may repeat. Throws `VALUE_INVALID` for a legacy id that is empty or not well-formed.
 */
export function* newEntries(
  module: string,
  legacyIds: Iterable<string>,
  existing: Iterable<RegistryEntry>,
): Generator<RegistryEntry> {
  const rest = existing[Symbol.iterator]();
  let next = rest.next();
  let last: string | undefined;
  for (const legacyId of legacyIds) {
    if (legacyId === last) continue;
    last = legacyId;
    while (next.done !== true && compareUtf8(next.value.legacyId, legacyId) < 0) next = rest.next();
    if (next.done === true || next.value.legacyId !== legacyId) {
      yield { legacyId, targetUuid: deriveUuid(module, legacyId), version: FIRST_VERSION };
    }
  }
  // To the end, so that whoever reads a file can see that it stayed the same.
  while (next.done !== true) next = rest.next();
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
