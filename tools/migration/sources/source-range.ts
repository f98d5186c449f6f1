import type { ServerPlace } from "../databases/server-place.ts";
import type { CsvFormat } from "../model/csv-format.ts";
import type { KeyColumn } from "./key-order.ts";
import type { MysqlKind } from "./mysql-cells.ts";

/** A part of a collection as plain data: any thread can open it by itself, unless it says otherwise. */
export type SourceRange = ModuleRange | JsonlRange | JsonRange | CsvRange | SqliteRange | PostgresRange | MysqlRange;

interface RangeBase {
  /** Where it is as a person wrote it, for messages. */
  readonly label: string;
  readonly collection: string;
  /** True where the records are in the memory, or come through a connection, of the main thread. */
  readonly mainThreadOnly: boolean;
  /** What all readers of the source keep to together, where rows per second are limited. */
  readonly pace?: SharedArrayBuffer;
}

interface FileRange extends RangeBase {
  /** Absolute path of the file that is opened. */
  readonly path: string;
}

/** A whole collection of a JavaScript module. */
export interface ModuleRange extends FileRange {
  readonly kind: "module";
  readonly mainThreadOnly: true;
}

/** The lines that begin in `[begin, end)`, in bytes; the bounds may lie anywhere in a line. */
export interface JsonlRange extends FileRange {
  readonly kind: "jsonl";
  readonly begin: number;
  readonly end: number;
}

/** A whole file that is one array. */
export interface JsonRange extends FileRange {
  readonly kind: "json";
}

/** A whole CSV file. */
export interface CsvRange extends FileRange {
  readonly kind: "csv";
  readonly format: CsvFormat;
  /** The names in its first line. */
  readonly columns: readonly string[];
}

/** The rows of a table with `begin <= rowid < end`, or a whole collection in the order of its key. */
export interface SqliteRange extends FileRange {
  readonly kind: "sqlite";
  /** The state of the files when the source was opened; a reader refuses another one. */
  readonly stamp: string;
  readonly columns: readonly string[];
  /** What stands behind FROM. */
  readonly from: string;
  /** The columns of the key; empty where rows come in the order of rowid. */
  readonly order: readonly KeyColumn[];
  /** Undefined where there is one range for the whole collection. */
  readonly rowids: { readonly name: string; readonly begin: bigint; readonly end: bigint } | undefined;
}

/** The rows of one statement in the snapshot of the source. */
export interface PostgresRange extends RangeBase {
  readonly kind: "postgres";
  readonly place: ServerPlace;
  /** As `pg_export_snapshot` named it; it lives as long as the connection of the source. */
  readonly snapshot: string;
  readonly columns: readonly string[];
  /** How each column is read from its text. */
  readonly cells: readonly CellKind[];
  readonly select: string;
  /** Columns whose order is checked; empty where the statement gives no order by key. */
  readonly order: readonly KeyColumn[];
  /** True where the same statement gives its rows in the same order again. */
  readonly repeatable: boolean;
}

/** How a column of PostgreSQL is read from its text. */
export type CellKind = ScalarKind | { readonly element: ScalarKind; readonly delimiter: string };

/** How a value is read from its text; `text` leaves it as it is. */
export type ScalarKind = "text" | "integer" | "boolean" | "float" | "bytes";

/** The rows of one statement in the snapshot of the source, through its one connection. */
export interface MysqlRange extends RangeBase {
  readonly kind: "mysql";
  readonly mainThreadOnly: true;
  /** Number of the connection. */
  readonly session: number;
  readonly columns: readonly string[];
  readonly cells: readonly { readonly kind: MysqlKind; readonly width: number }[];
  readonly select: string;
  readonly order: readonly KeyColumn[];
}
