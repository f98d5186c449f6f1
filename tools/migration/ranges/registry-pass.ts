import { uuidText } from "../integrity/uuid-words.ts";
import { type Finding, finding } from "../model/finding.ts";
import { printableLegacyId } from "../registry/legacy-id.ts";
import { IdIndex, type SharedIds } from "./id-index.ts";
import { type RegistrySpan, readRegistrySpan, type SpanEdges } from "./registry-lines.ts";

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
export function passRegistry(range: RegistryRange, checkCancelled: () => void): RegistryResult {
  const index = new IdIndex(range.ids);
  const seen = new Uint8Array(range.seen);
  const findings: Finding[] = [];
  const unused: number[] = [];
  let matched = 0;
  const edges = readRegistrySpan(range, checkCancelled, (bytes, from, to, words) => {
    const place = index.find(words, 0);
    if (place >= 0) {
      matched += 1;
      return Atomics.exchange(seen, place, 1) === 0;
    }
    unused.push(...words);
    const legacyId = printableLegacyId(bytes.toString("utf8", from, to));
    const entry = { module: range.module, id: uuidText(words) };
    findings.push(finding("REGISTRY_ENTRY_UNUSED", legacyId === undefined ? entry : { ...entry, legacyId }));
    return true;
  });
  if (edges === undefined) return { clean: false };
  return { clean: true, ...edges, matched, findings, unused: Uint32Array.from(unused) };
}
