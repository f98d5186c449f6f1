import { type RegistrySpan, readRegistrySpan, type SpanEdges } from "./registry-lines.ts";
import { SharedRegistry, type SharedRegistryData } from "./shared-registry.ts";

/** What a span of a registry holds; undefined where it is for the authority. */
export type SpanCount = (SpanEdges & { readonly textBytes: number }) | undefined;

/** Counts the entries of a span and the bytes of their legacy ids, checking form and order. */
export function countRegistry(span: RegistrySpan, checkCancelled: () => void): SpanCount {
  let textBytes = 0;
  const edges = readRegistrySpan(span, checkCancelled, (_bytes, from, to) => {
    textBytes += to - from;
    return true;
  });
  return edges === undefined ? undefined : { ...edges, textBytes };
}

/** Where a span's entries go. */
export interface FillPlace {
  readonly data: SharedRegistryData;
  readonly index: number;
  readonly textAt: number;
}

/** Puts the entries of a counted span into shared memory; false where the file is no longer what was counted. */
export function fillRegistry(span: RegistrySpan, place: FillPlace, count: number, checkCancelled: () => void): boolean {
  const registry = new SharedRegistry(place.data);
  let { index, textAt } = place;
  const edges = readRegistrySpan(span, checkCancelled, (bytes, from, to, words) => {
    if (index - place.index === count) return false;
    registry.set(index, bytes, from, to, textAt, words);
    index += 1;
    textAt += to - from;
    return true;
  });
  return edges?.entries === count;
}
