/**
 * The read side of a migration. A source is opened read-only, never written to, and read in batches so that a
 * collection of any size passes through flat memory.
 */
export interface Source {
  readonly kind: string;
  /** Batches of raw records of one collection, in the source's own order; a record is usually an object. */
  read(collection: string): AsyncIterable<readonly unknown[]>;
  close(): Promise<void>;
}

/** Records in one batch: large enough to hide the cost of a turn of the event loop. */
export const BATCH_RECORDS = 1000;
