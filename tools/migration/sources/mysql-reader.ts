import { isMainThread } from "node:worker_threads";
import type { MysqlSession } from "../databases/mysql-session.ts";
import { MigrationError } from "../model/errors.ts";
import { KeyOrder } from "./key-order.ts";
import { mysqlReader } from "./mysql-cells.ts";
import type { ColumnBatch } from "./record-batch.ts";
import type { MysqlRange } from "./source-range.ts";

/** The connections of sources that are open; a range is plain data and can name one only by its number. */
const sessions = new Map<number, MysqlSession>();
let last = 0;

/** Keeps a connection for its readers; gives its number. */
export function keepSession(session: MysqlSession): number {
  last += 1;
  sessions.set(last, session);
  return last;
}

/** Forgets a connection. */
export function leaveSession(number: number): void {
  sessions.delete(number);
}

/** Reads one range through the connection of its source, in the main thread. */
export async function* readMysqlRange(range: MysqlRange, batchRecords: number): AsyncGenerator<ColumnBatch> {
  const session = sessions.get(range.session);
  if (!isMainThread || session === undefined) {
    throw new MigrationError("INTERNAL", {
      message: `${range.label} can be read by the main thread only, while it is open.`,
    });
  }
  const order = new KeyOrder(range.order, range.collection);
  const readers = range.cells.map(({ kind, width }) => mysqlReader(kind, width));
  for await (const batch of session.batches(`Reading ${range.collection}`, range.select, batchRecords)) {
    const rows = batch.map((cells) => cells.map((cell, at) => (cell === null ? null : readers[at]?.(cell))));
    order.check(rows);
    yield { columns: range.columns, rows };
  }
}
