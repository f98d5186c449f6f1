import { compareUtf8 } from "../integrity/order.ts";
import type { FindingSink } from "../model/finding.ts";
import type { RecordList } from "../stores/record-list.ts";
import type { SpillFolder } from "../stores/spill-folder.ts";
import type { RegistryEntry } from "./entry.ts";
import { EntryDigest } from "./entry-digest.ts";
import { EntryFaults, type PlacedEntry } from "./entry-faults.ts";
import {
  type EntrySequence,
  entriesInFile,
  type RegistryInput,
  sortedEntries,
  withoutRepeats,
} from "./entry-sequence.ts";
import { readEntries } from "./read-entries.ts";
import { SortedIds } from "./sorted-ids.ts";

/** Entries between two turns of the event loop. */
const TURN_ENTRIES = 20_000;

/** What a survey works with. */
export interface SurveyTools {
  /** Where sorted ids wait; what a survey gives is readable until it is closed. */
  readonly folder: SpillFolder;
  readonly sink: FindingSink;
  /** Lets signals come in; throws where the command was cancelled. */
  readonly turn: () => Promise<void>;
}

/** A registry that was read and checked but is not in memory: its file is read again where entries are asked for. */
export class RegistrySurvey {
  readonly module: string;
  /** Number of entries, repeats of a legacyId left out. */
  readonly size: number;
  /** SHA-256 over one JCS line and LF per entry, in order (FORMATS.md, section 5). */
  readonly sha256: string;
  /** Findings made; a registry with any is not to be trusted or frozen. */
  readonly faults: number;
  /** A record of UUID and index for each UUID, ascending. */
  readonly ids: RecordList;
  readonly #placed: EntrySequence;

  constructor(
    facts: Pick<RegistrySurvey, "module" | "size" | "sha256" | "faults" | "ids"> & { readonly placed: EntrySequence },
  ) {
    this.module = facts.module;
    this.size = facts.size;
    this.sha256 = facts.sha256;
    this.faults = facts.faults;
    this.ids = facts.ids;
    this.#placed = facts.placed;
  }

  /** All entries in the order of legacyId; `IO` where the file was written to since. */
  *entries(): Generator<RegistryEntry> {
    for (const { entry } of this.#placed()) yield entry;
  }
}

/**
 * Checks a registry in bounded memory and reports what `loadRegistry` reports, in the same order. A file in order is read
 * once and its ids are sorted on the disk: `registry check` took 145 MB for 1 M entries and 152 MB for 10 M, with tables 268
 * MB for 1 M. Throws as
 * `loadRegistry` does, and `DISK_FULL`.
 */
export async function surveyRegistry(input: RegistryInput, tools: SurveyTools): Promise<RegistrySurvey> {
  const faults = new EntryFaults(input, tools.sink);
  const file = entriesInFile(input);
  const order = new LegacyIdOrder();
  let sums = new Sums(tools.folder);
  let read = 0;
  for (const element of readEntries(input.path, input)) {
    read += 1;
    if (read % TURN_ENTRIES === 0) await tools.turn();
    const placed = faults.read(element);
    if (placed === undefined) continue;
    order.take(placed);
    if (order.isStrict) sums.take(placed);
  }
  order.report(faults);
  let placed = file;
  if (!order.isStrict) {
    const ascending = order.isAscending ? file : sortedEntries(file, tools.folder);
    placed = () => withoutRepeats(ascending());
    sums = new Sums(tools.folder);
    for (const one of withoutRepeats(ascending(), (again, first) => faults.sameLegacyId(again, first))) sums.take(one);
  }
  const ids = sums.ids.distinct(placed, (again, first) => faults.sameUuid(again, first));
  return new RegistrySurvey({
    module: input.module,
    size: sums.size,
    sha256: sums.digest.end(),
    faults: faults.count,
    ids,
    placed,
  });
}

/** Whether legacy ids ascend by their UTF-8 bytes, and the first that does not. */
class LegacyIdOrder {
  /** False once a legacyId came twice or too late. */
  isStrict = true;
  #last: PlacedEntry | undefined;
  #outOfOrder = 0;
  #first: { readonly placed: PlacedEntry; readonly before: PlacedEntry } | undefined;

  get isAscending(): boolean {
    return this.#outOfOrder === 0;
  }

  take(placed: PlacedEntry): void {
    const before = this.#last;
    this.#last = placed;
    const order = before === undefined ? -1 : compareUtf8(before.entry.legacyId, placed.entry.legacyId);
    if (order < 0 || before === undefined) return;
    this.isStrict = false;
    if (order === 0) return;
    this.#outOfOrder += 1;
    this.#first ??= { placed, before };
  }

  report(faults: EntryFaults): void {
    if (this.#first === undefined) return;
    const { entry, record, line } = this.#first.placed;
    faults.unsorted({ legacyId: entry.legacyId, record, line }, this.#first.before, this.#outOfOrder);
  }
}

/** Count, digest and ids of entries in order. */
class Sums {
  size = 0;
  readonly digest = new EntryDigest();
  readonly ids: SortedIds;

  constructor(folder: SpillFolder) {
    this.ids = new SortedIds(folder);
  }

  take(placed: PlacedEntry): void {
    this.size += 1;
    this.digest.add(placed.entry);
    this.ids.add(placed);
  }
}
