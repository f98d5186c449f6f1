/** A collection that a project reads. */
export interface Wanted {
  /** Name of a table, view or file; of a query, what messages call it. */
  readonly name: string;
  /** A statement whose rows are the records. */
  readonly query: string | undefined;
  /** The fields of the legacy key, by which records are put in order; empty where that is not known. */
  readonly key: readonly string[];
}
