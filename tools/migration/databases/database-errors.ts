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
  "ER_CLIENT_INTERACTION_TIMEOUT",
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
      remedy: tlsRemedy(cause),
      cause,
    });
  }
  return new MigrationError(place.code, {
    message: `${place.action} of ${place.label} failed: ${got}.`,
    remedy: remedyOf(cause),
    cause,
  });
}

const TLS_CODES = /CERT|^ERR_SSL|^ERR_TLS|^HANDSHAKE_(NO_)?SSL|^UNABLE_TO_(GET|VERIFY)|^EPROTO$/;
const NO_TLS = /does not support (SSL|secure connnection|secure connection)|SSL negotiation/i;
/** What the driver of PostgreSQL says where the server asks for a password and none was given. */
const NO_PASSWORD = /client password must be a/;

function isTlsFault(error: unknown): boolean {
  return TLS_CODES.test(systemCode(error) ?? "") || (error instanceof Error && NO_TLS.test(error.message));
}

function tlsRemedy(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : "";
  if (NO_TLS.test(text)) {
    return "Let the server speak TLS; or, where nobody can listen on the way to it, set `source.tls.mode` or `sslmode=` in the connection string to disable.";
  }
  if (/altnames|ALTNAME/.test(`${text} ${systemCode(cause) ?? ""}`)) {
    return "Name the host as the certificate of the server does, or have one made that names it; verify-ca in `source.tls.mode` or `sslmode=` does not compare names.";
  }
  return "Name the authority of the server's certificate in `source.tls.ca`, or in `sslrootcert=` of the connection string.";
}

function remedyOf(cause: unknown): string {
  const [state, code] = [stateOf(cause), systemCode(cause) ?? ""];
  const text = cause instanceof Error ? cause.message : "";
  if (code === "ER_SECURE_TRANSPORT_REQUIRED" || (state === "28000" && /no encryption|SSL off/.test(text))) {
    return "The server wants TLS: set `source.tls.mode`, or `sslmode=` in the connection string, to verify-full.";
  }
  if (NO_PASSWORD.test(text)) return "Give the password in PGPASSWORD, or in a connection string in the environment.";
  if (/^(28|3D)/.test(state) || REFUSED_CODES.has(code)) {
    return "Give a user, password and database that the server knows, and run the command again.";
  }
  if (state === "25006" || code === "ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION") {
    return "The session is read-only on purpose: what is named must read and change nothing.";
  }
  if (/^42501/.test(state) || /DENIED/.test(code))
    return "Give the user the right to read it, then run the command again.";
  return "Mend what is named, then run the command again.";
}

/** What a driver said, as far as it cannot quote the data: its code, and its text for faults of names, rights and TLS. */
function describe(error: unknown): string {
  const code = systemCode(error);
  const state = stateOf(error);
  const text = error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
  if (NO_PASSWORD.test(text)) return "the server asks for a password, and none was given";
  if (code === undefined && state === "") return LOST_WORDS.test(text) || NO_TLS.test(text) ? text : "an unknown error";
  const name = code ?? state;
  const isTelling = TELLING.test(state) || TELLING_CODES.has(name) || isTlsFault(error);
  return isTelling && text !== "" ? `${name}, ${text.replace(/\.( See .*)?$/, "")}` : name;
}

/** Codes of drivers whose texts speak of the server alone. */
const TELLING_CODES = new Set(["AUTH_SWITCH_PLUGIN_ERROR", "ER_SECURE_TRANSPORT_REQUIRED"]);

function stateOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const state: unknown = Reflect.get(error, "sqlState") ?? Reflect.get(error, "code");
  return typeof state === "string" && /^[0-9A-Z]{5}$/.test(state) ? state : "";
}
