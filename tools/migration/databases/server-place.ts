import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { MigrationError, systemCode } from "../model/errors.ts";
import type { ServerKind } from "./database-kind.ts";
import { parseServerUrl, type UrlParts } from "./server-url.ts";

/** How much a TLS connection proves; `verify-ca` does not compare the host name, `require` proves nothing. */
export const TLS_MODES = ["disable", "require", "verify-ca", "verify-full"] as const;

/** A mode of TLS. */
export type TlsMode = (typeof TLS_MODES)[number];

/** Where a server is, as the configuration has it: never with a password. */
export interface ServerConfig {
  readonly kind: ServerKind;
  /** Connection string without a password. */
  readonly url?: string;
  /** Name of the environment variable that holds the connection string; DATABASE_URL unless told. */
  readonly env?: string;
  /** PostgreSQL: the schema of names that say none; `public` unless told. */
  readonly schema?: string;
  readonly tls?: TlsConfig;
}

/** TLS as the configuration has it; files from the project folder. */
export interface TlsConfig {
  readonly mode?: TlsMode;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** TLS with the texts of its files. */
export interface TlsSettings {
  readonly mode: TlsMode;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** Where a server is, with everything that a driver needs; plain data, so that a worker can connect by itself. */
export interface ServerPlace {
  readonly kind: ServerKind;
  /** Name or address; for PostgreSQL also the folder of a socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly schema: string;
  readonly tls: TlsSettings;
  /** What messages call it: without password and options. */
  readonly label: string;
}

/** Where files and environment variables come from. */
export interface Surroundings {
  readonly root: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const PORTS: Readonly<Record<ServerKind, number>> = { postgres: 5432, mysql: 3306 };

/** Names of environment variables, as the engine's own programs know them. */
const VARIABLES = {
  postgres: { host: "PGHOST", port: "PGPORT", user: "PGUSER", password: "PGPASSWORD", database: "PGDATABASE" },
  mysql: {
    host: "MYSQL_HOST",
    port: "MYSQL_TCP_PORT",
    user: "MYSQL_USER",
    password: "MYSQL_PWD",
    database: "MYSQL_DATABASE",
  },
} as const satisfies Record<ServerKind, Record<string, string>>;

/**
 * Puts together where a server is: the connection string of the configuration, that of `env` or DATABASE_URL, and for
 * what they leave open PG* or MYSQL_*. CONFIG_INVALID where that is no place, or where a password is in the configuration.
 */
export function resolveServer(config: ServerConfig, surroundings: Surroundings): ServerPlace {
  const { kind } = config;
  const { env = process.env } = surroundings;
  const parts = givenParts(config, env);
  const names = VARIABLES[kind];
  const of = (name: string): string | undefined => env[name] || undefined;
  const host = parts.host ?? of(names.host) ?? "localhost";
  const port = parts.port ?? Number(of(names.port) ?? PORTS[kind]);
  const user = parts.user ?? of(names.user) ?? (kind === "postgres" ? "postgres" : "root");
  const database = parts.database ?? of(names.database) ?? (kind === "postgres" ? user : undefined);
  if (database === undefined) throw invalid(kind, "expected the name of a database, got none", config);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw invalid(kind, "expected a port, got another text", config);
  const schema = config.schema ?? (kind === "postgres" ? "public" : database);
  const tls = tlsOf(config, parts, host, { ...surroundings, env });
  const label = `${kind}://${user}@${host.startsWith("/") ? encodeURIComponent(host) : host}:${port}/${database}`;
  return { kind, host, port, user, password: parts.password ?? of(names.password), database, schema, tls, label };
}

function givenParts(config: ServerConfig, env: Readonly<Record<string, string | undefined>>): UrlParts {
  const { kind } = config;
  if (config.url !== undefined) {
    const parts = parseServerUrl(kind, config.url);
    if (parts === undefined)
      throw invalid(kind, "expected a connection string in `source.url`, got another text", config);
    if (parts.password === undefined) return parts;
    throw new MigrationError("CONFIG_INVALID", {
      message: "The connection string in the configuration holds a password, which would be committed with it.",
      remedy: `Take it out; give it in the environment: ${VARIABLES[kind].password}, or a whole string and \`"env"\`.`,
    });
  }
  const name = config.env ?? "DATABASE_URL";
  const given = env[name] || undefined;
  const parts = given === undefined ? undefined : parseServerUrl(kind, given);
  if (parts !== undefined) return parts;
  // DATABASE_URL may be that of another program; a variable that the configuration names may not.
  if (config.env === undefined) return { tlsFiles: {} };
  const got = given === undefined ? "no such variable" : "another text";
  throw invalid(
    kind,
    `expected a connection string (${kind}://…) in the environment variable ${name}, got ${got}`,
    config,
  );
}

function tlsOf(config: ServerConfig, parts: UrlParts, host: string, { root, env = {} }: Surroundings): TlsSettings {
  const of = (name: string): string | undefined => (config.kind === "postgres" ? env[name] || undefined : undefined);
  const given = { ...parts.tlsFiles, ...config.tls };
  const named = given.mode ?? parts.tlsMode ?? of("PGSSLMODE");
  const isLocal = host.startsWith("/") || host === "localhost" || host === "::1" || /^127\./.test(host);
  // Whoever names the authority of this very server wants it asked for.
  const unless = isLocal && given.ca === undefined ? "disable" : "verify-full";
  const wanted = named === undefined ? unless : modeOf(config, named);
  if (wanted === "disable") return { mode: wanted, ca: undefined, cert: undefined, key: undefined };
  const ca = given.ca ?? of("PGSSLROOTCERT");
  return {
    // As libpq has it: an authority is named in order to be checked.
    mode: wanted === "require" && ca !== undefined ? "verify-ca" : wanted,
    ca: ca === SYSTEM ? undefined : textOf(root, ca),
    cert: textOf(root, given.cert ?? of("PGSSLCERT")),
    key: textOf(root, given.key ?? of("PGSSLKEY")),
  };
}

/** What libpq calls the authorities that everybody trusts; the drivers take theirs where none is named. */
const SYSTEM = "system";

/** Words that the engines' own programs use for the same. `prefer` would fall back to plain text without a word. */
const MODE_WORDS: Readonly<Record<string, TlsMode>> = {
  disabled: "disable",
  allow: "disable",
  required: "require",
  verify_ca: "verify-ca",
  verify_identity: "verify-full",
};

function modeOf(config: ServerConfig, word: string): TlsMode {
  const low = word.toLowerCase();
  const mode = TLS_MODES.find((one) => one === low) ?? MODE_WORDS[low];
  if (mode !== undefined) return mode;
  throw invalid(config.kind, `expected a TLS mode (${TLS_MODES.join(", ")}), got ${JSON.stringify(word)}`, config);
}

function textOf(root: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(resolve(root, file), "utf8");
  } catch (cause) {
    throw new MigrationError("CONFIG_INVALID", {
      message: `The TLS file ${file} cannot be read (${systemCode(cause) ?? "unknown error"}).`,
      remedy: "Correct its path, which goes from the project folder, or its rights.",
      cause,
    });
  }
}

function invalid(kind: ServerKind, problem: string, config: ServerConfig): MigrationError {
  const { host, database } = VARIABLES[kind];
  return new MigrationError("CONFIG_INVALID", {
    message: `The place of the ${kind} database: ${problem}.`,
    remedy: `Set ${config.env ?? "DATABASE_URL"} to ${kind}://user@host/database, or set ${host} and ${database}.`,
  });
}
