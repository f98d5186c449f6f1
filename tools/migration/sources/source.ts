import type { SourceKind } from "../model/source-kind.ts";
import type { SourceRange } from "./source-range.ts";

/**
 * The read side of a migration. A source is opened read-only, never written to, and read in batches so that a
 * collection of any size passes through flat memory.
 */
export interface Source {
  readonly kind: SourceKind;
  /** True where every range can be read by the main thread only. */
  readonly mainThreadOnly: boolean;
  /**
   * About `parts` parts of a collection; read by `readRange`, in any order, they give every record exactly once. A
   * collection without records may have none.
   */
  ranges(collection: string, parts: number): Promise<readonly SourceRange[]>;
  /**
   * Batches of raw records of one collection: of a database in the order of the bytes of its key, of a file in that of
   * the file. A record is usually an object.
   */
  read(collection: string): AsyncIterable<readonly unknown[]>;
  /** SOURCE_READ where the source is not what it was when it was opened. */
  assertUnchanged(): Promise<void>;
  close(): Promise<void>;
}

/** Records in one batch at most: large enough to hide the cost of a turn of the event loop. */
export const BATCH_RECORDS = 1000;
