import type { Client, Submittable } from "pg";
import type { ErrorCode } from "../model/errors.ts";
import { isConnectionLost, toDatabaseError } from "./database-errors.ts";
import { loadDriver } from "./drivers.ts";
import type { ServerPlace } from "./server-place.ts";
import { tlsOptions } from "./tls-options.ts";

/** A row of a result: every value as the text that PostgreSQL prints. */
export type TextRow = readonly (string | null)[];

/** How a session is opened. */
export interface SessionOptions {
  /** True for a session that the server keeps from writing. */
  readonly readOnly: boolean;
  /** The code of errors that are neither a lost connection nor a refused one. */
  readonly code: ErrorCode;
}

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Every text form that a value can have is set here, so that none depends on the server, the role or the machine; and
 * no timeout of the server ends a session in the middle of a long reading.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  DateStyle: "ISO, YMD",
  IntervalStyle: "iso_8601",
  TimeZone: "UTC",
  bytea_output: "hex",
  extra_float_digits: "1",
  lc_monetary: "C",
  standard_conforming_strings: "on",
  xmloption: "content",
  statement_timeout: "0",
  idle_in_transaction_session_timeout: "0",
};

/** Timeouts that old servers do not know: the second came with version 14, the first with 17. */
const NEWER_TIMEOUTS = "'transaction_timeout', 'idle_session_timeout'";
/** An old server takes it too: only what it knows is set. */
const NEWER_OFF = `SELECT count(set_config(name, '0', false)) FROM pg_catalog.pg_settings WHERE name IN (${NEWER_TIMEOUTS})`;

/** One connection to PostgreSQL; its errors are coded and never quote a value. */
export class PostgresSession {
  readonly place: ServerPlace;
  readonly #client: Client;
  readonly #code: ErrorCode;
  #lost: Error | undefined;

  constructor(client: Client, place: ServerPlace, code: ErrorCode) {
    this.place = place;
    this.#client = client;
    this.#code = code;
    // Without a listener a connection that breaks between two queries would end the process.
    client.on("error", (error: Error) => {
      this.#lost ??= error;
    });
  }

  /** True once the connection broke. */
  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** The rows of one statement, as texts. */
  async rows(action: string, text: string, values: readonly (string | null)[] = []): Promise<readonly TextRow[]> {
    const result = await this.#guard(action, () =>
      this.#client.query<(string | null)[]>({ text, values: [...values], rowMode: "array" }),
    );
    return result.rows;
  }

  /** The rows of exactly one statement, as texts, and how many it changed or gave; several at once are refused. */
  async statement(
    action: string,
    text: string,
  ): Promise<{ readonly rows: readonly TextRow[]; readonly count: number }> {
    const query = { text, rowMode: "array" as const, queryMode: "extended" as const };
    const result = await this.#guard(action, () => this.#client.query<(string | null)[]>(query));
    return { rows: result.rows, count: result.rowCount ?? result.rows.length };
  }

  /** Names and type numbers of the columns of a statement, without running it for long. */
  async columns(action: string, text: string): Promise<readonly { readonly name: string; readonly typeId: number }[]> {
    const result = await this.#guard(action, () => this.#client.query({ text, rowMode: "array" }));
    return result.fields.map(({ name, dataTypeID }) => ({ name, typeId: dataTypeID }));
  }

  /** Runs statements that give no rows. */
  async run(action: string, text: string): Promise<void> {
    await this.#guard(action, () => this.#client.query(text));
  }

  /** Hands a stream of COPY to the connection. */
  submit<T extends Submittable>(stream: T): T {
    return this.#client.query(stream);
  }

  /** What the driver threw, coded. */
  translate(error: unknown, action: string): Error {
    const cause = this.#lost !== undefined && !isConnectionLost(error) ? this.#lost : error;
    return toDatabaseError(cause, { label: this.place.label, action, code: this.#code });
  }

  /** Ends the connection; what is under way is cut off. */
  async close(): Promise<void> {
    await this.#client.end().catch(() => {});
  }

  async #guard<T>(action: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw this.translate(error, action);
    }
  }
}

/** Opens a connection to PostgreSQL whose values all come as text; DRIVER_MISSING, CONNECTION_LOST or `code`. */
export async function openPostgres(place: ServerPlace, options: SessionOptions): Promise<PostgresSession> {
  const pg = await loadDriver("pg", "PostgreSQL");
  const { host, port, user, password, database } = place;
  const client = new pg.Client({
    host,
    port,
    user,
    database,
    ...(password === undefined ? {} : { password }),
    ssl: tlsOptions(place.tls) ?? false,
    application_name: "candor",
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    types: { getTypeParser: () => (text: string | Buffer) => text.toString() },
  });
  const session = new PostgresSession(client, place, options.code);
  try {
    await client.connect();
    const settings = { ...SETTINGS, ...(options.readOnly ? { default_transaction_read_only: "on" } : {}) };
    const pairs = Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', false)`);
    // The schema of the place comes first, so that queries may leave it out.
    const path = "set_config('search_path', quote_ident($1), false)";
    await client.query(`SELECT ${pairs.join()}, (${NEWER_OFF}), ${path}`, [place.schema]);
    return session;
  } catch (error) {
    await session.close();
    throw session.translate(error, "Connecting");
  }
}
