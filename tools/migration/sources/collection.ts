/** A collection that a project reads. */
export interface Wanted {
  /** Name of a table, view or file; of a query, what messages call it. */
  readonly name: string;
  /** A statement whose rows are the records. */
  readonly query: string | undefined;
  /** The fields of the legacy key, by which records are put in order; empty where that is not known. */
  readonly key: readonly string[];
}

/** The end of the problem of a table whose rows nothing tells apart. */
export function withoutKey(engine: string): string {
  const hint = engine === "SQLite" ? ", such as SELECT rowid AS id, * FROM t" : "";
  return `: add one, or name a \`query\` whose rows its legacy key tells apart${hint}`;
}

/** Why a record would lose something on its way: a name twice, or a key that is not there. */
export function findLost(names: readonly string[], { key }: Wanted): string | undefined {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return `columns of different names, got two of ${JSON.stringify(twice)}`;
  const missing = key.filter((name) => !names.includes(name));
  if (missing.length === 0) return undefined;
  return `the legacy key ${missing.map((name) => JSON.stringify(name)).join(", ")}, got no such column`;
}
