import { quoteIdentifier, quoteTable, quoteText } from "../databases/identifiers.ts";
import type { PostgresSession } from "../databases/postgres-session.ts";
import { MigrationError, systemCode } from "../model/errors.ts";
import { expectState, type SchemaNames, type SchemaState } from "./schema-state.ts";

/** The identities (oid) of both schemas; they outlive a change of name. */
export async function readPostgresSchemas(session: PostgresSession, names: SchemaNames): Promise<SchemaState> {
  const oid = async (name: string): Promise<string | null> => {
    const text = `SELECT oid::text FROM pg_catalog.pg_namespace WHERE nspname = ${quoteText(name)}`;
    return (await session.rows("Reading the schemas", text))[0]?.[0] ?? null;
  };
  return { schema: await oid(names.schema), to: await oid(names.to) };
}

/**
 * Exchanges two schemas in one transaction. All their tables are locked first: nobody who reads two tables sees one of
 * each, and the transactions that are under way end before.
 */
export function exchangePostgres(session: PostgresSession, names: SchemaNames) {
  return async (expected: SchemaState, lockTimeoutMs: number): Promise<"done" | "locked"> => {
    const run = (text: string): Promise<void> => session.run("Exchanging the schemas", text);
    await run("BEGIN");
    try {
      await run(`SET LOCAL lock_timeout = ${Math.trunc(lockTimeoutMs)}`);
      for (const table of await tablesOf(session, names)) await run(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
      expectState(names, expected, await readPostgresSchemas(session, names));
      for (const [from, to] of renames(names, expected)) {
        await run(`ALTER SCHEMA ${quoteIdentifier("postgres", from)} RENAME TO ${quoteIdentifier("postgres", to)}`);
      }
      await run("COMMIT");
      return "done";
    } catch (error) {
      await run("ROLLBACK");
      if (isLockTrouble(error)) return "locked";
      throw error;
    }
  };
}

/** Tables and materialised views of both schemas, always in the same order, so that two exchanges cannot deadlock. */
async function tablesOf(session: PostgresSession, { schema, to }: SchemaNames): Promise<readonly string[]> {
  const rows = await session.rows(
    "Listing the tables",
    `SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN (${quoteText(schema)}, ${quoteText(to)}) AND c.relkind IN ('r', 'p') ORDER BY c.oid`,
  );
  return rows.map(([space, name]) => quoteTable("postgres", { schema: space ?? "", name: name ?? "" }));
}

function renames({ schema, to }: SchemaNames, state: SchemaState): readonly (readonly [string, string])[] {
  const aside = `${schema}_candor_swap`;
  if (state.schema === null) return [[to, schema]];
  if (state.to === null) return [[schema, to]];
  return [
    [schema, aside],
    [to, schema],
    [aside, to],
  ];
}

/** lock_not_available, deadlock_detected, serialization_failure. */
const LOCK_STATES: ReadonlySet<string | undefined> = new Set(["55P03", "40P01", "40001"]);

function isLockTrouble(error: unknown): boolean {
  return error instanceof MigrationError && LOCK_STATES.has(systemCode(error.cause));
}
