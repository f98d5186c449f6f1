import type { SourceConfig } from "../config/source-config.ts";
import type { Draft, LeftOut, ModuleDraft } from "../drafts/draft.ts";
import { draftModules } from "../drafts/draft-modules.ts";
import { classOf, type ModuleFacts, moduleContent, schemaContent } from "../drafts/module-text.ts";
import { MigrationError } from "../model/errors.ts";
import type { Context } from "./context.ts";
import { lookAt, type TableFacts } from "./init-look.ts";
import { assertThere, parsePlace, readCatalog } from "./init-source.ts";
import { assertNothingThere, type NewFile, writeNewFiles } from "./init-write.ts";
import { generateRegistries } from "./registry-write.ts";

/** What `init` is asked for. */
export interface InitOptions {
  /** Where the source is: `sqlite:shop.db`, `postgres://ana@db/shop`, `csv:export`. */
  readonly from: string;
  /** What a relative path in `from` starts from. */
  readonly workingDirectory: string;
}

/** One proposed module. */
export interface InitModule {
  readonly name: string;
  readonly collection: string;
  readonly records: number;
  readonly fields: number;
  readonly references: number;
  /** Fields guessed to be personal. */
  readonly personal: number;
}

/** What `init` proposes and wrote. */
export interface InitResult {
  readonly modules: readonly InitModule[];
  readonly leftOut: readonly LeftOut[];
  /** What a person should look at. */
  readonly notes: readonly string[];
  /** Files written, from the project folder. */
  readonly files: readonly string[];
}

/**
 * Looks at a source and writes a project for it: configuration, modules, proposed registries. Never writes over a file;
 * what is guessed is marked as a guess.
 */
export async function init(context: Context, options: InitOptions): Promise<InitResult> {
  const source = parsePlace(options.from, context.root, options.workingDirectory);
  assertThere(options.from, source, context.root);
  assertNothingThere(context.root, []);
  const catalog = await readCatalog(source, context.root);
  const looked = await lookAt(context, source, catalog);
  const draft = draftModules(looked.catalog, looked.unusable);
  if (draft.modules.length === 0) throw nothingToMigrate(options.from, draft.leftOut);
  const facts = new Map(draft.modules.map((module) => [module, factsOf(module, looked.facts)] as const));
  const files = filesOf(source, draft, facts);
  assertNothingThere(context.root, files);
  await writeNewFiles(context.root, files, async () => {
    await generateRegistries(context, []);
  });
  const registries = draft.modules.map(({ name }) => `migration/mapping/${name}.json`);
  return {
    modules: [...facts].map(([module, found]) => summaryOf(module, found)),
    leftOut: draft.leftOut,
    notes: [...draft.notes, ...[...facts].flatMap(([module, found]) => notesOn(module, found))],
    files: [...files.map(({ file }) => file), ...registries],
  };
}

function nothingToMigrate(from: string, leftOut: readonly LeftOut[]): MigrationError {
  return new MigrationError("SOURCE_INVALID", {
    message: `There is nothing in ${from} that could be a module.`,
    problems: leftOut.map(({ name, why, remedy }) => `${name}: ${why}; ${remedy}`),
    remedy: "Give a table a key, or write a project by hand: README.md shows one.",
  });
}

function factsOf(module: ModuleDraft, tables: ReadonlyMap<string, TableFacts>): ModuleFacts {
  const table = tables.get(module.collection);
  const fields = module.fields.flatMap(({ name, columns }) => {
    const [column = ""] = columns;
    const found = columns.length === 1 ? table?.columns.get(column) : undefined;
    return found === undefined ? [] : [[name, found] as const];
  });
  return { records: table?.records ?? 0, fields: new Map(fields) };
}

function filesOf(source: SourceConfig, draft: Draft, facts: ReadonlyMap<ModuleDraft, ModuleFacts>): readonly NewFile[] {
  const modules = [...facts].flatMap(([module, found]): NewFile[] => [
    { file: `modules/${module.name}/module.json`, content: moduleContent(module, found) },
    { file: `modules/${module.name}/schema.json`, content: schemaContent(module, found) },
  ]);
  const names = draft.modules.map(({ name }) => name);
  const configuration = { format: "candor-migration/1", modules: names, source: { ...source } };
  // Last: a folder with migration.json is a project.
  return [...modules, { file: "migration/migration.json", content: configuration }];
}

function summaryOf(module: ModuleDraft, facts: ModuleFacts): InitModule {
  return {
    name: module.name,
    collection: module.collection,
    records: facts.records,
    fields: module.fields.length,
    references: module.fields.filter(({ ref }) => ref !== undefined).length,
    personal: module.fields.filter((field) => classOf(field, facts.fields.get(field.name)).pii === 2).length,
  };
}

/** Columns that are not what they are declared to be. */
function notesOn(module: ModuleDraft, facts: ModuleFacts): readonly string[] {
  return module.fields.flatMap(({ name, columns, declared, databaseType, ref, labels }) => {
    const found = facts.fields.get(name);
    const column = `${module.collection}.${columns.join(", ")}`;
    if (found === undefined || ref !== undefined) return [];
    if (found.type === undefined) {
      return [
        `${column} holds values that no one type carries: \`dry-run\` names them; a \`source.query\` with CAST can give them as text`,
      ];
    }
    const declaredAs = databaseType === "" ? "nothing" : databaseType;
    const other = declared !== undefined && found.type !== declared;
    const label = labels !== undefined && !found.isLabelled;
    return [
      ...(other ? [`${column} is declared ${declaredAs} and holds other values: carried as ${found.type}`] : []),
      ...(label ? [`${column} holds values that are none of its labels: carried as ${found.type}`] : []),
    ];
  });
}
