/** Longest line of a candidate in bytes, without LF (FORMATS.md, section 2). */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** Deepest nesting of arrays and objects; `[]` alone is 1. */
export const MAX_DEPTH = 128;

/** Most keys of one object. */
export const MAX_KEYS = 65_536;

/** Largest integer that every JSON reader keeps exactly: 2^53 - 1. */
export const MAX_SAFE = 2 ** 53 - 1;

/** Bytes of one line of entities.jsonl, LF included. */
export const ENTITY_LINE_BYTES = 122;

/** A chunk ends at this many entities at the latest (FORMATS.md, section 4). */
export const CHUNK_MAX_ENTITIES = 65_536;

/** A chunk ends as soon as its data bytes, LFs included, reach this. */
export const CHUNK_MAX_BYTES = 64 * 1024 * 1024;
