import type { CellForm } from "./cell-form.ts";

/** Kinds of source that `migration.json` can name. */
export const SOURCE_KINDS = ["module", "jsonl", "json", "csv", "sqlite", "postgres", "mysql"] as const;

/** Name of a kind of source; part of the configuration's digest, unlike the location. */
export type SourceKind = (typeof SOURCE_KINDS)[number];

const FORMS: Readonly<Record<SourceKind, CellForm>> = {
  module: "json",
  jsonl: "json",
  json: "json",
  csv: "text",
  sqlite: "cells",
  postgres: "cells",
  mysql: "cells",
};

/** What the values of a kind of source are before mapping. */
export function cellFormOf(kind: SourceKind): CellForm {
  return FORMS[kind];
}
