import { readUuid } from "../compiled/byte-formats.ts";
import { RandomReader } from "../files/random-reader.ts";
import type { ChunkRecord } from "../integrity/chunks.ts";
import { sha256Hex } from "../integrity/digest.ts";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";
import { ENTITIES_NAME } from "../stores/module-files.ts";
import { allocateIds, placesOf, type SharedIds } from "./shared-id-memory.ts";

const ID_AT = 7;
const DIGEST_AT = 55;
const DIGEST_END = 119;

/** Bytes of a digest in memory. */
export const DIGEST_BYTES = 32;

/** The entities of a module by id and digest, in memory that every thread can read: 49 bytes per entity. */
export interface ExpectedEntities {
  readonly ids: SharedIds;
  readonly digests: SharedArrayBuffer;
  /** One byte per entity, 1 once the source gave its record. */
  readonly seen: SharedArrayBuffer;
}

/** Some chunks of a module's entities.jsonl, to be put into memory. */
export interface ExpectedRange {
  readonly path: string;
  readonly chunks: readonly ChunkRecord[];
  readonly expected: ExpectedEntities;
}

/** Room for `size` entities; `indexIds` makes the ids searchable once all ranges are read. */
export function allocateExpected(size: number): ExpectedEntities {
  return {
    ids: allocateIds(size),
    digests: new SharedArrayBuffer(DIGEST_BYTES * size),
    seen: new SharedArrayBuffer(size),
  };
}

/** Puts ids and digests into their places; false where the bytes of a chunk do not have their digest. */
export function readExpected({ path, chunks, expected }: ExpectedRange, checkCancelled: () => void): boolean {
  const { words } = placesOf(expected.ids);
  const digests = Buffer.from(expected.digests);
  const reader = new RandomReader(path, ENTITIES_NAME);
  try {
    for (const { entities, index, count } of chunks) {
      checkCancelled();
      const lines = reader.read(entities.offset, entities.bytes);
      if (sha256Hex(lines) !== entities.sha256) return false;
      const view = new DataView(lines.buffer, lines.byteOffset, lines.length);
      for (let at = 0; at < count; at += 1) {
        const line = at * ENTITY_LINE_BYTES;
        if (!readUuid(view, line + ID_AT, words, 4 * (index + at))) return false;
        const hex = lines.toString("latin1", line + DIGEST_AT, line + DIGEST_END);
        if (digests.write(hex, DIGEST_BYTES * (index + at), "hex") !== DIGEST_BYTES) return false;
      }
    }
    return true;
  } finally {
    reader.close();
  }
}
