import { compareCodeUnits } from "../integrity/order.ts";
import { byFirst, type Catalog, type CatalogColumn, type CatalogForeignKey, type CatalogTable } from "./catalog.ts";
import type { PostgresSession, TextRow } from "./postgres-session.ts";

const RELATIONS = `SELECT c.oid::text, c.relname, c.relkind FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition`;

const COLUMNS = `SELECT a.attrelid::text, a.attname, format_type(a.atttypid, a.atttypmod),
    coalesce(format_type(nullif(t.typbasetype, 0), CASE WHEN t.typtypmod >= 0 THEN t.typtypmod ELSE a.atttypmod END),
      format_type(a.atttypid, a.atttypmod)),
    a.attnotnull OR t.typnotnull, a.attgenerated <> '', l.collname, NOT coalesce(l.collisdeterministic, true),
    (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid)
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
  WHERE n.nspname = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum`;

const KEYS = `SELECT i.indrelid::text, i.indexrelid::text, i.indisprimary,
    (SELECT json_agg(a.attname ORDER BY k.n) FROM unnest(i.indkey[0:i.indnkeyatts - 1]) WITH ORDINALITY AS k(number, n)
      LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number AND a.attnum > 0)
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
  JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
  ORDER BY i.indrelid, NOT i.indisprimary, x.relname`;

const FOREIGN_KEYS = `SELECT o.conrelid::text,
    (SELECT json_agg(a.attname ORDER BY k.n) FROM unnest(o.conkey) WITH ORDINALITY AS k(number, n)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = k.number),
    m.nspname, f.relname,
    (SELECT json_agg(a.attname ORDER BY k.n) FROM unnest(o.confkey) WITH ORDINALITY AS k(number, n)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = o.confrelid AND a.attnum = k.number)
  FROM pg_catalog.pg_constraint o
  JOIN pg_catalog.pg_class c ON c.oid = o.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_class f ON f.oid = o.confrelid JOIN pg_catalog.pg_namespace m ON m.oid = f.relnamespace
  WHERE n.nspname = $1 AND o.contype = 'f' AND o.conparentid = 0 ORDER BY o.conrelid, o.conname`;

/** Reads the tables and views of a schema, that of the session's place unless told; a partitioned table is one table. */
export async function readPostgresCatalog(
  session: PostgresSession,
  schema: string = session.place.schema,
): Promise<Catalog> {
  const ask = (sql: string): Promise<readonly TextRow[]> => session.rows("Reading the catalog", sql, [schema]);
  const relations = await ask(RELATIONS);
  const columns = byFirst(await ask(COLUMNS));
  const keys = byFirst(await ask(KEYS));
  const foreignKeys = byFirst(await ask(FOREIGN_KEYS));
  const tables = relations.map(([id = null, name, kind]): CatalogTable => {
    const own = (columns.get(id) ?? []).map(columnOf);
    const required = new Set(own.filter(({ nullable }) => !nullable).map((column) => column.name));
    const unique = (keys.get(id) ?? []).map(([, , primary, names]) => ({ primary, names: namesOf(names) }));
    return {
      schema,
      name: name ?? "",
      kind: kind === "v" || kind === "m" || kind === "f" ? "view" : "table",
      columns: own,
      primaryKey: unique.find(({ primary }) => primary === "t")?.names ?? [],
      uniqueKeys: unique
        .filter(({ primary, names }) => primary !== "t" && names.every((one) => required.has(one)))
        .map(({ names }) => names),
      foreignKeys: (foreignKeys.get(id) ?? []).map(foreignKeyOf),
    };
  });
  return { tables: tables.sort((a, b) => compareCodeUnits(a.name, b.name)) };
}

function columnOf([, name, declared, base, required, generated, collation, folds, labels]: TextRow): CatalogColumn {
  return {
    name: name ?? "",
    databaseType: declared ?? "",
    type: postgresType(base ?? ""),
    nullable: required !== "t",
    generated: generated === "t",
    collation: collation === "default" ? undefined : (collation ?? undefined),
    folds: folds === "t" || base === "citext",
    labels: labels === null || labels === undefined ? undefined : namesOf(labels),
  };
}

function foreignKeyOf([, columns, targetSchema, target, targetColumns]: TextRow): CatalogForeignKey {
  return {
    columns: namesOf(columns),
    targetSchema: targetSchema ?? undefined,
    target: target ?? "",
    targetColumns: namesOf(targetColumns),
  };
}

/** Names from the JSON that the catalog queries give; an expression in an index has none. */
function namesOf(json: string | null | undefined): string[] {
  const names: unknown = JSON.parse(json ?? "[]");
  return Array.isArray(names) ? names.map((name: unknown) => (typeof name === "string" ? name : "")) : [];
}

const TYPES: Readonly<Record<string, string>> = {
  smallint: "integer",
  integer: "integer",
  oid: "integer",
  bigint: "bigint",
  boolean: "boolean",
  real: "number",
  "double precision": "number",
  date: "date",
  uuid: "uuid",
  bytea: "bytes",
  json: "json",
  jsonb: "json",
};

/** The canonical type of a type of PostgreSQL as `format_type` prints it; `string` for any other. */
export function postgresType(printed: string): string {
  if (printed.endsWith("[]")) return `${postgresType(printed.slice(0, -2))}[]`;
  const numeric = /^numeric\((\d+),(\d+)\)$/.exec(printed);
  if (numeric !== null)
    return Number(numeric[2]) > Number(numeric[1]) ? "decimal" : `decimal(${numeric[1] ?? ""},${numeric[2] ?? ""})`;
  if (/^numeric/.test(printed)) return "decimal";
  const sized = /^character(?: varying)?\((\d+)\)$/.exec(printed);
  if (sized !== null) return Number(sized[1]) <= 65535 ? `string(${sized[1] ?? ""})` : "string";
  if (/^timestamp.* with time zone$/.test(printed)) return "timestamptz";
  if (/^timestamp/.test(printed)) return "timestamp";
  if (/^time(?!.* with time zone)/.test(printed)) return "time";
  return TYPES[printed] ?? "string";
}
