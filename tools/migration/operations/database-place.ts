import type { ServerKind } from "../databases/database-kind.ts";
import { resolveServer, type ServerPlace } from "../databases/server-place.ts";
import { parseServerUrl } from "../databases/server-url.ts";

/** Environment variables and the folder that TLS files are named from. */
export interface DatabaseSurroundings {
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A server as a plan names it: never by its address, never with a password. */
export interface NamedServer {
  readonly engine: ServerKind;
  /** The environment variable that holds the connection string; DATABASE_URL where undefined. */
  readonly env: string | undefined;
  /** PostgreSQL: the schema of names that say none. */
  readonly schema: string | undefined;
}

/** Where a server of a plan is; what the connection string leaves open comes from PG* or MYSQL_*. CONFIG_INVALID. */
export function placeOfServer({ engine, env, schema }: NamedServer, surroundings: DatabaseSurroundings): ServerPlace {
  const config = { kind: engine, ...(env === undefined ? {} : { env }), ...(schema === undefined ? {} : { schema }) };
  return resolveServer(config, surroundings);
}

/** Where a connection string leads to, in the same way; undefined where the text is none. */
export function placeOfUrl(url: string, { root, env }: DatabaseSurroundings): ServerPlace | undefined {
  const kind = (["postgres", "mysql"] as const).find((one) => parseServerUrl(one, url) !== undefined);
  // As from the environment: there a password is allowed.
  return kind === undefined ? undefined : resolveServer({ kind }, { root, env: { ...env, DATABASE_URL: url } });
}
