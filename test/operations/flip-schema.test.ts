import { setTimeout } from "node:timers/promises";
import mysql, { type RowDataPacket } from "mysql2/promise";
import pg from "pg";
import t, { type Test } from "tap";
import type { ServerPlace } from "../../tools/migration/databases/server-place.ts";
import { placeOfUrl } from "../../tools/migration/operations/database-place.ts";
import { tableNumbers } from "../../tools/migration/operations/exchange-mysql.ts";
import { applySchemaFlip, prepareSchemaFlip, readSchemas } from "../../tools/migration/operations/flip-schema.ts";
import { exchanged } from "../../tools/migration/operations/schema-state.ts";

const POSTGRES = process.env["CANDOR_TEST_POSTGRES"] ?? "postgres://postgres@127.0.0.1:5432/postgres";
const MYSQL = process.env["CANDOR_TEST_MYSQL"] ?? "mysql://root@127.0.0.1:3306/mysql";
const NAMES = { schema: `candor_live_${process.pid}`, to: `candor_next_${process.pid}` };
/** Where a connection string leads to. */
function placeAt(url: string): ServerPlace {
  const place = placeOfUrl(url, { root: ".", env: {} });
  if (place === undefined) throw new Error(`no connection string: ${url}`);
  return place;
}

const QUICK = { lockTimeoutMs: 200, attempts: 2, pauseMs: 20 };

/** A skip is a failure where the servers must be there. */
async function reason(open: () => Promise<unknown>): Promise<string | false> {
  try {
    await open();
    return false;
  } catch (error) {
    if (process.env["CANDOR_TEST_REQUIRE"] === "1") throw error;
    return "no server answers";
  }
}

const noPostgres = await reason(async () => {
  const client = new pg.Client(POSTGRES);
  await client.connect();
  await client.end();
});
const noMysql = await reason(async () => (await mysql.createConnection(MYSQL)).end());

async function postgres(t: Test): Promise<pg.Client> {
  const client = new pg.Client(POSTGRES);
  await client.connect();
  const { schema, to } = NAMES;
  const drop = [schema, to].map((name) => `DROP SCHEMA IF EXISTS ${name} CASCADE`).join(";");
  t.teardown(async () => {
    await client.query(`ROLLBACK; ${drop}`);
    await client.end();
  });
  const make = (name: string, value: string): string =>
    `CREATE SCHEMA ${name}; CREATE TABLE ${name}.a (v text); INSERT INTO ${name}.a VALUES ('${value}'); CREATE TABLE ${name}."B b" (v text); INSERT INTO ${name}."B b" VALUES ('${value}');`;
  await client.query(`${drop}; ${make(schema, "old")} ${make(to, "new")}`);
  return client;
}

t.test("PostgreSQL", { skip: noPostgres }, async (t) => {
  const flip = { ...NAMES, place: placeAt(POSTGRES) };
  const live = async (client: pg.Client): Promise<string> =>
    (await client.query(`SELECT v FROM ${NAMES.schema}.a`)).rows[0].v;

  t.test("F59: two schemas exchange their names, and back", async (t) => {
    const client = await postgres(t);
    const before = await prepareSchemaFlip(flip);
    const after = await applySchemaFlip(flip, before, QUICK);
    t.strictSame(after, exchanged(before));
    t.equal(await live(client), "new");
    await t.rejects(applySchemaFlip(flip, before, QUICK), { code: "POINTER_MOVED" }, "compared before");
    await applySchemaFlip(flip, after, QUICK);
    t.equal(await live(client), "old");
    t.strictSame(await readSchemas(flip), before);
  });

  t.test("F59: a lock is waited for a bounded time, and nothing is changed", async (t) => {
    const client = await postgres(t);
    const before = await prepareSchemaFlip(flip);
    await client.query(`BEGIN; SELECT * FROM ${NAMES.schema}."B b"`);
    await t.rejects(applySchemaFlip(flip, before, QUICK), { code: "SWAP_FAILED", message: /2 tries of 200 ms/ });
    t.strictSame(await readSchemas(flip), before);
    const patient = applySchemaFlip(flip, before, { lockTimeoutMs: 200, attempts: 50, pauseMs: 20 });
    await setTimeout(500);
    await client.query("COMMIT");
    t.strictSame(await patient, exchanged(before), "it goes on once the lock is free");
  });

  t.test("absent at first: going back takes the name away again", async (t) => {
    const client = await postgres(t);
    await client.query(`DROP SCHEMA ${NAMES.schema} CASCADE`);
    const before = await prepareSchemaFlip(flip);
    t.equal(before.schema, null);
    await applySchemaFlip(flip, before, QUICK);
    t.equal(await live(client), "new");
    await applySchemaFlip(flip, exchanged(before), QUICK);
    t.strictSame(await readSchemas(flip), before);
    await client.query(`DROP SCHEMA ${NAMES.to} CASCADE`);
    await t.rejects(prepareSchemaFlip(flip), { code: "TARGET_UNFIT" });
  });
});

t.test("the numbers of tables are in a view that MySQL 8 calls otherwise than MariaDB", async (t) => {
  t.equal(tableNumbers(["INNODB_TABLES"]), "innodb_tables", "MySQL 8");
  t.equal(tableNumbers(["INNODB_SYS_TABLES"]), "innodb_sys_tables", "MariaDB, MySQL 5.7");
});

t.test("MariaDB and MySQL", { skip: noMysql }, async (t) => {
  const flip = { ...NAMES, place: placeAt(MYSQL) };
  const { schema, to } = NAMES;
  const make = async (t: Test): Promise<mysql.Connection> => {
    const client = await mysql.createConnection({ uri: MYSQL, multipleStatements: true });
    const drop = `DROP DATABASE IF EXISTS ${schema}; DROP DATABASE IF EXISTS ${to};`;
    t.teardown(async () => {
      await client.query(`ROLLBACK; ${drop}`);
      await client.end();
    });
    const table = (name: string, value: string): string =>
      `CREATE TABLE ${name} (v VARCHAR(9)) ENGINE=InnoDB; INSERT INTO ${name} VALUES ('${value}');`;
    await client.query(
      `${drop} CREATE DATABASE ${schema}; CREATE DATABASE ${to}; ${table(`${schema}.a`, "old")} ${table(`${schema}.gone`, "old")} ${table(`${to}.a`, "new")} ${table(`${to}.fresh`, "new")}`,
    );
    return client;
  };
  const tables = async (client: mysql.Connection, name: string): Promise<string[]> => {
    const [rows] = await client.query<RowDataPacket[]>(`SHOW TABLES FROM ${name}`);
    return rows.map((row) => String(Object.values(row)[0])).sort();
  };

  t.test("F59: one RENAME TABLE exchanges all tables, and back", async (t) => {
    const client = await make(t);
    const before = await prepareSchemaFlip(flip);
    const after = await applySchemaFlip(flip, before, QUICK);
    t.strictSame(after, exchanged(before), "the tables are the same ones");
    t.strictSame(await tables(client, schema), ["a", "fresh"]);
    t.strictSame(await tables(client, to), ["a", "gone"]);
    await applySchemaFlip(flip, after, QUICK);
    t.strictSame(await readSchemas(flip), before);
  });

  t.test("F59: a lock is waited for a bounded time; views are refused", async (t) => {
    const client = await make(t);
    const before = await prepareSchemaFlip(flip);
    await client.query(`START TRANSACTION; SELECT * FROM ${schema}.a`);
    await t.rejects(applySchemaFlip(flip, before, QUICK), { code: "SWAP_FAILED" });
    await client.query("COMMIT");
    t.strictSame(await readSchemas(flip), before);
    await client.query(`CREATE VIEW ${to}.v AS SELECT * FROM ${to}.a`);
    await t.rejects(applySchemaFlip(flip, before, QUICK), { code: "TARGET_UNFIT", problems: [`view ${to}.v`] });
  });
});
