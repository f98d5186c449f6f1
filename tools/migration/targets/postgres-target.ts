import { once } from "node:events";
import { finished } from "node:stream/promises";
import type { CopyStreamQuery } from "pg-copy-streams";
import { loadDriver } from "../databases/drivers.ts";
import { quoteIdentifier, quoteTable } from "../databases/identifiers.ts";
import { openPostgres, type PostgresSession } from "../databases/postgres-session.ts";
import type { ServerPlace } from "../databases/server-place.ts";
import type { Cell } from "./cells.ts";
import { createTable } from "./column-types.ts";
import type { TablePlan } from "./table-plan.ts";
import type { TableState, Target } from "./target.ts";

/** Opens a PostgreSQL database for writing; a table is filled by COPY. */
export async function openPostgresTarget(place: ServerPlace): Promise<Target> {
  const { from } = await loadDriver("pg-copy-streams", "Loading into PostgreSQL");
  return new PostgresTarget(await openPostgres(place, { readOnly: false, code: "TARGET_WRITE" }), from);
}

/** A COPY that is under way. */
interface Copy {
  readonly table: string;
  readonly stream: CopyStreamQuery;
  readonly end: Promise<void>;
}

class PostgresTarget implements Target {
  readonly kind = "postgres";
  readonly #session: PostgresSession;
  readonly #copyFrom: (sql: string) => CopyStreamQuery;
  #copy: Copy | undefined;

  constructor(session: PostgresSession, copyFrom: (sql: string) => CopyStreamQuery) {
    this.#session = session;
    this.#copyFrom = copyFrom;
  }

  get label(): string {
    return this.#session.place.label;
  }

  async lookAt(table: string): Promise<TableState> {
    const sql = `SELECT a.attname FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`;
    const columns = await this.#session.rows("Looking at the target", sql, [this.#session.place.schema, table]);
    if (columns.length === 0) return { columns: undefined, isEmpty: true };
    const first = await this.#session.rows("Looking at the target", `SELECT 1 FROM ${this.#quoted(table)} LIMIT 1`);
    return { columns: columns.map(([name]) => name ?? ""), isEmpty: first.length === 0 };
  }

  async begin(missing: readonly TablePlan[]): Promise<void> {
    await this.#session.run("Beginning", "BEGIN");
    for (const table of missing) await this.#session.run(`Making ${table.name}`, createTable("postgres", table));
  }

  async clear(table: TablePlan): Promise<void> {
    await this.#session.run(`Clearing ${table.name}`, `DELETE FROM ${this.#quoted(table.name)}`);
  }

  async write(table: TablePlan, rows: readonly (readonly Cell[])[]): Promise<void> {
    const { stream, end } = this.#copyInto(table);
    const text = rows.map((row) => `${row.map(copyText).join("\t")}\n`).join("");
    // A server that refuses a row ends the stream, and then nobody says that it drained.
    if (!stream.write(text)) await Promise.race([once(stream, "drain"), end]);
  }

  async finish(table: TablePlan): Promise<void> {
    const { stream, end } = this.#copyInto(table);
    this.#copy = undefined;
    stream.end();
    await end;
  }

  async commit(): Promise<void> {
    await this.#session.run("Committing", "COMMIT");
  }

  async close(): Promise<void> {
    this.#copy?.stream.destroy();
    await this.#session.close();
  }

  #copyInto(table: TablePlan): Copy {
    if (this.#copy?.table === table.name) return this.#copy;
    const columns = table.columns.map(({ name }) => quoteIdentifier("postgres", name)).join();
    const stream = this.#session.submit(this.#copyFrom(`COPY ${this.#quoted(table.name)} (${columns}) FROM STDIN`));
    const end = finished(stream).catch((error: unknown) => {
      throw this.#session.translate(error, `Loading ${table.name}`);
    });
    // Told by whoever waits for it next.
    end.catch(() => {});
    this.#copy = { table: table.name, stream, end };
    return this.#copy;
  }

  #quoted(name: string): string {
    return quoteTable("postgres", { schema: this.#session.place.schema, name });
  }
}

/** A cell in the text form of COPY. */
function copyText(cell: Cell): string {
  if (cell === null) return "\\N";
  if (typeof cell === "boolean") return cell ? "t" : "f";
  if (cell instanceof Uint8Array) return `\\\\x${Buffer.from(cell).toString("hex")}`;
  if (typeof cell !== "string") return String(cell);
  return /[\\\t\n\r]/.test(cell) ? cell.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] ?? "") : cell;
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };
