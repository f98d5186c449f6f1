import type { ServerKind } from "./database-kind.ts";

/** What a connection string says; what it leaves open is undefined. */
export interface UrlParts {
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly tlsMode?: string;
  /** Files of TLS: the authority, and the certificate and key of the client. */
  readonly tlsFiles: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

const SCHEMES: Readonly<Record<ServerKind, readonly string[]>> = {
  postgres: ["postgres:", "postgresql:"],
  mysql: ["mysql:", "mariadb:"],
};

/** Reads a connection string of an engine; undefined for one of another engine and for no connection string at all. */
export function parseServerUrl(kind: ServerKind, text: string): UrlParts | undefined {
  const url = parsed(text);
  if (url === null || !SCHEMES[kind].includes(url.protocol)) return undefined;
  const query = url.searchParams;
  const host = decoded(query.get("host") ?? url.hostname.replace(/^\[|\]$/g, ""));
  const port = url.port || query.get("port");
  const user = decoded(url.username) ?? query.get("user") ?? undefined;
  const password = decoded(url.password) ?? query.get("password") ?? undefined;
  const database = decoded(url.pathname.slice(1));
  const tlsMode = query.get("sslmode") ?? query.get("ssl-mode") ?? undefined;
  return {
    ...(host === undefined ? {} : { host }),
    ...(port === null || port === "" ? {} : { port: Number(port) }),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
    ...(tlsMode === undefined ? {} : { tlsMode }),
    tlsFiles: tlsFilesOf(query),
  };
}

/** By the words of libpq and of MySQL Shell. */
const FILE_WORDS = [
  ["ca", "sslrootcert", "ssl-ca"],
  ["cert", "sslcert", "ssl-cert"],
  ["key", "sslkey", "ssl-key"],
] as const;

function tlsFilesOf(query: URLSearchParams): UrlParts["tlsFiles"] {
  const given = FILE_WORDS.map(
    ([name, ...words]) => [name, words.map((word) => query.get(word)).find(Boolean)] as const,
  );
  return Object.fromEntries(given.filter(([, file]) => file !== undefined && file !== null));
}

function parsed(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

function decoded(text: string): string | undefined {
  if (text === "") return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
