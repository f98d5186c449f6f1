import type { Test } from "tap";
import { type MysqlSession, openMysql } from "../../tools/migration/databases/mysql-session.ts";
import { openPostgres, type PostgresSession } from "../../tools/migration/databases/postgres-session.ts";
import { resolveServer, type ServerPlace } from "../../tools/migration/databases/server-place.ts";

const DEFAULTS = {
  postgres: { variable: "CANDOR_TEST_POSTGRES", url: "postgres://postgres@127.0.0.1:5432/postgres" },
  mysql: { variable: "CANDOR_TEST_MYSQL", url: "mysql://root@127.0.0.1:3306/mysql" },
} as const;

type ServerTest = Pick<Test, "teardown">;
let made = 0;

/** Where the test server of an engine is. */
export function testServer(kind: "postgres" | "mysql"): ServerPlace {
  const { variable, url } = DEFAULTS[kind];
  return resolveServer({ kind, env: variable }, { root: ".", env: { [variable]: process.env[variable] || url } });
}

/** Why the tests of an engine cannot run here; false where they can. With CANDOR_TEST_REQUIRE=1 they must. */
export async function whyNot(kind: "postgres" | "mysql"): Promise<string | false> {
  const place = testServer(kind);
  const open = kind === "postgres" ? openPostgres : openMysql;
  try {
    const session = await open(place, { readOnly: true, code: "SOURCE_INVALID" });
    await session.close();
    return false;
  } catch (error) {
    if (process.env["CANDOR_TEST_REQUIRE"] === "1") return false;
    return `no server answers at ${place.label} (${DEFAULTS[kind].variable}): ${String(error)}`;
  }
}

/** A database of its own on a test server, dropped when the test is over. */
export interface TestDatabase<Session> {
  readonly place: ServerPlace;
  /** For migration.json: the place without a password. */
  readonly url: string;
  /** May write. */
  readonly session: Session;
}

/** A fresh database on the PostgreSQL server, filled by `sql`. */
export async function postgresDatabase(t: ServerTest, sql = "", options = ""): Promise<TestDatabase<PostgresSession>> {
  const name = freshName();
  const admin = await openPostgres(testServer("postgres"), { readOnly: false, code: "IO" });
  await admin.run("Making", `CREATE DATABASE ${name} ${options}`);
  const place = at(testServer("postgres"), name);
  const session = await openPostgres(place, { readOnly: false, code: "IO" });
  t.teardown(async () => {
    await session.close();
    await admin.run("Dropping", `DROP DATABASE ${name} WITH (FORCE)`);
    await admin.close();
  });
  if (sql !== "") await session.run("Filling", sql);
  return { place, url: place.label, session };
}

/** A fresh database on the MySQL server, filled by statements. */
export async function mysqlDatabase(
  t: ServerTest,
  statements: readonly string[] = [],
): Promise<TestDatabase<MysqlSession>> {
  const name = freshName();
  const admin = await openMysql(testServer("mysql"), { readOnly: false, code: "IO" });
  await admin.query("Making", `CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  const place = at(testServer("mysql"), name);
  const session = await openMysql(place, { readOnly: false, code: "IO" });
  t.teardown(async () => {
    await session.close();
    await admin.query("Dropping", `DROP DATABASE ${name}`);
    await admin.close();
  });
  for (const statement of statements) await session.query("Filling", statement);
  return { place, url: place.label, session };
}

function at(place: ServerPlace, database: string): ServerPlace {
  return {
    ...place,
    database,
    schema: place.kind === "mysql" ? database : "public",
    label: relabelled(place, database),
  };
}

function relabelled({ label }: ServerPlace, database: string): string {
  return `${label.slice(0, label.lastIndexOf("/"))}/${database}`;
}

function freshName(): string {
  made += 1;
  return `candor_test_${process.pid}_${Math.floor(performance.timeOrigin % 1e9)}_${made}`;
}
