/** A part of a collection as plain data: any thread can open it by itself, unless it says otherwise. */
export type SourceRange = ModuleRange | JsonlRange | SqliteRange;

interface RangeBase {
  /** Absolute path of the file that is opened. */
  readonly path: string;
  /** The same path as a person wrote it, for messages. */
  readonly label: string;
  readonly collection: string;
  /** True where the records are objects in the memory of the main thread. */
  readonly mainThreadOnly: boolean;
}

/** A whole collection of a JavaScript module. */
export interface ModuleRange extends RangeBase {
  readonly kind: "module";
  readonly mainThreadOnly: true;
}

/** The lines that begin in `[begin, end)`, in bytes; the bounds may lie anywhere in a line. */
export interface JsonlRange extends RangeBase {
  readonly kind: "jsonl";
  readonly begin: number;
  readonly end: number;
}

/** The rows of a table with `begin <= rowid < end`, or a whole view or table without rowid. */
export interface SqliteRange extends RangeBase {
  readonly kind: "sqlite";
  /** The state of the files when the source was opened; a reader refuses another one. */
  readonly stamp: string;
  readonly columns: readonly string[];
  /** Undefined where the collection has no rowid: then there is one range. */
  readonly rowids: { readonly name: string; readonly begin: bigint; readonly end: bigint } | undefined;
}
