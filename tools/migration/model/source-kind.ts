/** Kinds of source that `migration.json` can name. */
export const SOURCE_KINDS = ["module", "sqlite", "jsonl"] as const;

/** Name of a kind of source; part of the configuration's digest, unlike the location. */
export type SourceKind = (typeof SOURCE_KINDS)[number];
