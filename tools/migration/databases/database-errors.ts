import { type ErrorCode, MigrationError, systemCode } from "../model/errors.ts";

/** Which database an error came from, and what it means for the caller. */
export interface ErrorPlace {
  /** What messages call the database. */
  readonly label: string;
  /** What was being done, as the beginning of a sentence: `Reading orders`. */
  readonly action: string;
  /** The code for what is neither a lost connection nor a refused one. */
  readonly code: ErrorCode;
}

/** Classes of SQLSTATE whose messages speak of names and rights, never of values. */
const TELLING = /^(0A|25|26|28|3D|3F|42|53|54|55|57)/;
const LOST_STATES = /^(08|57P0[1-4])/;
const LOST_CODES = new Set([
  "ECONNRESET",
  "ECONNREFUSED",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
  "PROTOCOL_CONNECTION_LOST",
  "ER_SERVER_SHUTDOWN",
  "ER_CONNECTION_KILLED",
  "ER_CON_COUNT_ERROR",
  "ER_NEW_ABORTING_CONNECTION",
  "ER_NET_READ_ERROR",
]);
const REFUSED_CODES = new Set([
  "ER_ACCESS_DENIED_ERROR",
  "ER_DBACCESS_DENIED_ERROR",
  "ER_BAD_DB_ERROR",
  "ER_HOST_NOT_PRIVILEGED",
]);
const LOST_WORDS =
  /Connection terminated|Connection lost|closed state|Client was closed|connection is closed|not queryable|timeout expired/i;

/** True where the connection is gone, so that another one may still succeed. */
export function isConnectionLost(error: unknown): boolean {
  if (error instanceof MigrationError) return error.code === "CONNECTION_LOST";
  const code = systemCode(error) ?? "";
  if (LOST_CODES.has(code) || LOST_STATES.test(code)) return true;
  return error instanceof Error && LOST_WORDS.test(error.message);
}

/** An error of a driver with a code and a next step; values of the data are never in its text. */
export function toDatabaseError(cause: unknown, place: ErrorPlace): MigrationError {
  if (cause instanceof MigrationError) return cause;
  const got = describe(cause);
  if (isConnectionLost(cause)) {
    return new MigrationError("CONNECTION_LOST", {
      message: `${place.action}: the connection to ${place.label} could not be made or broke (${got}).`,
      remedy: "See that the server runs and can be reached, then run the command again.",
      cause,
    });
  }
  if (isTlsFault(cause)) {
    return new MigrationError(place.code, {
      message: `${place.action}: the TLS connection to ${place.label} could not be made (${got}).`,
      remedy:
        "Name the authority of the server's certificate in `source.tls.ca`, or another mode in `source.tls.mode`.",
      cause,
    });
  }
  const state = stateOf(cause);
  const isRefused = /^(28|3D)/.test(state) || REFUSED_CODES.has(systemCode(cause) ?? "");
  const remedy = isRefused
    ? "Give a user, password and database that the server knows, and run the command again."
    : state === "25006" || systemCode(cause) === "ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION"
      ? "The session is read-only on purpose: what is named must read and change nothing."
      : /^42501/.test(state) || /DENIED/.test(systemCode(cause) ?? "")
        ? "Give the user the right to read it, then run the command again."
        : "Mend what is named, then run the command again.";
  return new MigrationError(place.code, {
    message: `${place.action} of ${place.label} failed: ${got}.`,
    remedy,
    cause,
  });
}

const TLS_CODES = /CERT|^ERR_SSL|^ERR_TLS|^HANDSHAKE_(NO_)?SSL|^UNABLE_TO_(GET|VERIFY)|^EPROTO$/;
const NO_TLS = /does not support (SSL|secure connnection|secure connection)|SSL negotiation/i;

function isTlsFault(error: unknown): boolean {
  return TLS_CODES.test(systemCode(error) ?? "") || (error instanceof Error && NO_TLS.test(error.message));
}

/** What a driver said, as far as it cannot quote the data: its code, and its text for faults of names and rights. */
function describe(error: unknown): string {
  const code = systemCode(error);
  const state = stateOf(error);
  const text = error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
  if (code === undefined && state === "") return LOST_WORDS.test(text) || NO_TLS.test(text) ? text : "an unknown error";
  const name = code ?? state;
  return TELLING.test(state) ? `${name}, ${text}` : name;
}

function stateOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const state: unknown = Reflect.get(error, "sqlState") ?? Reflect.get(error, "code");
  return typeof state === "string" && /^[0-9A-Z]{5}$/.test(state) ? state : "";
}
