import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Test } from "tap";
import type { MysqlSession } from "../../tools/migration/databases/mysql-session.ts";
import type { PostgresSession } from "../../tools/migration/databases/postgres-session.ts";
import { mysqlDatabase, postgresDatabase, type TestDatabase } from "./servers.ts";

const FOLDER = resolve("../shared/data/chinook");

/** False where the public sample database is there, else the reason to skip. */
export const noChinook: string | false = existsSync(FOLDER) ? false : "needs ../shared/data/chinook";

/** Puts the sample database of SQLite at `file` of a folder. */
export function chinookSqlite(root: string, file = "chinook.db"): void {
  writeFileSync(join(root, file), readFileSync(join(FOLDER, "Chinook_Sqlite.sqlite")));
}

/** The same data in a PostgreSQL database of its own. */
export function chinookPostgres(t: Test): Promise<TestDatabase<PostgresSession>> {
  return postgresDatabase(t, statementsOf("Chinook_PostgreSql.sql").join(";\n"));
}

/** The same data in a MySQL database of its own. */
export function chinookMysql(t: Test): Promise<TestDatabase<MysqlSession>> {
  return mysqlDatabase(t, statementsOf("Chinook_MySql.sql"));
}

/**
 * The statements of a dump that fill a database: without those that make one of a fixed name, without comments, and
 * without the N of `N'text'`, which makes PostgreSQL drop a blank at the end of the text.
 */
function statementsOf(file: string): readonly string[] {
  const text = readFileSync(join(FOLDER, file), "utf8").replace(/^\ufeff/, "");
  const bare = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\\.*$/gm, "");
  return bare
    .replace(/([(,]\s*)N'/g, "$1'")
    .split(/;[ \t]*\r?\n/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "" && !/^(?:DROP DATABASE|CREATE DATABASE|USE )/i.test(statement));
}
