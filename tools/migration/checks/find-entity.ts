import type { CandidateIndex, ModuleIndex } from "./candidate-index.ts";
import { DigestCursor, type EntityPlace } from "./digest-cursor.ts";

/** Finds an entity by its id: reads one chunk of digests at most, and holds it to the chunk list. */
export function findEntity(candidate: CandidateIndex, module: ModuleIndex, id: string): EntityPlace | undefined {
  const chunk = module.chunks.find(({ first, last }) => first <= id && id <= last);
  if (chunk === undefined) return undefined;
  const cursor = new DigestCursor(candidate, module.name, [chunk]);
  try {
    for (; !cursor.done; cursor.advance()) if (cursor.place.id === id) return cursor.place;
    return undefined;
  } finally {
    cursor.close();
  }
}
