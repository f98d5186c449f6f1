import { compareUtf8 } from "../integrity/order.ts";
import { MigrationError } from "../model/errors.ts";

/** A column that records are put in order by. */
export interface KeyColumn {
  /** Position among the columns of a row. */
  readonly at: number;
  readonly name: string;
}

/**
 * Sees while streaming that rows come in the order of their keys: integers by value, text by its UTF-8 bytes, bytes as
 * they are. A server that sorts otherwise (by a collation, say) must not decide which record is read when.
 */
export class KeyOrder {
  readonly #columns: readonly KeyColumn[];
  readonly #collection: string;
  #last: readonly unknown[] | undefined;

  constructor(columns: readonly KeyColumn[], collection: string) {
    this.#columns = columns;
    this.#collection = collection;
  }

  /** SOURCE_READ where a row comes before the one that was there last. */
  check(rows: readonly (readonly unknown[])[]): void {
    if (this.#columns.length === 0) return;
    for (const row of rows) {
      const last = this.#last;
      if (last !== undefined && this.#isBefore(row, last)) throw this.#error();
      this.#last = row;
    }
  }

  #isBefore(row: readonly unknown[], last: readonly unknown[]): boolean {
    for (const { at } of this.#columns) {
      const order = compareCells(last[at], row[at]);
      if (order !== 0) return order > 0;
    }
    return false;
  }

  #error(): MigrationError {
    const names = this.#columns.map(({ name }) => name).join(", ");
    return new MigrationError("SOURCE_READ", {
      message: `The rows of ${this.#collection} did not come in the order of ${names} by bytes.`,
      remedy: "This is a fault of the source or of the tool; keep the report and do not use the result.",
    });
  }
}

/** NULL, then numbers by value, then text by its UTF-8 bytes, then bytes; a text that is unreadable has no place. */
export function compareCells(a: unknown, b: unknown): number {
  if (typeof a === "symbol" || typeof b === "symbol") return 0;
  const rank = rankOf(a) - rankOf(b);
  if (rank !== 0) return rank;
  if (typeof a === "string" && typeof b === "string") return compareUtf8(a, b);
  if (isNumeric(a) && isNumeric(b)) return a < b ? -1 : a > b ? 1 : 0;
  return a instanceof Uint8Array && b instanceof Uint8Array ? Buffer.compare(a, b) : 0;
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function rankOf(value: unknown): number {
  if (value === null || value === undefined) return 0;
  if (isNumeric(value)) return 1;
  return typeof value === "string" ? 2 : 3;
}
