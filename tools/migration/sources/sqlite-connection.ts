import Database from "better-sqlite3";
import { type ErrorCode, MigrationError, systemCode } from "../model/errors.ts";
import { stampOfDatabase } from "./sqlite-files.ts";

/** How long a reader waits for a writer to finish its commit. */
const BUSY_TIMEOUT_MS = 2000;

/** Which database is opened. */
export interface DatabasePlace {
  readonly path: string;
  /** The path as a person wrote it, for messages. */
  readonly label: string;
}

/** A read-only connection inside one read transaction: it sees one state of the data until `close`. */
export class SqliteConnection {
  readonly db: Database.Database;
  readonly #place: DatabasePlace;

  constructor(place: DatabasePlace, code: ErrorCode) {
    this.#place = place;
    const options = { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS };
    this.db = guardSqlite(place.label, code, () => new Database(place.path, options));
    try {
      guardSqlite(place.label, code, () => this.#begin());
    } catch (error) {
      this.db.close();
      throw error;
    }
  }

  /** The state of the files now. */
  get stamp(): string {
    return stampOfDatabase(this.#place.path);
  }

  /** Changes exactly when another connection has committed; asked between two read transactions. */
  nextDataVersion(): unknown {
    this.db.exec("COMMIT");
    const version: unknown = this.db.pragma("data_version", { simple: true });
    this.#begin();
    return version;
  }

  close(): void {
    this.db.close();
  }

  #begin(): void {
    this.db.pragma("query_only = ON");
    this.db.exec("BEGIN");
    // The first read takes the snapshot, not BEGIN.
    this.db.prepare("SELECT count(*) FROM sqlite_schema").get();
  }
}

/** Runs `action`, giving what SQLite throws a code and a next step; the message never quotes a row. */
export function guardSqlite<T>(label: string, code: ErrorCode, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    if (cause instanceof MigrationError) throw cause;
    const got = systemCode(cause) ?? "an unknown error";
    throw new MigrationError(code, {
      message: `The source ${label} cannot be read: SQLite says ${got}.`,
      remedy: remedyFor(got, label),
      cause,
    });
  }
}

function remedyFor(got: string, label: string): string {
  if (/^SQLITE_(BUSY|LOCKED)/.test(got)) return "Stop the program that holds its lock, then run the command again.";
  if (/^SQLITE_(NOTADB|CORRUPT|FORMAT)/.test(got)) {
    return `Check it with \`sqlite3 ${label} 'PRAGMA integrity_check'\`; decrypt an encrypted database to a file first.`;
  }
  if (got === "SQLITE_READONLY_ROLLBACK" || got === "SQLITE_READONLY_RECOVERY") {
    return "Open it once with its own program, so that its unfinished transaction is rolled back.";
  }
  return "Check the file, its folder and its disk, then run the command again.";
}
