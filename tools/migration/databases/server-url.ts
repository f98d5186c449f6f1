import type { ServerKind } from "./database-kind.ts";

/** What a connection string says; what it leaves open is undefined. */
export interface UrlParts {
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly tlsMode?: string;
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
  };
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
