import { EntriesHash } from "./registry-digest.ts";
import { ENTRY_BYTES, readRegistrySpan } from "./registry-lines.ts";
import type { RegistrySize, SharedRegistryData } from "./registry-memory.ts";
import { SharedRegistry } from "./shared-registry.ts";

/** A registry file, and the room for its entries. */
export interface RegistryFill {
  readonly path: string;
  /** Name for messages, relative to the project. */
  readonly file: string;
  readonly sizeBytes: number;
  readonly data: SharedRegistryData;
}

/** What a registry file with so many entries needs room for: less than nothing where it cannot hold so many. */
export function registrySize(module: string, sizeBytes: number, entries: number): RegistrySize {
  return { module, size: entries, textBytes: sizeBytes - ENTRY_BYTES * entries };
}

/**
 * Reads a registry once: puts its entries into their places, and gives the digest of FORMATS.md, section 5. Undefined where
 * it is for the authority: in another form or order, or with more or fewer entries than there is room for.
 */
export function fillRegistry(fill: RegistryFill, checkCancelled: () => void): string | undefined {
  const { path, file, sizeBytes, data } = fill;
  const registry = new SharedRegistry(data);
  const hash = new EntriesHash();
  let [index, textAt] = [0, 0];
  const entry = (bytes: Buffer, from: number, to: number, words: Uint32Array, wordsAt = 0): boolean => {
    if (index === data.size) return false;
    textAt = registry.set(index, bytes, from, to, textAt, words, wordsAt);
    index += 1;
    return true;
  };
  const edges = readRegistrySpan(
    { path, file, offset: 0, length: sizeBytes, isFirst: true, isLast: true },
    checkCancelled,
    {
      entry,
      entries: ({ bytes, places, words, count }) => {
        for (let at = 0; at < count; at += 1) {
          if (!entry(bytes, places[2 * at] ?? 0, places[2 * at + 1] ?? 0, words, 4 * at)) return false;
        }
        return true;
      },
      leave: (bytes, begin, end) => hash.update(bytes, begin, end),
    },
  );
  return edges?.entries === data.size ? hash.digest() : undefined;
}
