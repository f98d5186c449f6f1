/** What a database says of its tables and views. */
export interface Catalog {
  /** By schema and name, in the order of their code units. */
  readonly tables: readonly CatalogTable[];
}

/** A table or a view. */
export interface CatalogTable {
  /** Undefined for SQLite. */
  readonly schema: string | undefined;
  readonly name: string;
  readonly kind: "table" | "view";
  readonly columns: readonly CatalogColumn[];
  /** Columns of the primary key in its order; empty where there is none. */
  readonly primaryKey: readonly string[];
  /** Columns of further unique keys, none of which can hold NULL. */
  readonly uniqueKeys: readonly (readonly string[])[];
  readonly foreignKeys: readonly CatalogForeignKey[];
}

/** A column of a table or view. */
export interface CatalogColumn {
  readonly name: string;
  /** The type as the database names it. */
  readonly databaseType: string;
  /** The canonical type that carries every value of it (FORMATS.md, types); `string` where the type is open. */
  readonly type: string;
  readonly nullable: boolean;
  /** True where the database computes the value. */
  readonly generated: boolean;
  /** Name of the collation of a text; undefined where it has none of its own. */
  readonly collation: string | undefined;
  /** True where the collation may take two different texts for equal: letter case, accents, blanks at the end. */
  readonly folds: boolean;
  /** The labels of an enumeration. */
  readonly labels: readonly string[] | undefined;
}

/** A foreign key: `columns` of this table name a row of `target` by its `targetColumns`, in the same order. */
export interface CatalogForeignKey {
  readonly columns: readonly string[];
  readonly targetSchema: string | undefined;
  readonly target: string;
  readonly targetColumns: readonly string[];
}

/** The key that rows are told apart by: the primary key, else the first unique one; undefined where there is none. */
export function rowKey(table: CatalogTable): readonly string[] | undefined {
  return table.primaryKey.length > 0 ? table.primaryKey : table.uniqueKeys[0];
}

/** Rows by their first cell, in their order. */
export function byFirst<Row extends readonly unknown[]>(rows: readonly Row[]): ReadonlyMap<unknown, readonly Row[]> {
  const groups = new Map<unknown, Row[]>();
  for (const row of rows) {
    const group = groups.get(row[0]);
    if (group === undefined) groups.set(row[0], [row]);
    else group.push(row);
  }
  return groups;
}
