import { parseUuid } from "../integrity/uuid-words.ts";
import { RecordList } from "../stores/record-list.ts";
import { SortedBytes } from "../stores/sorted-bytes.ts";
import type { SpillFolder } from "../stores/spill-folder.ts";
import type { EntryPlace, PlacedEntry } from "./entry-faults.ts";
import { joinByIndex, NUMBER_BYTES, numberAt, putNumber } from "./join-by-index.ts";

/** Bytes of a UUID. */
export const UUID_BYTES = 16;
const INDEX_AT = UUID_BYTES;
const PLACE_AT = INDEX_AT + NUMBER_BYTES;
const WORDS = new Uint32Array(4);

/** Writes the 16 bytes of a lower-case UUID. */
export function putUuid(target: Buffer, uuid: string, at: number): void {
  parseUuid(uuid, WORDS);
  for (let word = 0; word < 4; word += 1) target.writeUInt32BE(WORDS[word] ?? 0, at + 4 * word);
}

/** True where two records begin with the same UUID. */
export function haveSameUuid(left: Buffer, right: Buffer): boolean {
  return left.compare(right, 0, UUID_BYTES, 0, UUID_BYTES) === 0;
}

/** The index behind the UUID of a record of `SortedIds`. */
export function indexOf(record: Buffer): number {
  return numberAt(record, INDEX_AT);
}

/** The target UUIDs of one registry, sorted on the disk instead of held in a table. */
export class SortedIds {
  readonly #folder: SpillFolder;
  readonly #all: SortedBytes;
  readonly #record = Buffer.alloc(PLACE_AT + 2 * NUMBER_BYTES);

  constructor(folder: SpillFolder) {
    this.#folder = folder;
    this.#all = new SortedBytes(folder);
  }

  /** Takes the entries of a registry in the order of legacyId. */
  add({ entry, record, line }: PlacedEntry): void {
    putUuid(this.#record, entry.targetUuid, 0);
    putNumber(this.#record, this.#all.count, INDEX_AT);
    putNumber(this.#record, record, PLACE_AT);
    putNumber(this.#record, line, PLACE_AT + NUMBER_BYTES);
    this.#all.add(this.#record);
  }

  /**
   * A record of UUID and index for each UUID, ascending by UUID; of entries that share one the first. The others go to
   * `onRepeat` in the order of `entries`, which must be those that were added.
   */
  distinct(
    entries: () => Iterable<PlacedEntry>,
    onRepeat: (again: PlacedEntry, first: EntryPlace) => void,
  ): RecordList {
    const distinct = new RecordList(this.#folder);
    const repeats = new SortedBytes(this.#folder);
    const first = Buffer.alloc(this.#record.length);
    let isFirst = true;
    for (const record of this.#all.records()) {
      if (!isFirst && haveSameUuid(first, record)) {
        const place = first.subarray(PLACE_AT);
        repeats.add(Buffer.concat([record.subarray(INDEX_AT, PLACE_AT), place]));
        continue;
      }
      isFirst = false;
      record.copy(first);
      distinct.add(record.subarray(0, PLACE_AT));
    }
    if (repeats.count > 0) {
      joinByIndex(entries(), repeats.records(), (again, record) => {
        const line = numberAt(record, 2 * NUMBER_BYTES);
        onRepeat(again, { record: numberAt(record, NUMBER_BYTES), line });
      });
    }
    return distinct;
  }
}
