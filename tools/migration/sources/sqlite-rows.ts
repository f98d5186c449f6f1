import type Database from "better-sqlite3";
import { isWellFormed } from "../integrity/well-formed.ts";
import { UNREADABLE_TEXT } from "../model/source-record.ts";
import { shortest } from "./exact-integer.ts";
import type { SqliteRange } from "./source-range.ts";
import { quoted } from "./sqlite-collection.ts";
import type { Row } from "./sqlite-pages.ts";

const BATCH_BYTES = 4 * 1024 * 1024;
const REPLACEMENTS = /\ufffd/g;

/** How rows are read that no rowid leads to, or whose text is UTF-16. */
export interface RowOptions {
  readonly batchRecords: number;
  /** As `PRAGMA encoding` gives it. */
  readonly encoding: unknown;
}

/** Rows one by one in the order of the key, or of rowid, by a single statement that says of itself what is unreadable. */
export function* readRows(db: Database.Database, range: SqliteRange, options: RowOptions): Generator<readonly Row[]> {
  const { columns } = range;
  const form = options.encoding === "UTF-8" ? COUNTED : decoded(options.encoding === "UTF-16be");
  const cells = columns.flatMap((column) => form.select(quoted(column)));
  const [where, bounds] = restriction(range);
  const statement = db.prepare<unknown[], Row>(`SELECT ${cells.join()} FROM ${range.from}${where}`);
  let rows: Row[] = [];
  let bytes = 0;
  for (const raw of statement
    .raw()
    .safeIntegers()
    .iterate(...bounds)) {
    const row: Row = [];
    for (let index = 0; index < raw.length; index += 2) {
      const cell = form.read(raw[index], raw[index + 1]);
      bytes += typeof cell === "string" || cell instanceof Uint8Array ? cell.length : 8;
      row.push(cell);
    }
    rows.push(row);
    if (rows.length < options.batchRecords && bytes < BATCH_BYTES) continue;
    yield rows;
    rows = [];
    bytes = 0;
  }
  if (rows.length > 0) yield rows;
}

function restriction({ rowids, order }: SqliteRange): [string, bigint[]] {
  if (rowids === undefined) {
    const keys = order.map(({ name }) => `${quoted(name)} COLLATE BINARY`);
    return [keys.length === 0 ? "" : ` ORDER BY ${keys.join()}`, []];
  }
  const { name, begin, end } = rowids;
  return [` WHERE ${name} BETWEEN ? AND ? ORDER BY ${name}`, [begin, end - 1n]];
}

/** Two result columns for a column, and the cell that they make together. */
interface CellForm {
  readonly select: (column: string) => readonly [string, string];
  readonly read: (cell: unknown, witness: unknown) => unknown;
}

/**
 * A text in UTF-8 with the number of U+FFFD that its bytes hold: the driver puts in another one for every invalid
 * sequence, so the text is whole exactly where both numbers are equal.
 */
const COUNTED: CellForm = {
  select: (column) => [
    column,
    `iif(typeof(${column}) = 'text', octet_length(${column}) - octet_length(replace(${column}, char(65533), '')), 0)`,
  ],
  read: (cell, witness) => {
    if (typeof cell === "bigint") return shortest(cell);
    if (typeof cell !== "string" || !cell.includes("\ufffd")) return cell;
    return BigInt((cell.match(REPLACEMENTS) ?? []).length * 3) === witness ? cell : UNREADABLE_TEXT;
  },
};

/** A text in UTF-16 as its bytes: SQLite would turn half a surrogate pair and its neighbour into another character. */
function decoded(bigEndian: boolean): CellForm {
  return {
    select: (column) => [
      `iif(typeof(${column}) = 'text', CAST(${column} AS BLOB), ${column})`,
      `typeof(${column}) = 'text'`,
    ],
    read: (cell, witness) => {
      if (typeof cell === "bigint") return shortest(cell);
      if (!(cell instanceof Uint8Array) || witness === 0n) return cell;
      if (cell.length % 2 !== 0) return UNREADABLE_TEXT;
      const bytes = Buffer.from(cell);
      const text = (bigEndian ? bytes.swap16() : bytes).toString("utf16le");
      return isWellFormed(text) ? text : UNREADABLE_TEXT;
    },
  };
}
