import { quoteIdentifier, quoteText } from "../databases/identifiers.ts";
import { type MysqlSession, openMysql } from "../databases/mysql-session.ts";
import type { ServerPlace } from "../databases/server-place.ts";
import type { Cell } from "./cells.ts";
import { createTable } from "./column-types.ts";
import type { TablePlan } from "./table-plan.ts";
import type { TableState, Target } from "./target.ts";

/** Characters of one INSERT; the server takes 16 MiB of bytes unless told otherwise. */
const STATEMENT_LENGTH = 1024 * 1024;

/**
 * Opens a MySQL or MariaDB database for writing. A table that is made is there at once, for DDL ends a transaction; its
 * rows come in one, so what a killed load leaves behind are empty tables.
 */
export async function openMysqlTarget(place: ServerPlace): Promise<Target> {
  return new MysqlTarget(await openMysql(place, { readOnly: false, code: "TARGET_WRITE" }));
}

class MysqlTarget implements Target {
  readonly kind = "mysql";
  readonly #session: MysqlSession;

  constructor(session: MysqlSession) {
    this.#session = session;
  }

  get label(): string {
    return this.#session.place.label;
  }

  async lookAt(table: string): Promise<TableState> {
    const sql = `SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ${quoteText(this.#session.place.database)}
      AND TABLE_NAME = ${quoteText(table)} ORDER BY ORDINAL_POSITION`;
    const columns = await this.#session.rows("Looking at the target", sql);
    if (columns.length === 0) return { columns: undefined, isEmpty: true };
    const first = await this.#session.rows("Looking at the target", `SELECT 1 FROM ${quoted(table)} LIMIT 1`);
    return { columns: columns.map(([name]) => name ?? ""), isEmpty: first.length === 0 };
  }

  async begin(missing: readonly TablePlan[]): Promise<void> {
    for (const table of missing) await this.#session.query(`Making ${table.name}`, createTable("mysql", table));
    await this.#session.query("Beginning", "START TRANSACTION");
  }

  async clear(table: TablePlan): Promise<void> {
    await this.#session.query(`Clearing ${table.name}`, `DELETE FROM ${quoted(table.name)}`);
  }

  async write(table: TablePlan, rows: readonly (readonly Cell[])[]): Promise<void> {
    const columns = table.columns.map(({ name }) => quoted(name)).join();
    const head = `INSERT INTO ${quoted(table.name)} (${columns}) VALUES `;
    let values: string[] = [];
    let length = 0;
    const send = async (): Promise<void> => {
      if (values.length > 0) await this.#session.query(`Loading ${table.name}`, head + values.join());
      values = [];
      length = 0;
    };
    for (const row of rows) {
      const text = `(${row.map(literal).join()})`;
      if (length + text.length > STATEMENT_LENGTH) await send();
      values.push(text);
      length += text.length;
    }
    await send();
  }

  async finish(): Promise<void> {}

  async commit(): Promise<void> {
    await this.#session.query("Committing", "COMMIT");
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}

function quoted(name: string): string {
  return quoteIdentifier("mysql", name);
}

function literal(cell: Cell): string {
  if (cell === null) return "NULL";
  if (typeof cell === "boolean") return cell ? "1" : "0";
  if (cell instanceof Uint8Array) return `x'${Buffer.from(cell).toString("hex")}'`;
  // With an exponent, or it would be read as a decimal and rounded on its way to a binary number.
  if (typeof cell === "number") return cell.toExponential();
  return typeof cell === "bigint" ? String(cell) : quoteText(cell);
}
