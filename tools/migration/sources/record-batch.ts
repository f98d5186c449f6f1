/** Records as the source has them: rows under shared column names, or whole values. */
export type RecordBatch = ColumnBatch | ValueBatch;

/** Rows of a table. A cell is null, a number, a bigint beyond 2^53 - 1, a string, bytes, or UNREADABLE_TEXT. */
export interface ColumnBatch {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** Records of a source without columns; a `BrokenRecord` stands for one that could not be read. */
export interface ValueBatch {
  readonly columns?: undefined;
  readonly rows: readonly unknown[];
}

/** The records of a batch as objects. */
export function recordsOf(batch: RecordBatch): readonly unknown[] {
  const { columns } = batch;
  return columns === undefined ? batch.rows : batch.rows.map((row) => toObject(columns, row));
}

/** A row as an object. */
export function toObject(columns: readonly string[], row: readonly unknown[]): object {
  const record: Record<string, unknown> = {};
  for (let index = 0; index < columns.length; index++) {
    const name = columns[index] ?? "";
    const value = row[index];
    // Assignment to `__proto__` would set the prototype instead of making a key.
    if (name !== "__proto__") record[name] = value;
    else Object.defineProperty(record, name, { value, configurable: true, enumerable: true, writable: true });
  }
  return record;
}
