import { SortedBytes } from "../stores/sorted-bytes.ts";
import type { SpillFolder } from "../stores/spill-folder.ts";
import type { RegistryEntry } from "./entry.ts";
import { type EntryFingerprints, fingerprint } from "./fingerprints.ts";
import { NUMBER_BYTES, putNumber } from "./join-by-index.ts";

/** Bytes of one fingerprint. */
const PRINT_BYTES = 8;
const SIDE_AT = PRINT_BYTES;
const INDEX_AT = SIDE_AT + 1;
const WHOLE_AT = INDEX_AT + NUMBER_BYTES;
const [FROZEN, PRESENT] = [0, 1];

/** What became of frozen entries. */
export interface ChangedEntries {
  /** The index of each entry that is not as it was frozen, ascending, as the beginning of a record. */
  readonly changed: SortedBytes;
  /** Frozen entries that are no longer there. */
  readonly missing: number;
}

/** Finds what changed of entries in any order, in bounded memory: both sides sorted by the fingerprint of the legacy id. */
export function changedEntries(
  frozen: Iterable<EntryFingerprints>,
  present: Iterable<RegistryEntry>,
  folder: SpillFolder,
): ChangedEntries {
  const both = new SortedBytes(folder);
  addAll(both, frozen, FROZEN);
  addAll(both, fingerprintsOf(present), PRESENT);
  const changed = new SortedBytes(folder);
  let missing = 0;
  const judge = (was: Buffer | undefined, is: Buffer | undefined): void => {
    if (was === undefined) return;
    if (is === undefined) missing += 1;
    else if (was.compare(is, WHOLE_AT, undefined, WHOLE_AT) !== 0) changed.add(is.subarray(INDEX_AT, WHOLE_AT));
  };
  let [was, is]: [Buffer | undefined, Buffer | undefined] = [undefined, undefined];
  for (const record of both.records()) {
    const own = Buffer.from(record);
    const last = is ?? was;
    if (last !== undefined && last.compare(own, 0, PRINT_BYTES, 0, PRINT_BYTES) !== 0) {
      judge(was, is);
      [was, is] = [undefined, undefined];
    }
    if (own[SIDE_AT] === FROZEN) was = own;
    else is ??= own;
  }
  judge(was, is);
  return { changed, missing };
}

function addAll(sorted: SortedBytes, prints: Iterable<EntryFingerprints>, side: number): void {
  const record = Buffer.alloc(WHOLE_AT + PRINT_BYTES);
  let index = 0;
  for (const { legacyId, entry } of prints) {
    record.write(legacyId, 0, "hex");
    record[SIDE_AT] = side;
    putNumber(record, index, INDEX_AT);
    record.write(entry, WHOLE_AT, "hex");
    sorted.add(record);
    index += 1;
  }
}

function* fingerprintsOf(entries: Iterable<RegistryEntry>): Generator<EntryFingerprints> {
  for (const entry of entries) yield fingerprint(entry);
}
