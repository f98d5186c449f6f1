import { uuidText } from "../integrity/uuid-words.ts";
import { type Finding, finding } from "../model/finding.ts";
import { printableLegacyId } from "../registry/legacy-id.ts";
import { type EntryBatch, MOST_ENTRIES } from "./entry-batch.ts";
import { IdIndex } from "./id-index.ts";
import { LookupBatch } from "./lookup-batch.ts";
import { type EntryTaker, type RegistrySpan, readRegistrySpan, type SpanEdges } from "./registry-lines.ts";
import type { SharedIds } from "./shared-id-memory.ts";

/** Whole lines of a registry, to be compared with the ids of its module. */
export interface RegistryRange extends RegistrySpan {
  readonly module: string;
  readonly ids: SharedIds;
  /** One byte per id, 1 once an entry with it was seen. */
  readonly seen: SharedArrayBuffer;
}

/** Entries without faults, in order; else the registry is for the authority. */
export type RegistryResult =
  | { readonly clean: false }
  | (SpanEdges & {
      readonly clean: true;
      /** Entries whose id the module has. */
      readonly matched: number;
      /** REGISTRY_ENTRY_UNUSED, in registry order. */
      readonly findings: readonly Finding[];
      /** The unused ids, four words each. */
      readonly unused: Uint32Array;
    });

/** Compares a span of a registry with the ids of its module, in both directions. */
export function passRegistry(range: RegistryRange, checkCancelled: () => void, thread = 0): RegistryResult {
  const pass = new RegistryPass(range, thread);
  const edges = readRegistrySpan(range, checkCancelled, pass);
  if (edges === undefined || pass.isRepeated) return { clean: false };
  const { matched, findings, unused } = pass;
  return { clean: true, ...edges, matched, findings, unused: Uint32Array.from(unused) };
}

/** True where every id was seen; with as many matches as ids, each then has exactly one entry. */
export function areAllSeen(seen: SharedArrayBuffer): boolean {
  return !new Uint8Array(seen).includes(0);
}

/** Where a legacy id is. */
interface LegacyIdPlace {
  bytes: Buffer;
  from: number;
  to: number;
}

class RegistryPass implements EntryTaker {
  readonly findings: Finding[] = [];
  readonly unused: number[] = [];
  matched = 0;
  /** True where two entries have the same id. */
  isRepeated = false;
  readonly #module: string;
  readonly #index: IdIndex;
  readonly #seen: Uint8Array;
  readonly #batch = new LookupBatch((lookup, position, words) => this.#found(lookup, position, words));
  /** Where the legacy ids of the batch are. */
  readonly #legacyIds: LegacyIdPlace[] = [];
  readonly #positions = new Int32Array(MOST_ENTRIES);

  constructor({ module, ids, seen }: RegistryRange, thread: number) {
    this.#module = module;
    this.#index = new IdIndex(ids, thread);
    this.#seen = new Uint8Array(seen);
  }

  entry(bytes: Buffer, from: number, to: number, words: Uint32Array): boolean {
    this.#note(this.#batch.add(this.#index, words, 0), bytes, from, to);
    if (this.#batch.isFull) this.leave();
    return !this.isRepeated;
  }

  entries(entries: EntryBatch): boolean {
    this.leave();
    const { words, count, bytes, places } = entries;
    this.#index.findAll(words, count, this.#positions);
    for (let at = 0; at < count; at += 1) {
      const position = this.#positions[at] ?? -1;
      if (position >= 0) this.#match(position);
      else this.#unused(words, at, { bytes, from: places[2 * at] ?? 0, to: places[2 * at + 1] ?? 0 });
    }
    return !this.isRepeated;
  }

  leave(): void {
    this.#batch.settle();
  }

  #note(lookup: number, bytes: Buffer, from: number, to: number): void {
    const place = this.#legacyIds[lookup];
    if (place === undefined) this.#legacyIds.push({ bytes, from, to });
    else {
      place.bytes = bytes;
      place.from = from;
      place.to = to;
    }
  }

  #found(lookup: number, position: number, words: Uint32Array): void {
    if (position >= 0) this.#match(position);
    else this.#unused(words, lookup, this.#legacyIds[lookup]);
  }

  #match(position: number): void {
    this.matched += 1;
    // Two threads at the same id may both find 0 here: `areAllSeen` misses nothing. An exchange took 50 ns more.
    if (this.#seen[position] === 1) this.isRepeated = true;
    this.#seen[position] = 1;
  }

  #unused(words: Uint32Array, at: number, place: LegacyIdPlace | undefined): void {
    const own = words.subarray(4 * at, 4 * at + 4);
    this.unused.push(...own);
    const legacyId = printableLegacyId(place?.bytes.toString("utf8", place.from, place.to) ?? "");
    const entry = { module: this.#module, id: uuidText(own) };
    this.findings.push(finding("REGISTRY_ENTRY_UNUSED", legacyId === undefined ? entry : { ...entry, legacyId }));
  }
}
