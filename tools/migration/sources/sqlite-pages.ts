import { isUtf8 } from "node:buffer";
import type Database from "better-sqlite3";
import { MAX_SAFE } from "../integrity/limits.ts";
import { UNREADABLE_TEXT } from "../model/source-record.ts";
import { shortest } from "./exact-integer.ts";
import type { SqliteRange } from "./source-range.ts";
import { quoted } from "./sqlite-collection.ts";

/** The cells of one row, in the order of the columns. */
export type Row = unknown[];

/** A range that is cut by rowid. */
export type KeyedRange = SqliteRange & { readonly rowids: NonNullable<SqliteRange["rowids"]> };

/** Rows of the first page; the pages after it are as long as their bytes allow. */
const FIRST_PAGE_ROWS = 64;
const PAGE_BYTES = 4 * 1024 * 1024;
const REPLACEMENT = "\ufffd";

/**
 * Pages of rows in the order of rowid, for text in UTF-8. A page is read in the quickest form, and a cell that this form
 * may have changed is read again: an integer beyond 2^53 - 1 as bigint, a text with U+FFFD as bytes.
 */
export function* readPages(db: Database.Database, range: KeyedRange, batchRecords: number): Generator<readonly Row[]> {
  const pages = new PageStatements(db, range);
  let limit = Math.min(FIRST_PAGE_ROWS, batchRecords);
  for (let begin = range.rowids.begin; ; ) {
    const page = pages.read(begin, limit);
    if (page.last === undefined) return;
    yield page.rows;
    begin = page.last + 1n;
    if (begin >= range.rowids.end) return;
    const perRow = page.bytes / page.rows.length;
    limit = Math.max(1, Math.min(batchRecords, limit * 8, Math.floor(PAGE_BYTES / Math.max(1, perRow))));
  }
}

/** Rows that the driver gave. */
export interface Page {
  readonly rows: Row[];
  /** Undefined where the page is empty. */
  readonly last: bigint | undefined;
  readonly bytes: number;
}

/** The statements that read pages of one range. */
export class PageStatements {
  readonly #width: number;
  readonly #last: bigint;
  readonly #page: Database.Statement<unknown[], Row>;
  readonly #cells: Database.Statement<unknown[], Row>;
  /** Set for good by the first large number: where there is one, there are more. */
  #exact = false;

  constructor(db: Database.Database, { rowids, from: table, columns }: KeyedRange) {
    this.#width = columns.length;
    // The bound in the statement is inclusive, so that the largest rowid there can be is in reach.
    this.#last = rowids.end - 1n;
    const names = columns.map(quoted);
    const { name } = rowids;
    // The rowid goes as text: as a number it would lose what lies beyond 2^53.
    this.#page = db
      .prepare<unknown[], Row>(
        `SELECT ${[...names, `CAST(${name} AS TEXT)`].join()} FROM ${table} WHERE ${name} BETWEEN ? AND ? ORDER BY ${name} LIMIT ?`,
      )
      .raw();
    const bytes = names.map((column) => `iif(typeof(${column}) = 'text', CAST(${column} AS BLOB), NULL)`);
    this.#cells = db.prepare<unknown[], Row>(`SELECT ${bytes.join()} FROM ${table} WHERE ${name} = ?`).raw();
  }

  /** At most `limit` rows from the rowid `begin` on. */
  read(begin: bigint, limit: number): Page {
    const rows = this.#page.safeIntegers(this.#exact).all(begin, this.#last, BigInt(limit));
    let bytes = 0;
    for (const row of rows) {
      const size = this.#check(row);
      if (size === undefined) {
        this.#exact = true;
        return this.read(begin, limit);
      }
      bytes += size;
    }
    const last = rows.at(-1)?.[this.#width];
    for (const row of rows) row.length = this.#width;
    return { rows, last: typeof last === "string" ? BigInt(last) : undefined, bytes };
  }

  /** About how many bytes the row takes; undefined where a number may have been rounded. */
  #check(row: Row): number | undefined {
    let bytes = 0;
    let suspect = false;
    for (let index = 0; index < this.#width; index++) {
      const cell = row[index];
      if (typeof cell === "string") {
        bytes += cell.length;
        if (cell.includes(REPLACEMENT)) suspect = true;
      } else if (typeof cell === "number") {
        if (!this.#exact && (cell > MAX_SAFE || cell < -MAX_SAFE)) return undefined;
      } else if (typeof cell === "bigint") row[index] = shortest(cell);
      else if (cell instanceof Uint8Array) bytes += cell.length;
    }
    if (suspect) this.#markUnreadable(row);
    return bytes;
  }

  #markUnreadable(row: Row): void {
    const cells = this.#cells.get(BigInt(String(row[this.#width]))) ?? [];
    for (let index = 0; index < this.#width; index++) {
      const cell = cells[index];
      if (cell instanceof Uint8Array && !isUtf8(cell)) row[index] = UNREADABLE_TEXT;
    }
  }
}
