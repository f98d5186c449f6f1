import { openPostgres } from "../databases/postgres-session.ts";
import type { ServerPlace } from "../databases/server-place.ts";
import { MigrationError } from "../model/errors.ts";
import { openSqlSession, type SqlSession, type StatementRows } from "./sql-session.ts";

/** One statement in a transaction of its own. */
export interface Statement {
  readonly sql: string;
  /** The server keeps it from writing. */
  readonly isRead: boolean;
  /** How many rows it must give, find or change; asked before the commit. */
  readonly rows: { readonly min: number; readonly max: number } | undefined;
  /** True where the engine commits such a statement by itself, so that no rollback takes it back. */
  readonly commitsItself: boolean;
  /** Ends the statement on the server. */
  readonly signal: AbortSignal;
  /** Told right before nothing can be taken back any more, with the name the server has for the transaction. */
  readonly committing: (transaction: string | null, found: StatementRows) => void;
}

/** What came of it; `failed` = certainly nothing was changed, `unknown` = nobody can tell. */
export type StatementEnd =
  | { readonly state: "done"; readonly found: StatementRows }
  | { readonly state: "miscounted"; readonly found: StatementRows }
  | { readonly state: "failed" | "unknown" | "changed"; readonly reason: string };

/**
 * Runs one statement between BEGIN and COMMIT. Where the number of rows is not the expected one the transaction is rolled
 * back and nothing is changed. Never throws for anything a server does.
 */
export async function runStatement(place: ServerPlace, statement: Statement): Promise<StatementEnd> {
  let session: SqlSession;
  try {
    session = await openSqlSession(place, statement.isRead);
  } catch (error) {
    return { state: "failed", reason: wordsOf(error) };
  }
  const end = (): void => void session.cancel().catch(() => session.close());
  if (statement.signal.aborted) end();
  statement.signal.addEventListener("abort", end, { once: true });
  try {
    return await inTransaction(session, statement);
  } finally {
    statement.signal.removeEventListener("abort", end);
    await session.close();
  }
}

async function inTransaction(session: SqlSession, statement: Statement): Promise<StatementEnd> {
  const { sql, rows: wanted, isRead, commitsItself, committing } = statement;
  let found: StatementRows;
  try {
    await session.begin();
    if (commitsItself) committing(null, { rows: [], count: 0 });
    found = await session.run(sql);
    if (wanted !== undefined && (found.count < wanted.min || found.count > wanted.max)) {
      return (await session.rollback()) ? { state: "miscounted", found } : CHANGED;
    }
    if (!isRead) committing(await session.name(), found);
  } catch (error) {
    if (commitsItself && isLost(error)) return { state: "unknown", reason: wordsOf(error) };
    const isTakenBack = await session.rollback().catch(() => true);
    return isTakenBack ? { state: "failed", reason: wordsOf(error) } : CHANGED;
  }
  return await committed(session, found);
}

const CHANGED = {
  state: "changed",
  reason: "a table without transactions was changed, and the rollback could not take it back",
} as const;

/** A server that answers COMMIT with an error has rolled back; one that does not answer leaves it open. */
async function committed(session: SqlSession, found: StatementRows): Promise<StatementEnd> {
  try {
    await session.commit();
    return { state: "done", found };
  } catch (error) {
    return { state: isLost(error) ? "unknown" : "failed", reason: wordsOf(error) };
  }
}

/** What became of a transaction of a driver that is dead; undefined where the server cannot tell. */
export async function transactionState(
  place: ServerPlace,
  transaction: string,
): Promise<"committed" | "aborted" | "in progress" | undefined> {
  try {
    const session = await openPostgres(place, { readOnly: true, code: "SQL_FAILED" });
    try {
      const [row] = await session.rows("Asking for a transaction", "SELECT txid_status($1::bigint)", [transaction]);
      const state = row?.[0];
      return state === "committed" || state === "aborted" || state === "in progress" ? state : undefined;
    } finally {
      await session.close();
    }
  } catch {
    return undefined;
  }
}

function isLost(error: unknown): boolean {
  return !(error instanceof MigrationError) || error.code === "CONNECTION_LOST";
}

function wordsOf(error: unknown): string {
  return error instanceof MigrationError ? `${error.code}: ${error.message}` : "a fault of the tool";
}
