import type Database from "better-sqlite3";
import type { SqliteRange } from "./source-range.ts";
import { quoted } from "./sqlite-collection.ts";
import { guardSqlite } from "./sqlite-connection.ts";
import { type KeyedRange, PageStatements, type Row } from "./sqlite-pages.ts";

/** A page of rows, as one JSON text and, where that is not enough, as the driver gives them. */
export interface CellPage {
  /** `[[cell,…],…]`; a row with a BLOB is 0. Undefined where SQLite cannot make one: then the rows count. */
  readonly json: Buffer | undefined;
  readonly count: number;
  /** The same rows, exact. */
  rows(): readonly Row[];
  /** The cells of one of the columns asked for; for reals, whose JSON text may not be the shortest. */
  column(index: number): readonly unknown[];
}

const FIRST_PAGE_ROWS = 64;
const MOST_PAGE_ROWS = 500;
const PAGE_BYTES = 512 * 1024;
/** A page with fewer rows than this part of its rowids means that there are gaps. */
const DENSE = 1 / 4;

/** What is to be read as JSON. */
export interface CellRequest {
  readonly columns: readonly string[];
  /** False once reading rows one by one is cheaper: asked before each page. */
  readonly isWorthwhile: () => boolean;
}

/** True where a range can be read as JSON: by rowid, in UTF-8, and without columns that SQLite computes. */
export function hasCellPages(db: Database.Database, range: SqliteRange): boolean {
  if (range.rowids === undefined || db.pragma("encoding", { simple: true }) !== "UTF-8") return false;
  // The JSON of a computed column may carry its subtype, and would go in as an array instead of as a text.
  const computed = db.prepare<[string], number>("SELECT count(*) FROM pragma_table_xinfo(?) WHERE hidden > 1").pluck();
  return computed.get(range.collection) === 0;
}

/**
 * Pages of rows in the order of rowid. `json_array` gives texts, integers and NULL exactly; it takes a BLOB that happens
 * to be JSONB for JSON, so rows with BLOBs, which are above every other cell, are left out. Any error of the JSON
 * statement only means that rows are read one by one.
 */
export function* readCellPages(db: Database.Database, range: KeyedRange, request: CellRequest): Generator<CellPage> {
  const statements = new CellStatements(db, range, request.columns);
  let limit = FIRST_PAGE_ROWS;
  for (let begin = range.rowids.begin; begin < range.rowids.end; ) {
    const page = statements.read(begin, limit, request.isWorthwhile());
    if (page.count > 0) yield page;
    begin = page.end;
    const perRow = page.bytes / Math.max(1, page.count);
    limit = Math.max(1, Math.min(MOST_PAGE_ROWS, limit * 8, Math.floor(PAGE_BYTES / Math.max(1, perRow))));
  }
}

interface ReadPage extends CellPage {
  /** The rowid behind the page. */
  readonly end: bigint;
  readonly bytes: number;
}

class CellStatements {
  readonly #db: Database.Database;
  readonly #range: KeyedRange;
  readonly #names: readonly string[];
  readonly #rows: PageStatements;
  readonly #json: Database.Statement<unknown[], [Buffer | null, bigint]> | undefined;
  readonly #last: Database.Statement<unknown[], bigint>;
  readonly #columns = new Map<number, Database.Statement<unknown[], unknown>>();
  /** Set for good by the first gap: then the end of a page is looked for. */
  #sparse = false;

  constructor(db: Database.Database, range: KeyedRange, columns: readonly string[]) {
    this.#db = db;
    this.#range = range;
    this.#names = columns.map(quoted);
    this.#rows = new PageStatements(db, range);
    const { name } = range.rowids;
    // Without an index a table is read in the order of rowid; ORDER BY within the aggregate would sort once more.
    const where = `FROM ${quoted(range.collection)} NOT INDEXED WHERE ${name} BETWEEN ? AND ?`;
    this.#last = db
      .prepare<unknown[], bigint>(`SELECT ${name} ${where} ORDER BY ${name} LIMIT 1 OFFSET ?`)
      .pluck()
      .safeIntegers();
    const isBlob = this.#names.map((column) => `${column} >= x''`).join(" OR ");
    const row = `CASE WHEN ${isBlob} THEN 0 ELSE json_array(${this.#names.join()}) END`;
    this.#json = attempt(() =>
      db
        .prepare<unknown[], [Buffer | null, bigint]>(`SELECT CAST(json_group_array(${row}) AS BLOB), count(*) ${where}`)
        .raw()
        .safeIntegers(),
    );
  }

  read(begin: bigint, limit: number, asJson: boolean): ReadPage {
    return guardSqlite(this.#range.label, "SOURCE_READ", () => {
      return (asJson ? this.#byCells(begin, limit) : undefined) ?? this.#byRows(begin, limit);
    });
  }

  #byCells(begin: bigint, limit: number): ReadPage | undefined {
    const end = this.#endOf(begin, limit);
    const [json, counted] = attempt(() => this.#json?.get(begin, end - 1n)) ?? [];
    if (json === undefined || json === null || counted === undefined) return undefined;
    const count = Number(counted);
    if (count < DENSE * Number(end - begin)) this.#sparse = true;
    const guard = <T>(action: () => T): T => guardSqlite(this.#range.label, "SOURCE_READ", action);
    const rows = (): readonly Row[] => guard(() => this.#rows.read(begin, count).rows);
    const column = (index: number): readonly unknown[] => guard(() => this.#column(index).all(begin, end - 1n));
    return { json, count, rows, column, end, bytes: json.length };
  }

  #byRows(begin: bigint, limit: number): ReadPage {
    const { rows, last, bytes } = this.#rows.read(begin, limit);
    const end = last === undefined ? this.#range.rowids.end : last + 1n;
    return { json: undefined, count: rows.length, rows: () => rows, column: () => [], end, bytes };
  }

  /** Where a page of at most `limit` rows ends: that many rowids hold no more rows. */
  #endOf(begin: bigint, limit: number): bigint {
    const { end } = this.#range.rowids;
    const last = this.#sparse ? this.#last.get(begin, end - 1n, BigInt(limit - 1)) : begin + BigInt(limit - 1);
    return last === undefined || last >= end ? end : last + 1n;
  }

  #column(index: number): Database.Statement<unknown[], unknown> {
    const known = this.#columns.get(index);
    if (known !== undefined) return known;
    const { collection, rowids } = this.#range;
    const where = `FROM ${quoted(collection)} WHERE ${rowids.name} BETWEEN ? AND ? ORDER BY ${rowids.name}`;
    const made = this.#db.prepare<unknown[], unknown>(`SELECT ${this.#names[index]} ${where}`).pluck();
    this.#columns.set(index, made);
    return made;
  }
}

/** What `action` gives; undefined where SQLite refuses: too many columns, or a text beyond its limit. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
