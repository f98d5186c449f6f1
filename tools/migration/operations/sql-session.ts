import { openMysql } from "../databases/mysql-session.ts";
import { openPostgres } from "../databases/postgres-session.ts";
import type { ServerPlace } from "../databases/server-place.ts";

/** What one statement gave: its rows as texts, and how many it gave, found or changed. */
export interface StatementRows {
  readonly rows: readonly (readonly (string | null)[])[];
  readonly count: number;
}

/** A connection on which one transaction is run. */
export interface SqlSession {
  readonly begin: () => Promise<void>;
  /** Exactly one statement. */
  readonly run: (sql: string) => Promise<StatementRows>;
  /** What the server calls the transaction, so that another connection can ask what became of it; null where it cannot. */
  readonly name: () => Promise<string | null>;
  readonly commit: () => Promise<void>;
  /** False where something was changed that no rollback takes back. */
  readonly rollback: () => Promise<boolean>;
  /** Has the server end the statement that runs; by another connection. */
  readonly cancel: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Opens a connection for one transaction; DRIVER_MISSING, CONNECTION_LOST or SQL_FAILED. */
export function openSqlSession(place: ServerPlace, readOnly: boolean): Promise<SqlSession> {
  return place.kind === "postgres" ? openForPostgres(place, readOnly) : openForMysql(place, readOnly);
}

async function openForPostgres(place: ServerPlace, readOnly: boolean): Promise<SqlSession> {
  const options = { readOnly, code: "SQL_FAILED" } as const;
  const session = await openPostgres(place, options);
  const pid = (await session.rows("Connecting", "SELECT pg_backend_pid()::text"))[0]?.[0] ?? "0";
  return {
    begin: () => session.run("Beginning", "BEGIN"),
    run: (sql) => session.statement("The statement", sql),
    name: async () =>
      (await session.rows("Naming the transaction", "SELECT txid_current_if_assigned()::text"))[0]?.[0] ?? null,
    commit: () => session.run("The commit", "COMMIT"),
    rollback: async () => {
      await session.run("The rollback", "ROLLBACK");
      return true;
    },
    cancel: async () => {
      const other = await openPostgres(place, { ...options, readOnly: true });
      await other.rows("Ending a statement", "SELECT pg_cancel_backend($1::int)", [pid]);
      await other.close();
    },
    close: () => session.close(),
  };
}

/** What a server of MySQL says after a rollback that could not take everything back. */
const NOT_TAKEN_BACK = "1196";

async function openForMysql(place: ServerPlace, readOnly: boolean): Promise<SqlSession> {
  const options = { readOnly, code: "SQL_FAILED" } as const;
  const session = await openMysql(place, options);
  const id = (await session.rows("Connecting", "SELECT CONNECTION_ID()"))[0]?.[0] ?? "0";
  return {
    begin: async () => void (await session.query("Beginning", "START TRANSACTION")),
    run: async (sql) => {
      const { rows, count } = await session.query("The statement", sql);
      return { rows: rows.map((row) => row.map((cell) => cell?.toString("utf8") ?? null)), count };
    },
    name: async () => null,
    commit: async () => void (await session.query("The commit", "COMMIT")),
    rollback: async () => {
      await session.query("The rollback", "ROLLBACK");
      const warnings = await session.rows("The rollback", "SHOW WARNINGS");
      return !warnings.some(([, code]) => code === NOT_TAKEN_BACK);
    },
    cancel: async () => {
      const other = await openMysql(place, { ...options, readOnly: true });
      await other.query("Ending a statement", `KILL QUERY ${id}`);
      await other.close();
    },
    close: () => session.close(),
  };
}
