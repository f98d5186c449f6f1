import { type FindingPlace, type FindingSink, finding } from "../model/finding.ts";
import type { FindingCode } from "../model/finding-codes.ts";
import { parseEntry, type RegistryEntry } from "./entry.ts";
import { namedLegacyId } from "./legacy-id.ts";
import type { ReadEntry } from "./read-entries.ts";

/** Where an entry stands in its file. */
export interface EntryPlace {
  /** Number of the element, from 1. */
  readonly record: number;
  /** Number of the line it begins on, from 1. */
  readonly line: number;
}

/** An entry that can be read, with its place. */
export interface PlacedEntry extends EntryPlace {
  readonly entry: RegistryEntry;
}

/** Words every fault of one registry, and counts them. */
export class EntryFaults {
  readonly #module: string;
  readonly #file: string;
  readonly #sink: FindingSink;
  #count = 0;

  constructor(input: { readonly module: string; readonly file: string }, sink: FindingSink) {
    this.#module = input.module;
    this.#file = input.file;
    this.#sink = sink;
  }

  /** Faults so far. */
  get count(): number {
    return this.#count;
  }

  /** The entry of an element of the file; undefined, with everything wrong about it reported, where it is none. */
  read(element: ReadEntry): PlacedEntry | undefined {
    const { value } = element;
    const place = { record: element.index + 1, line: element.line, offset: element.offset };
    if (!value.ok) {
      this.#report("REGISTRY_ENTRY_MALFORMED", { ...place, expected: "strict JSON", got: value.message });
      return undefined;
    }
    const parsed = parseEntry(value.value);
    if ("entry" in parsed) return { entry: parsed.entry, record: place.record, line: place.line };
    for (const { kind, ...words } of parsed.problems) {
      const code = kind === "uuid" ? "REGISTRY_UUID_MALFORMED" : "REGISTRY_ENTRY_MALFORMED";
      this.#report(code, { ...namedLegacyId(parsed.legacyId), ...place, ...words });
    }
    return undefined;
  }

  /** The first entry below the one before it, and how many such there are. */
  unsorted(first: EntryPlace & { readonly legacyId: string }, before: EntryPlace, count: number): void {
    this.#reportAt("REGISTRY_UNSORTED", first, {
      expected: `a legacyId above that of ${nameOf(before)}`,
      got: `a lower one; entries below the one before them: ${count}`,
    });
  }

  /** An entry whose legacyId an earlier one has. */
  sameLegacyId(placed: PlacedEntry, first: EntryPlace): void {
    this.#reportSame("REGISTRY_LEGACY_ID_DUPLICATE", "legacyId", placed, first);
  }

  /** An entry whose targetUuid an earlier one has, in the order of legacyId. */
  sameUuid(placed: PlacedEntry, first: EntryPlace): void {
    this.#reportSame("REGISTRY_UUID_DUPLICATE", "targetUuid", placed, first);
  }

  #reportSame(code: FindingCode, name: string, { entry, record, line }: PlacedEntry, first: EntryPlace): void {
    this.#reportAt(
      code,
      { legacyId: entry.legacyId, record, line },
      {
        id: entry.targetUuid,
        expected: `a ${name} that no other entry has`,
        got: `the ${name} of ${nameOf(first)} again`,
      },
    );
  }

  #reportAt(code: FindingCode, at: EntryPlace & { readonly legacyId: string }, words: FindingPlace): void {
    const { legacyId, record, line } = at;
    this.#report(code, { ...namedLegacyId(legacyId), record, line, ...words });
  }

  #report(code: FindingCode, place: FindingPlace): void {
    this.#count += 1;
    this.#sink(finding(code, { module: this.#module, file: this.#file, ...place }));
  }
}

function nameOf({ record, line }: EntryPlace): string {
  return `entry ${record} (line ${line})`;
}
