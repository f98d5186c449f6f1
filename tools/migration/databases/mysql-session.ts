import { connect, isIP, type Socket } from "node:net";
import type { Connection, QueryOptions } from "mysql2";
import type { ErrorCode } from "../model/errors.ts";
import { isConnectionLost, toDatabaseError } from "./database-errors.ts";
import { loadDriver } from "./drivers.ts";
import type { SessionOptions } from "./postgres-session.ts";
import type { ServerPlace } from "./server-place.ts";
import { tlsOptions } from "./tls-options.ts";

/** A row of a result: the bytes that the server sent for each value. */
export type ByteRow = readonly (Buffer | null)[];

/** A column of a result as the protocol describes it. */
export interface MysqlField {
  readonly name: string;
  /** Number of the type in the protocol. */
  readonly type: number;
  /** 63 is the number of `binary`: bytes that are no text. */
  readonly charset: number;
  /** Width of display: the number of bits of a BIT. */
  readonly length: number;
}

const CONNECT_TIMEOUT_MS = 10_000;
const LONGEST_SECONDS = 31_536_000;

/**
 * Names and modes that change how a statement is read or a value printed are set here; a session lives as long as a
 * reading takes, and neither a slow reader nor a long result is cut off. The last one is two: MySQL reads the first
 * comment, MariaDB the second.
 */
const SETTINGS = [
  "NAMES utf8mb4 COLLATE utf8mb4_bin",
  "SESSION sql_mode = 'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES,NO_ENGINE_SUBSTITUTION'",
  "SESSION time_zone = '+00:00'",
  `SESSION net_write_timeout = ${LONGEST_SECONDS}`,
  `SESSION net_read_timeout = ${LONGEST_SECONDS}`,
  `SESSION wait_timeout = ${LONGEST_SECONDS}`,
  "SESSION group_concat_max_len = 16777216",
  "SESSION sql_select_limit = 18446744073709551615",
  "@candor = NULL /*!50708 , SESSION max_execution_time = 0 */ /*M!100101 , SESSION max_statement_time = 0 */",
];

/** One connection to MySQL or MariaDB; its errors are coded and never quote a value. */
export class MysqlSession {
  readonly place: ServerPlace;
  readonly #connection: Connection;
  readonly #code: ErrorCode;
  #lost: Error | undefined;
  #reading: RowReading | undefined;

  constructor(connection: Connection, place: ServerPlace, code: ErrorCode) {
    this.place = place;
    this.#connection = connection;
    this.#code = code;
    // Without a listener a connection that breaks between two queries would end the process.
    connection.on("error", (error: Error) => {
      this.#lost ??= error;
      // The driver tells of a lost connection here alone, not to the statement that is under way.
      this.#reading?.fail(error);
    });
  }

  /** True once the connection broke. */
  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /**
   * The rows of one statement, as bytes, with what the protocol says of the columns, and how many rows it gave, found or
   * changed. It takes no values: the driver puts
   * them in with backslashes, which mean nothing under NO_BACKSLASH_ESCAPES; `quoteText` makes a literal.
   */
  async query(
    action: string,
    sql: string,
  ): Promise<{ readonly rows: readonly ByteRow[]; readonly fields: readonly MysqlField[]; readonly count: number }> {
    try {
      return await new Promise((resolve, reject) => {
        this.#connection.query(raw(sql), (error, rows, fields) => {
          if (error !== null) reject(error);
          else resolve({ ...rowsOf(rows), fields: (fields ?? []).map(fieldOf) });
        });
      });
    } catch (error) {
      throw this.translate(error, action);
    }
  }

  /** The rows of one statement, as texts. */
  async rows(action: string, sql: string): Promise<readonly (readonly (string | null)[])[]> {
    const { rows } = await this.query(action, sql);
    return rows.map((row) => row.map((cell) => cell?.toString("utf8") ?? null));
  }

  /**
   * The rows of one statement in batches of `batchRecords`, without waiting for all of them. Leaving early cuts the
   * statement off; the transaction and its snapshot stay.
   */
  async *batches(action: string, sql: string, batchRecords: number): AsyncGenerator<readonly ByteRow[]> {
    if (this.#reading !== undefined) throw new TypeError(`${action}: the connection is reading something else`);
    const reading = new RowReading(this.#connection, raw(sql), batchRecords);
    this.#reading = reading;
    try {
      for (let rows = await reading.next(); rows !== undefined; rows = await reading.next()) yield rows;
    } catch (error) {
      throw this.translate(error, action);
    } finally {
      if (!reading.isOver) await this.#cutOff(reading);
      this.#reading = undefined;
    }
  }

  /** Another connection has the server end the statement; where that is refused, the rest of the rows goes by unread. */
  async #cutOff(reading: RowReading): Promise<void> {
    const id = this.#connection.threadId;
    const other = await openMysql(this.place, { readOnly: true, code: this.#code }).catch(() => undefined);
    await other?.query("Ending a statement", `KILL QUERY ${id}`).catch(() => {});
    await other?.close();
    await reading.passOver();
  }

  /** What the driver threw, coded. */
  translate(error: unknown, action: string): Error {
    const cause = this.#lost !== undefined && !isConnectionLost(error) ? this.#lost : error;
    return toDatabaseError(cause, { label: this.place.label, action, code: this.#code });
  }

  /** Ends the connection; what is under way is cut off. */
  async close(): Promise<void> {
    this.#connection.destroy();
  }
}

/** Opens a connection to MySQL or MariaDB whose values all come as bytes; DRIVER_MISSING, CONNECTION_LOST or `code`. */
export async function openMysql(place: ServerPlace, options: SessionOptions): Promise<MysqlSession> {
  const mysql = await loadDriver("mysql2", "MySQL and MariaDB");
  const { host, port, user, password, database } = place;
  const ssl = tlsOptions(place.tls);
  const connection = mysql.createConnection({
    ...(host.startsWith("/") ? { socketPath: host } : { host, port }),
    ...(isIP(host) !== 0 && ssl !== undefined ? { stream: () => namedSocket(host, port) } : {}),
    user,
    database,
    ...(password === undefined ? {} : { password }),
    ...(ssl === undefined ? {} : { ssl: { ...ssl, verifyIdentity: place.tls.mode === "verify-full" } as object }),
    charset: "utf8mb4_bin",
    connectTimeout: CONNECT_TIMEOUT_MS,
    enableKeepAlive: true,
    flags: ["-LOCAL_FILES"],
  });
  const session = new MysqlSession(connection, place, options.code);
  try {
    for (const setting of SETTINGS) await session.query("Connecting", `SET ${setting}`);
    if (options.readOnly) await session.query("Connecting", "SET SESSION TRANSACTION READ ONLY");
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/**
 * A socket to an address that knows its address. The driver names a host for the check of the certificate only where it
 * has letters; TLS then asks the socket, and one that cannot say takes a certificate for `localhost` for the right one.
 */
function namedSocket(host: string, port: number): Socket {
  const socket = connect({ host, port, noDelay: true, keepAlive: true });
  return Object.assign(socket, { _host: host });
}

/** A statement whose values come as the bytes that were sent: dates, numbers and JSON are never parsed. */
function raw(sql: string): QueryOptions {
  return { sql, rowsAsArray: true, typeCast: false };
}

function rowsOf(result: unknown): { readonly rows: readonly ByteRow[]; readonly count: number } {
  if (Array.isArray(result)) return { rows: result as ByteRow[], count: result.length };
  const count = typeof result === "object" && result !== null ? Number(Reflect.get(result, "affectedRows")) : 0;
  return { rows: [], count };
}

function fieldOf(field: unknown): MysqlField {
  const of = (name: string): unknown =>
    typeof field === "object" && field !== null ? Reflect.get(field, name) : undefined;
  return {
    name: String(of("name")),
    type: Number(of("columnType") ?? of("type")),
    charset: Number(of("characterSet")),
    length: Number(of("columnLength")),
  };
}

/** Batches that may wait before the server is made to wait. */
const WAITING = 2;

/** The rows of a statement that runs, gathered into batches; `isOver` once the server has said so. */
class RowReading {
  isOver = false;
  readonly #connection: Connection;
  readonly #batches: ByteRow[][] = [];
  #current: ByteRow[] = [];
  #error: Error | undefined;
  #isPassing = false;
  #wake: () => void = () => {};

  constructor(connection: Connection, options: QueryOptions, batchRecords: number) {
    this.#connection = connection;
    const query = connection.query(options);
    query.on("result", (row: unknown) => {
      if (this.#isPassing) return;
      this.#current.push(row as ByteRow);
      if (this.#current.length < batchRecords) return;
      this.#batches.push(this.#current);
      this.#current = [];
      if (this.#batches.length >= WAITING) connection.pause();
      this.#wake();
    });
    query.on("error", (error: Error) => this.#end(error));
    query.on("end", () => this.#end(undefined));
  }

  /** The next batch; undefined behind the last one. */
  async next(): Promise<readonly ByteRow[] | undefined> {
    for (;;) {
      // Rows that came before the pause are handed out within this very call.
      if (this.#batches.length < WAITING) this.#connection.resume();
      const batch = this.#batches.shift();
      if (batch !== undefined) return batch;
      if (this.#error !== undefined) throw this.#error;
      if (this.isOver) return undefined;
      await this.#event();
    }
  }

  /** Ends the reading where the connection is gone. */
  fail(error: Error): void {
    this.#end(error);
  }

  /** Lets the rest go by. */
  async passOver(): Promise<void> {
    this.#isPassing = true;
    this.#connection.resume();
    while (!this.isOver) await this.#event();
  }

  #event(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #end(error: Error | undefined): void {
    this.#error ??= error;
    if (this.#current.length > 0) this.#batches.push(this.#current);
    this.#current = [];
    this.isOver = true;
    this.#wake();
  }
}
