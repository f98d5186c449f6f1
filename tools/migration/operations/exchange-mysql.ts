import { quoteIdentifier, quoteTable, quoteText } from "../databases/identifiers.ts";
import type { MysqlSession } from "../databases/mysql-session.ts";
import { sha256Hex } from "../integrity/digest.ts";
import { MigrationError, systemCode } from "../model/errors.ts";
import { expectState, type SchemaNames, type SchemaState } from "./schema-state.ts";

/**
 * The identities of the tables under both names. InnoDB numbers each table for life; the digest over name and number
 * of all of them stands for the schema. A schema without tables counts as absent.
 */
export async function readMysqlTables(session: MysqlSession, names: SchemaNames): Promise<SchemaState> {
  const identity = async (name: string): Promise<string | null> => {
    const tables = await tablesOf(session, name);
    return tables.length === 0 ? null : sha256Hex(JSON.stringify(tables)).slice(0, 32);
  };
  return { schema: await identity(names.schema), to: await identity(names.to) };
}

/**
 * Exchanges the tables of two databases by one RENAME TABLE, the only statement of these engines that moves many tables
 * at once. Views, routines and triggers do not move: where there are any the exchange is refused.
 */
export function exchangeMysql(session: MysqlSession, names: SchemaNames) {
  return async (expected: SchemaState, lockTimeoutMs: number): Promise<"done" | "locked"> => {
    const action = "Exchanging the tables";
    await refuseOthers(session, names);
    expectState(names, expected, await readMysqlTables(session, names));
    const moves = await movesOf(session, names);
    await session.query(action, `SET SESSION lock_wait_timeout = ${Math.max(1, Math.ceil(lockTimeoutMs / 1000))}`);
    try {
      await session.query(action, `RENAME TABLE ${moves.join(", ")}`);
      return "done";
    } catch (error) {
      if (error instanceof MigrationError && systemCode(error.cause) === "ER_LOCK_WAIT_TIMEOUT") return "locked";
      throw error;
    }
  };
}

/** Old tables step aside, new ones take their names, old ones take the new ones' place; left to right, as it is run. */
async function movesOf(session: MysqlSession, { schema, to }: SchemaNames): Promise<readonly string[]> {
  const live = (await tablesOf(session, schema)).map(([name]) => name);
  const next = (await tablesOf(session, to)).map(([name]) => name);
  const move = (from: readonly [string, string], into: readonly [string, string]): string =>
    [from, into].map(([database, name]) => quoteTable("mysql", { schema: database, name })).join(" TO ");
  const aside = (name: string): string => `${name}_candor_swap`;
  return [
    ...live.map((name) => move([schema, name], [schema, aside(name)])),
    ...next.map((name) => move([to, name], [schema, name])),
    ...live.map((name) => move([schema, aside(name)], [to, name])),
  ];
}

/** The view that numbers the tables: MySQL 8 has renamed the one that MariaDB and MySQL 5.7 have. */
export function tableNumbers(views: readonly string[]): string {
  const found = views.map((view) => view.toLowerCase());
  return found.includes("innodb_tables") ? "innodb_tables" : "innodb_sys_tables";
}

async function numbersOf(session: MysqlSession): Promise<string> {
  const rows = await session.rows(
    "Looking for the numbers of tables",
    `SELECT table_name FROM information_schema.tables
     WHERE table_schema = 'information_schema' AND LOWER(table_name) IN ('innodb_tables', 'innodb_sys_tables')`,
  );
  return tableNumbers(rows.map(([name]) => name ?? ""));
}

async function tablesOf(session: MysqlSession, database: string): Promise<readonly (readonly [string, string])[]> {
  const prefix = quoteText(`${database}/`);
  const numbers = await numbersOf(session);
  const rows = await session.rows(
    "Reading the tables",
    `SELECT t.table_name, s.table_id FROM information_schema.tables t
     LEFT JOIN information_schema.${numbers} s ON s.name = CONCAT(${prefix}, t.table_name)
     WHERE t.table_schema = ${quoteText(database)} AND t.table_type = 'BASE TABLE' ORDER BY t.table_name`,
  );
  return rows.map(([name, id]) => {
    if (id !== null && id !== undefined) return [name ?? "", id] as const;
    throw new MigrationError("TARGET_UNFIT", {
      message: `The table ${quoteIdentifier("mysql", name ?? "")} has no lasting identity: it is not of InnoDB, or its name cannot be looked up.`,
      remedy: "Move it to InnoDB under a name of letters, digits and underscores, and give the user the PROCESS right.",
    });
  });
}

async function refuseOthers(session: MysqlSession, { schema, to }: SchemaNames): Promise<void> {
  const both = `(${quoteText(schema)}, ${quoteText(to)})`;
  const rows = await session.rows(
    "Looking for what cannot move",
    `SELECT 'view', table_schema, table_name FROM information_schema.views WHERE table_schema IN ${both}
     UNION ALL SELECT 'trigger', trigger_schema, trigger_name FROM information_schema.triggers WHERE trigger_schema IN ${both}
     UNION ALL SELECT 'routine', routine_schema, routine_name FROM information_schema.routines WHERE routine_schema IN ${both}`,
  );
  if (rows.length === 0) return;
  throw new MigrationError("TARGET_UNFIT", {
    message: `RENAME TABLE would leave ${rows.length} views, triggers or routines behind.`,
    problems: rows.slice(0, 20).map(([kind, database, name]) => `${kind} ${database}.${name}`),
    remedy: "Drop them before and make them again after the flip, as steps of the plan.",
  });
}
