import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { REPOSITORY } from "../measure/tool.ts";

const PACKAGE = "@duckdb/node-api";

/** What is used of a connection to DuckDB. */
export interface DuckConnection {
  /** Runs statements and gives the rows of the last one as JSON values. */
  readonly rows: (sql: string) => Promise<readonly unknown[]>;
  readonly close: () => void;
}

/** The parts of the package that are used, so that everything compiles where it is not installed. */
interface DuckModule {
  readonly DuckDBInstance: {
    readonly create: (path: string, options: Readonly<Record<string, string>>) => Promise<DuckInstance>;
  };
}

interface DuckInstance {
  readonly connect: () => Promise<{
    readonly runAndReadAll: (sql: string) => Promise<{ readonly getRowsJson: () => readonly unknown[] }>;
    readonly closeSync: () => void;
  }>;
  readonly closeSync: () => void;
}

/** True where `npm ci --prefix bench` was run. */
export function hasDuckdb(): boolean {
  return existsSync(join(REPOSITORY, "bench/node_modules", PACKAGE, "package.json"));
}

/** Opens a database file, or one in memory, with so many threads; the package comes from bench/node_modules. */
export async function openDuckdb(path: string, threads: number): Promise<DuckConnection> {
  // The compiled harness lies outside bench/, so the package is looked up from its manifest.
  const loaded: unknown = createRequire(join(REPOSITORY, "bench/package.json"))(PACKAGE);
  if (!isDuckModule(loaded)) throw new TypeError(`${PACKAGE}: expected an export DuckDBInstance`);
  const instance = await loaded.DuckDBInstance.create(path, { threads: String(threads) });
  const connection = await instance.connect();
  return {
    rows: async (sql) => (await connection.runAndReadAll(sql)).getRowsJson(),
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

function isDuckModule(value: unknown): value is DuckModule {
  return typeof value === "object" && value !== null && "DuckDBInstance" in value;
}
