import { setTimeout } from "node:timers/promises";
import { openMysql } from "../databases/mysql-session.ts";
import { openPostgres } from "../databases/postgres-session.ts";
import type { ServerPlace } from "../databases/server-place.ts";
import { MigrationError } from "../model/errors.ts";
import { exchangeMysql, readMysqlTables } from "./exchange-mysql.ts";
import { exchangePostgres, readPostgresSchemas } from "./exchange-postgres.ts";
import type { SchemaNames, SchemaState } from "./schema-state.ts";

/** An exchange of two schemas: `to` becomes `schema`, and what `schema` was becomes `to`. */
export interface SchemaFlip extends SchemaNames {
  /** Where the database is, its password included. */
  readonly place: ServerPlace;
}

/** How long and how often locks are waited for. */
export interface SwapPatience {
  readonly lockTimeoutMs: number;
  readonly attempts: number;
  readonly pauseMs: number;
}

/** Three seconds a try: queries that come meanwhile wait behind it. */
export const SWAP_PATIENCE: SwapPatience = { lockTimeoutMs: 3000, attempts: 5, pauseMs: 2000 };

/** One engine's way to look and to exchange. */
export interface Exchange {
  readonly read: () => Promise<SchemaState>;
  /** Does it, or nothing: "locked" where a lock could not be had in time. */
  readonly swap: (expected: SchemaState, lockTimeoutMs: number) => Promise<"done" | "locked">;
  readonly close: () => Promise<void>;
}

/** What stands under the two names now. TARGET_UNFIT where there is nothing that could become live. */
export async function prepareSchemaFlip(flip: SchemaFlip): Promise<SchemaState> {
  return withExchange(flip, async (exchange) => {
    const state = await exchange.read();
    if (state.to !== null) return state;
    throw new MigrationError("TARGET_UNFIT", {
      message: `There is no schema ${flip.to} with tables that could become ${flip.schema}.`,
      remedy: "Load it first, or correct the plan.",
    });
  });
}

/** What stands under the two names now. */
export async function readSchemas(flip: SchemaFlip): Promise<SchemaState> {
  return withExchange(flip, (exchange) => exchange.read());
}

/**
 * Exchanges the two names where both hold what was recorded: PostgreSQL in one transaction, MySQL and MariaDB by one
 * RENAME TABLE. A lock that is not had in time is tried again, a few times; then SWAP_FAILED, with everything as it was.
 */
export async function applySchemaFlip(
  flip: SchemaFlip,
  expected: SchemaState,
  patience: SwapPatience = SWAP_PATIENCE,
): Promise<SchemaState> {
  return withExchange(flip, async (exchange) => {
    for (let attempt = 1; ; attempt += 1) {
      if ((await exchange.swap(expected, patience.lockTimeoutMs)) === "done") return exchange.read();
      if (attempt >= patience.attempts) throw locked(flip, patience);
      await setTimeout(patience.pauseMs);
    }
  });
}

async function withExchange<T>(flip: SchemaFlip, work: (exchange: Exchange) => Promise<T>): Promise<T> {
  const exchange = await openExchange(flip);
  try {
    return await work(exchange);
  } finally {
    await exchange.close();
  }
}

async function openExchange(flip: SchemaFlip): Promise<Exchange> {
  const { place } = flip;
  const options = { readOnly: false, code: "SWAP_FAILED" } as const;
  if (place.kind === "postgres") {
    const session = await openPostgres(place, options);
    const read = () => readPostgresSchemas(session, flip);
    return { read, swap: exchangePostgres(session, flip), close: () => session.close() };
  }
  const session = await openMysql(place, options);
  return {
    read: () => readMysqlTables(session, flip),
    swap: exchangeMysql(session, flip),
    close: () => session.close(),
  };
}

function locked(flip: SchemaFlip, { attempts, lockTimeoutMs }: SwapPatience): MigrationError {
  return new MigrationError("SWAP_FAILED", {
    message: `The tables of ${flip.schema} and ${flip.to} could not be locked: ${attempts} tries of ${lockTimeoutMs} ms each; nothing was changed.`,
    remedy: "End the transactions that hold them (pg_stat_activity, SHOW PROCESSLIST), then run the command again.",
  });
}
