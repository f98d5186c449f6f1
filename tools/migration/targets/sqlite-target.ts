import { statSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { quoteIdentifier } from "../databases/identifiers.ts";
import { MigrationError, systemCode } from "../model/errors.ts";
import type { Cell } from "./cells.ts";
import { createTable } from "./column-types.ts";
import type { TablePlan } from "./table-plan.ts";
import type { TableState, Target } from "./target.ts";

const BUSY_TIMEOUT_MS = 5000;

/** Opens an SQLite file for writing; it is made where there is none. */
export async function openSqliteTarget(path: string, label: string): Promise<Target> {
  if (statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new MigrationError("TARGET_INVALID", {
      message: `The target ${label} is in no folder.`,
      remedy: "Make the folder, or name another file.",
    });
  }
  return guard(label, () => new SqliteTarget(new Database(path, { timeout: BUSY_TIMEOUT_MS }), label));
}

class SqliteTarget implements Target {
  readonly kind = "sqlite";
  readonly label: string;
  readonly #db: Database.Database;
  readonly #statements = new Map<string, Database.Statement<Cell[]>>();

  constructor(db: Database.Database, label: string) {
    this.#db = db;
    this.label = label;
    // The data must be on the disk when the command says so, whatever the database was made with.
    db.pragma("synchronous = FULL");
  }

  async lookAt(table: string): Promise<TableState> {
    return guard(this.label, () => {
      const names = this.#db.prepare<[string], string>("SELECT name FROM pragma_table_xinfo(?) ORDER BY cid").pluck();
      const columns = names.all(table);
      if (columns.length === 0) return { columns: undefined, isEmpty: true };
      const first = this.#db.prepare(`SELECT 1 FROM ${quoteIdentifier("sqlite", table)} LIMIT 1`).get();
      return { columns, isEmpty: first === undefined };
    });
  }

  async begin(missing: readonly TablePlan[]): Promise<void> {
    guard(this.label, () => {
      this.#db.exec("BEGIN IMMEDIATE");
      for (const table of missing) this.#db.exec(createTable("sqlite", table));
    });
  }

  async clear(table: TablePlan): Promise<void> {
    guard(this.label, () => this.#db.exec(`DELETE FROM ${quoteIdentifier("sqlite", table.name)}`));
  }

  async write(table: TablePlan, rows: readonly (readonly Cell[])[]): Promise<void> {
    guard(this.label, () => {
      const statement = this.#statements.get(table.name) ?? this.#db.prepare<Cell[]>(insertInto(table));
      this.#statements.set(table.name, statement);
      for (const row of rows) statement.run(...row.map(bound));
    });
  }

  async finish(): Promise<void> {}

  async commit(): Promise<void> {
    guard(this.label, () => this.#db.exec("COMMIT"));
  }

  async close(): Promise<void> {
    this.#db.close();
  }
}

function insertInto(table: TablePlan): string {
  const columns = table.columns.map(({ name }) => quoteIdentifier("sqlite", name));
  return `INSERT INTO ${quoteIdentifier("sqlite", table.name)} (${columns.join()}) VALUES (${columns.map(() => "?").join()})`;
}

function bound(cell: Cell): Cell {
  return typeof cell === "boolean" ? BigInt(cell ? 1 : 0) : cell;
}

function guard<T>(label: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    if (cause instanceof MigrationError) throw cause;
    throw new MigrationError("TARGET_WRITE", {
      message: `Writing to ${label} failed: SQLite says ${systemCode(cause) ?? "an unknown error"}; nothing was changed.`,
      remedy:
        "Check the file, its rights and its disk, and that no program holds its lock; then run the command again.",
      cause,
    });
  }
}
