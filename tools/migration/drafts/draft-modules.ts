import {
  type Catalog,
  type CatalogColumn,
  type CatalogForeignKey,
  type CatalogTable,
  rowKey,
} from "../databases/catalog.ts";
import type { Draft, FieldDraft, LeftOut, ModuleDraft } from "./draft.ts";
import { fieldName, fieldNames, moduleNames } from "./names.ts";

/** Why tables cannot be modules, found by reading them: by name. */
export type Unusable = ReadonlyMap<string, Omit<LeftOut, "name">>;

interface Planned {
  readonly table: CatalogTable;
  readonly name: string;
  readonly key: readonly string[];
}

/** Proposes a module for every table that has a key; what has none is left out with a remedy. */
export function draftModules(catalog: Catalog, unusable: Unusable = new Map()): Draft {
  const leftOut: LeftOut[] = [];
  const tables: { readonly table: CatalogTable; readonly key: readonly string[] }[] = [];
  for (const table of catalog.tables) {
    const reason = unusable.get(table.name) ?? reasonAgainst(table);
    if (reason === undefined) tables.push({ table, key: rowKey(table) ?? [] });
    else leftOut.push({ name: table.name, ...reason });
  }
  const names = moduleNames(tables.map(({ table }) => table.name));
  const planned = tables.map((one, at) => ({ ...one, name: names[at] ?? "" }));
  const notes: string[] = [];
  const modules = planned.map((one) => draftModule(one, planned, notes));
  return { modules: inOrder(modules), leftOut, notes };
}

function reasonAgainst(table: CatalogTable): Omit<LeftOut, "name"> | undefined {
  if (table.kind === "view") {
    return {
      why: "a view has no key",
      remedy: "where it is wanted, write a module by hand whose `legacyKey` tells its rows apart",
    };
  }
  if (table.columns.length === 0) return { why: "it has no columns", remedy: "nothing is lost" };
  if (rowKey(table) !== undefined) return undefined;
  return {
    why: "it has no primary key, and no unique key without NULL",
    remedy:
      "give it one in the database and begin anew, or write a module by hand whose `legacyKey` tells its rows apart",
  };
}

function draftModule({ table, name, key }: Planned, all: readonly Planned[], notes: string[]): ModuleDraft {
  const references = table.foreignKeys.flatMap((foreignKey) => referenceOf(foreignKey, table, all, notes));
  const single = new Map<string, string>();
  const composite: Reference[] = [];
  for (const reference of references) {
    const [column = ""] = reference.columns;
    if (reference.columns.length > 1) composite.push(reference);
    else if (!single.has(column)) single.set(column, reference.target);
    else if (single.get(column) !== reference.target) {
      notes.push(`${table.name}.${column} refers to more than one table; ${reference.target} is left out`);
    }
  }
  const names = fieldNames([
    ...table.columns.map((column) => column.name),
    ...composite.map(({ target }) => `${target} ref`),
  ]);
  const own = table.columns.map((column, at) => fieldOf(column, names[at] ?? "", single.get(column.name)));
  const joined = composite.map(({ columns, target }, at): FieldDraft => {
    const field = names[table.columns.length + at] ?? fieldName(target);
    const isRequired = columns.every((column) => own.find(({ columns: [only] }) => only === column)?.required === true);
    const rest = { declared: undefined, databaseType: "", labels: undefined };
    return { name: field, columns, required: isRequired, ref: target, ...rest };
  });
  return { name, collection: table.name, key, fields: [...own, ...joined] };
}

function fieldOf(column: CatalogColumn, name: string, ref: string | undefined): FieldDraft {
  // A column without a type can hold anything: what it holds decides.
  const declared = column.databaseType === "" ? undefined : column.type;
  const { databaseType, labels } = column;
  return { name, columns: [column.name], declared, databaseType, required: !column.nullable, ref, labels };
}

interface Reference {
  /** In the order of the target's legacy key. */
  readonly columns: readonly string[];
  readonly target: string;
}

/** A foreign key as a reference; nothing, with a note, where it cannot go through the registry of its target. */
function referenceOf(
  foreignKey: CatalogForeignKey,
  table: CatalogTable,
  all: readonly Planned[],
  notes: string[],
): Reference[] {
  const from = `${table.name} (${foreignKey.columns.join(", ")})`;
  const target = all.find((one) => isTarget(one.table, foreignKey));
  if (target === undefined) {
    notes.push(`${from} refers to ${foreignKey.target}, which is no module: it is carried as a plain value`);
    return [];
  }
  const byTarget = new Map(
    foreignKey.targetColumns.map((name, at) => [fold(name), foreignKey.columns[at] ?? ""] as const),
  );
  const columns = target.key.map((name) => byTarget.get(fold(name)));
  if (columns.length === byTarget.size && columns.every((name) => name !== undefined)) {
    const exact = columns.map((name) => table.columns.find((one) => fold(one.name) === fold(name))?.name ?? name);
    return [{ columns: exact, target: target.name }];
  }
  notes.push(
    `${from} refers to ${foreignKey.target} by another key than its legacy key: it is carried as a plain value`,
  );
  return [];
}

/** SQLite takes names of tables and columns in any letter case, and its catalog prints a reference as it was written. */
function isTarget(table: CatalogTable, { target, targetSchema }: CatalogForeignKey): boolean {
  if (table.schema === undefined) return fold(table.name) === fold(target);
  return table.name === target && table.schema === targetSchema;
}

function fold(name: string): string {
  return name.toLowerCase();
}

/** Targets first; inside a circle of references by name. */
function inOrder(modules: readonly ModuleDraft[]): readonly ModuleDraft[] {
  const byName = new Map(modules.map((module) => [module.name, module] as const));
  const done = new Set<ModuleDraft>();
  const visit = (module: ModuleDraft, above: ReadonlySet<ModuleDraft>): void => {
    if (done.has(module) || above.has(module)) return;
    const targets = module.fields.flatMap(({ ref }) => byName.get(ref ?? "") ?? []);
    for (const target of targets) visit(target, new Set([...above, module]));
    done.add(module);
  };
  for (const module of modules) visit(module, new Set());
  return [...done];
}
