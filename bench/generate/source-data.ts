import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { Field, ModuleShape } from "./field.ts";
import { LineFile } from "./line-file.ts";
import { Records, type SourceValue } from "./records.ts";

/** Which kind of source the project reads: a database, or a JavaScript module over the same rows. */
export type SourceKind = "module" | "sqlite";

/** Where the source is in the project, by kind. */
export const SOURCE_PATHS: Readonly<Record<SourceKind, string>> = {
  module: "data/source.mjs",
  sqlite: "data/source.db",
};

const COLUMN_TYPES: Readonly<Record<Field["kind"], string>> = {
  text: "TEXT",
  number: "REAL",
  boolean: "INTEGER",
  reference: "TEXT",
  references: "TEXT",
  constant: "INTEGER",
};

/** Writes all rows into one SQLite database, a table for each module, in one transaction. */
export function writeDatabase(root: string, modules: readonly ModuleShape[]): void {
  mkdirSync(join(root, "data"), { recursive: true });
  const path = join(root, SOURCE_PATHS.sqlite);
  rmSync(path, { force: true });
  const db = new Database(path);
  try {
    db.pragma("journal_mode = OFF");
    db.pragma("synchronous = OFF");
    db.exec("BEGIN");
    for (const module of modules) fillTable(db, new Records(module, modules));
    db.exec("COMMIT");
  } finally {
    db.close();
  }
}

function fillTable(db: Database.Database, records: Records): void {
  const { module, columns } = records;
  const definitions = columns.map(({ name, kind }) => `"${name}" ${COLUMN_TYPES[kind]} NOT NULL`);
  db.exec(`CREATE TABLE "${module.name}" (${['"id" TEXT PRIMARY KEY NOT NULL', ...definitions].join(", ")})`);
  const insert = db.prepare(`INSERT INTO "${module.name}" VALUES (${["?", ...columns.map(() => "?")].join(", ")})`);
  for (let index = 0; index < module.count; index += 1) {
    insert.run(records.legacyId(index), ...records.row(index).map(bindable));
  }
}

function bindable(value: SourceValue): string | number {
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "object" ? JSON.stringify(value) : value;
}

/** Writes the same rows as JSON lines into `dir`, a file for each module: for peers to load, and for the module source. */
export function writeRows(dir: string, modules: readonly ModuleShape[]): void {
  mkdirSync(dir, { recursive: true });
  for (const module of modules) {
    const records = new Records(module, modules);
    const file = new LineFile(join(dir, `${module.name}.jsonl`));
    const keys = records.columns.map(({ name }) => `,"${name}":`);
    for (let index = 0; index < module.count; index += 1) {
      const values = records.row(index).map((value, at) => `${keys[at]}${JSON.stringify(value)}`);
      file.write(`{"id":"${records.legacyId(index)}"${values.join("")}}\n`);
    }
    file.close();
  }
}

/** Writes a source module that reads the JSON lines beside it, record by record. */
export function writeSourceModule(root: string, modules: readonly ModuleShape[]): void {
  writeRows(join(root, "data"), modules);
  writeFileSync(
    join(root, SOURCE_PATHS.module),
    [
      'import { createReadStream } from "node:fs";',
      'import { join } from "node:path";',
      'import { createInterface } from "node:readline";',
      "async function* rows(name) {",
      '  const input = createReadStream(join(import.meta.dirname, name + ".jsonl"));',
      "  for await (const line of createInterface({ input })) yield JSON.parse(line);",
      "}",
      `const names = ${JSON.stringify(modules.map(({ name }) => name))};`,
      "export const db = Object.fromEntries(",
      "  names.map((name) => [name, { [Symbol.asyncIterator]: () => rows(name) }]),",
      ");",
      "",
    ].join("\n"),
  );
}
