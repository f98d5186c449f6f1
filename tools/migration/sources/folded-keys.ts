import type { CatalogTable } from "../databases/catalog.ts";

/**
 * A statement that gives a row where two keys have different bytes and are one to the collation of their columns. Such
 * keys are two records here and one record to every join of the source, so which one is meant nobody can say.
 */
export function foldedSql(from: string, keys: readonly string[], bytes: readonly string[]): string {
  const differ = bytes.map((one) => `min(${one}) <> max(${one})`).join(" OR ");
  return `SELECT 1 FROM ${from} GROUP BY ${keys.join()} HAVING ${differ} LIMIT 1`;
}

/** True where the database itself refuses two such keys: a unique key of the table lies within the legacy key. */
export function isEnforced(table: CatalogTable | undefined, key: readonly string[]): boolean {
  if (table === undefined) return false;
  return [table.primaryKey, ...table.uniqueKeys].some(
    (unique) => unique.length > 0 && unique.every((column) => key.includes(column)),
  );
}
