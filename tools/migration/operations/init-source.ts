import { readdirSync } from "node:fs";
import { extname, join, relative, resolve, sep } from "node:path";
import type { SourceConfig } from "../config/source-config.ts";
import type { Catalog } from "../databases/catalog.ts";
import { readMysqlCatalog } from "../databases/mysql-catalog.ts";
import { openMysql } from "../databases/mysql-session.ts";
import { readPostgresCatalog } from "../databases/postgres-catalog.ts";
import { openPostgres } from "../databases/postgres-session.ts";
import { resolveServer, type ServerConfig } from "../databases/server-place.ts";
import { parseServerUrl } from "../databases/server-url.ts";
import { readSqliteCatalog } from "../databases/sqlite-catalog.ts";
import { compareCodeUnits } from "../integrity/order.ts";
import { MigrationError } from "../model/errors.ts";
import { SqliteConnection } from "../sources/sqlite-connection.ts";
import { assertReadable } from "../sources/sqlite-files.ts";
import { statSource } from "../sources/stat-source.ts";

const FOLDER_KINDS = ["csv", "jsonl", "json"] as const;

/** Reads `--from`: the source as migration.json will have it, its path from `root`; USAGE for anything else. */
export function parsePlace(from: string, root: string, workingDirectory: string): SourceConfig {
  const [, scheme = "", rest = ""] = /^([a-z]+):(.*)$/s.exec(from) ?? [];
  if (scheme === "postgres" || scheme === "postgresql") return serverOf("postgres", from, rest);
  if (scheme === "mysql" || scheme === "mariadb") return serverOf("mysql", from, rest);
  const kind = scheme === "sqlite" ? scheme : FOLDER_KINDS.find((one) => one === scheme);
  if (kind === undefined || rest === "") {
    throw new MigrationError("USAGE", {
      message: "--from takes sqlite:FILE, csv:FOLDER, jsonl:FOLDER, json:FOLDER, postgres://… or mysql://….",
      remedy: "For a file: `candor init --from sqlite:shop.db`.",
    });
  }
  const path = relative(root, resolve(workingDirectory, rest)).split(sep).join("/");
  return { kind, path: path === "" ? "." : path };
}

/** SOURCE_INVALID, in the words of `--from`, for a path at which nothing is. */
export function assertThere(from: string, source: SourceConfig, root: string): void {
  const given = from.slice(from.indexOf(":") + 1);
  if (!("path" in source) || statSource(resolve(root, source.path), given) !== undefined) return;
  throw new MigrationError("SOURCE_INVALID", {
    message: `The source ${given} does not exist.`,
    remedy: `Correct the path in \`--from ${from}\`: it starts at the folder in which you are.`,
  });
}

function serverOf(kind: "postgres" | "mysql", from: string, rest: string): ServerConfig {
  if (rest === "") return { kind };
  const parts = parseServerUrl(kind, from);
  if (parts === undefined) throw new MigrationError("USAGE", { message: `--from is no connection string of ${kind}.` });
  if (parts.password === undefined) return { kind, url: from };
  const variable = kind === "postgres" ? "PGPASSWORD" : "MYSQL_PWD";
  throw new MigrationError("USAGE", {
    message: "--from holds a password, which every user of this machine could see and which would be committed.",
    remedy: `Leave it out and set ${variable}; or set DATABASE_URL to the whole string and say --from ${kind}:.`,
  });
}

/** What a database says of its tables; of a folder, a table for each file, without columns. */
export async function readCatalog(source: SourceConfig, root: string): Promise<Catalog> {
  switch (source.kind) {
    case "sqlite":
      return readFile(resolve(root, source.path), source.path);
    case "postgres": {
      const session = await openPostgres(resolveServer(source, { root }), { readOnly: true, code: "SOURCE_INVALID" });
      return readPostgresCatalog(session).finally(() => session.close());
    }
    case "mysql": {
      const session = await openMysql(resolveServer(source, { root }), { readOnly: true, code: "SOURCE_INVALID" });
      return readMysqlCatalog(session).finally(() => session.close());
    }
    case "module":
      throw new MigrationError("INTERNAL", { message: "A JavaScript module has no catalog." });
    default:
      return readFolder(resolve(root, source.path), source.path, source.kind);
  }
}

function readFile(path: string, label: string): Catalog {
  assertReadable(path, label);
  const connection = new SqliteConnection({ path, label }, "SOURCE_INVALID");
  try {
    return readSqliteCatalog(connection.db);
  } finally {
    connection.close();
  }
}

function readFolder(path: string, label: string, kind: string): Catalog {
  if (statSource(path, label)?.isDirectory() !== true) {
    throw new MigrationError("SOURCE_INVALID", {
      message: `The source ${label} is not a folder.`,
      remedy: `Name the folder in which the .${kind} files are.`,
    });
  }
  const names = readdirSync(path).filter(
    (name) => extname(name) === `.${kind}` && statSource(join(path, name), `${label}/${name}`)?.isFile() === true,
  );
  const rest = {
    schema: undefined,
    kind: "table",
    columns: [],
    primaryKey: [],
    uniqueKeys: [],
    foreignKeys: [],
  } as const;
  return {
    tables: names
      .map((name) => name.slice(0, -extname(name).length))
      .sort(compareCodeUnits)
      .map((name) => ({ name, ...rest })),
  };
}
