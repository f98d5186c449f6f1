import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { openMysql } from "../../tools/migration/databases/mysql-session.ts";
import { openPostgres } from "../../tools/migration/databases/postgres-session.ts";
import { resolveServer, type ServerPlace } from "../../tools/migration/databases/server-place.ts";
import type { SourcePlace } from "../../tools/migration/sources/open-source.ts";

/** Engines whose reading is measured. */
export const ENGINES = ["sqlite", "postgres", "mysql"] as const;

/** An engine whose reading is measured. */
export type Engine = (typeof ENGINES)[number];

/** Tables of one size in every engine that answers. */
export interface BenchTables {
  readonly places: ReadonlyMap<Engine, SourcePlace>;
  readonly drop: () => Promise<void>;
}

const SERVERS = {
  postgres: { variable: "CANDOR_TEST_POSTGRES", url: "postgres://postgres@127.0.0.1:5432/postgres" },
  mysql: { variable: "CANDOR_TEST_MYSQL", url: "mysql://root@127.0.0.1:3306/mysql" },
} as const;

/** Twelve columns of the usual kinds, `t` rows of them; the engine itself makes them up from `n`, 1 to that number. */
const COLUMNS = `id int PRIMARY KEY, code varchar(20), name varchar(60), note varchar(200), price decimal(10,2), stock int,
  big bigint, ratio double precision, born date, seen timestamp NULL, flag int, email varchar(60)`;
const row = (n: string, text: string, date: string, time: string): string =>
  `${n}, ${text.replace("?", "'C-'")}, ${text.replace("?", "'name of number '")}, ${text.replace("?", "'a longer note that says something about '")},
  ${n} % 10000 / 100.0, ${n} % 1000, ${n} * 4294967297, ${n} / 7.0, ${date}, ${time}, ${n} % 2, ${text.replace("?", "'someone@example.org '")}`;

/** Makes the tables; an engine that does not answer is left out with a word. */
export async function makeTables(dir: string, rows: number, say: (text: string) => void): Promise<BenchTables> {
  const places = new Map<Engine, SourcePlace>([["sqlite", makeSqlite(dir, rows)]]);
  const drops: (() => Promise<void>)[] = [];
  for (const [kind, make] of [
    ["postgres", makePostgres],
    ["mysql", makeMysql],
  ] as const) {
    try {
      const { place, drop } = await make(serverOf(kind), `candor_bench_${process.pid}`, rows);
      places.set(kind, { kind, url: place.label });
      drops.push(drop);
    } catch (error) {
      say(`no ${kind}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return {
    places,
    drop: async () => {
      for (const drop of drops) await drop();
    },
  };
}

function serverOf(kind: keyof typeof SERVERS): ServerPlace {
  const { variable, url } = SERVERS[kind];
  return resolveServer({ kind, env: variable }, { root: ".", env: { [variable]: process.env[variable] || url } });
}

function named(place: ServerPlace, database: string): ServerPlace {
  const label = `${place.label.slice(0, place.label.lastIndexOf("/"))}/${database}`;
  return { ...place, database, schema: place.kind === "mysql" ? database : "public", label };
}

interface Made {
  readonly place: ServerPlace;
  readonly drop: () => Promise<void>;
}

async function makePostgres(server: ServerPlace, name: string, rows: number): Promise<Made> {
  const admin = await openPostgres(server, { readOnly: false, code: "IO" });
  await admin.run("Making", `CREATE DATABASE ${name}`);
  const place = named(server, name);
  const session = await openPostgres(place, { readOnly: false, code: "IO" });
  const cells = row(
    "n::bigint",
    "? || n",
    "date '1990-01-01' + (n % 9000)::int",
    "timestamp '2020-01-01' + n * interval '1 s'",
  );
  await session.run("Filling", `CREATE TABLE t (${COLUMNS})`);
  await session.run("Filling", `INSERT INTO t SELECT ${cells} FROM generate_series(1, ${rows}) n; ANALYZE t`);
  await session.close();
  const drop = async (): Promise<void> => {
    await admin.run("Dropping", `DROP DATABASE ${name} WITH (FORCE)`);
    await admin.close();
  };
  return { place, drop };
}

async function makeMysql(server: ServerPlace, name: string, rows: number): Promise<Made> {
  const admin = await openMysql(server, { readOnly: false, code: "IO" });
  await admin.query("Making", `CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  const place = named(server, name);
  const session = await openMysql(place, { readOnly: false, code: "IO" });
  const cells = row("n", "concat(?, n)", "'1990-01-01' + INTERVAL (n % 9000) DAY", "'2020-01-01' + INTERVAL n SECOND");
  const numbers = `WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ${rows}) SELECT`;
  await session.query("Filling", `SET SESSION max_recursive_iterations = ${rows + 1}`).catch(() => {});
  await session.query("Filling", `SET SESSION cte_max_recursion_depth = ${rows + 1}`).catch(() => {});
  await session.query("Filling", `CREATE TABLE t (${COLUMNS})`);
  await session.query("Filling", `INSERT INTO t ${numbers} ${cells} FROM s`);
  await session.close();
  const drop = async (): Promise<void> => {
    await admin.query("Dropping", `DROP DATABASE ${name}`);
    await admin.close();
  };
  return { place, drop };
}

function makeSqlite(dir: string, rows: number): SourcePlace {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, `table-${rows}.db`);
  rmSync(path, { force: true });
  const db = new Database(path);
  const cells = row(
    "n",
    "? || n",
    "date('1990-01-01', (n % 9000) || ' days')",
    "datetime('2020-01-01', n || ' seconds')",
  );
  db.exec(`PRAGMA synchronous = OFF; CREATE TABLE t (${COLUMNS});
    INSERT INTO t WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < ${rows}) SELECT ${cells} FROM s`);
  db.close();
  return { kind: "sqlite", path };
}
