import { closeSync, fsyncSync, mkdirSync, openSync, rmSync } from "node:fs";
import { modulesOf, SHAPES } from "../generate/shapes.ts";
import { openDuckdb } from "./duckdb.ts";
import {
  loadStatements,
  MIGRATE_FORMS,
  type MigratePlaces,
  migrateStatements,
  outputsOf,
  registryStatements,
} from "./duckdb-migrate.ts";
import { SCAN_FORMS, scanStatements } from "./duckdb-scan.ts";

// Run as: duckdb-child.js <load|scan|migrate|migrate-preloaded> <form> <project> <shape> <size> <threads>.
// Prints `seconds N`: the time of the statements alone, without the start of Node and of DuckDB.
const [work = "", formName = "", project = "", shapeName = "", size = "", threads = "1"] = process.argv.slice(2);

const places: MigratePlaces = {
  rows: `${project}/generated/rows`,
  registries: `${project}/migration/mapping`,
  output: `${project}/generated/duckdb`,
};
const shape = SHAPES.find((name) => name === shapeName) ?? "standard";
const modules = modulesOf(shape, Number(size));
const database = `${project}/generated/source.duckdb`;

async function load(): Promise<void> {
  rmSync(database, { force: true });
  const db = await openDuckdb(database, Number(threads));
  for (const statement of loadStatements(modules, places)) await db.rows(statement);
  await db.rows("CHECKPOINT");
  db.close();
}

async function scan(): Promise<void> {
  const form = SCAN_FORMS.find((name) => name === formName) ?? SCAN_FORMS[0];
  const db = await openDuckdb(":memory:", Number(threads));
  const begin = performance.now();
  let last: readonly unknown[] = [];
  for (const statement of scanStatements(`${project}/generated/v1`, modules, form)) last = await db.rows(statement);
  printSeconds(begin);
  if (JSON.stringify(last) !== "[[0]]") throw new TypeError(`expected no faults, got ${JSON.stringify(last)}`);
}

async function migrate(preload: boolean): Promise<void> {
  const form = MIGRATE_FORMS.find((name) => name === formName) ?? MIGRATE_FORMS[0];
  mkdirSync(places.output, { recursive: true });
  const db = await openDuckdb(database, Number(threads));
  const [before, after] = [registryStatements(modules, places), migrateStatements(modules, places, form)];
  if (preload) for (const statement of before) await db.rows(statement);
  const begin = performance.now();
  for (const statement of preload ? after : [...before, ...after]) await db.rows(statement);
  // The tool puts its candidate on the disk, so its peer does too.
  for (const file of modules.flatMap((module) => outputsOf(module, places))) sync(file);
  printSeconds(begin);
}

function sync(file: string): void {
  const descriptor = openSync(file, "r+");
  fsyncSync(descriptor);
  closeSync(descriptor);
}

function printSeconds(begin: number): void {
  process.stdout.write(`seconds ${((performance.now() - begin) / 1000).toFixed(4)}\n`);
}

if (work === "load") await load();
else if (work === "scan") await scan();
else await migrate(work === "migrate-preloaded");
