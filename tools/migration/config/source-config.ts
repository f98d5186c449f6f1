import { SERVER_KINDS } from "../databases/database-kind.ts";
import type { ServerConfig } from "../databases/server-place.ts";
import type { CsvFormat } from "../model/csv-format.ts";
import type { JsonObject } from "../model/json.ts";
import type { SourceKind } from "../model/source-kind.ts";
import type { Problems } from "./problems.ts";

/** Where the legacy data is. */
export type SourceConfig = FileSourceConfig | ServerConfig;

/** A source in a file or folder. */
export interface FileSourceConfig {
  readonly kind: Exclude<SourceKind, ServerConfig["kind"]>;
  /** Relative to the project root. */
  readonly path: string;
  /** Of kind `csv` alone. */
  readonly csv?: CsvFormat;
}

const SERVERS: ReadonlySet<unknown> = new Set(SERVER_KINDS);
const SERVER_KEYS = ["url", "env", "schema", "tls"];

/** Notes keys that do not belong to the kind of the source, and the path that a file source lacks. */
export function checkSource(source: JsonObject, file: string, problems: Problems): void {
  const kind = String(source["kind"]);
  const isServer = SERVERS.has(source["kind"]);
  const foreign = isServer ? ["path", "csv"] : [...SERVER_KEYS, ...(kind === "csv" ? [] : ["csv"])];
  for (const key of foreign) {
    if (source[key] !== undefined) problems.add(file, `/source/${key}`, `no such key for kind ${kind}`, "one");
  }
  if (!isServer && source["path"] === undefined) problems.add(file, "/source/path", "a path", "nothing");
  if (kind === "mysql" && source["schema"] !== undefined) {
    problems.add(file, "/source/schema", "no schema: MySQL has databases alone", "one");
  }
  if (source["url"] !== undefined && source["env"] !== undefined) {
    problems.add(file, "/source/env", "`url` or `env`", "both");
  }
}

/** What of a source is not its location: the kind, and how its files are written. */
export function sourceWithoutLocation(source: SourceConfig): JsonObject {
  const csv = "csv" in source ? source.csv : undefined;
  return { kind: source.kind, ...(csv === undefined ? {} : { csv: { ...csv } }) };
}
