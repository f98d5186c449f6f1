import type { DatabaseKind } from "./database-kind.ts";

/** A name in the quotes of an engine, safe in any statement: blanks, capitals, umlauts and quotes stay as they are. */
export function quoteIdentifier(kind: DatabaseKind, name: string): string {
  return kind === "mysql" ? `\`${name.replaceAll("`", "``")}\`` : `"${name.replaceAll('"', '""')}"`;
}

/** The quoted name of a table, with its schema where there is one. */
export function quoteTable(kind: DatabaseKind, table: { readonly schema?: string | undefined; readonly name: string }) {
  const name = quoteIdentifier(kind, table.name);
  return table.schema === undefined ? name : `${quoteIdentifier(kind, table.schema)}.${name}`;
}

/** A text as a literal of an engine; MySQL sessions of this tool run with NO_BACKSLASH_ESCAPES. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
