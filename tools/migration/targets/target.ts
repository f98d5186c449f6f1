import type { DatabaseKind } from "../databases/database-kind.ts";
import type { Cell } from "./cells.ts";
import type { TablePlan } from "./table-plan.ts";

/** What is in the place of a table. */
export interface TableState {
  /** Names of its columns; undefined where there is no table. */
  readonly columns: readonly string[] | undefined;
  readonly isEmpty: boolean;
}

/** The write side of a database: everything between `begin` and `commit` is there at once, or not at all. */
export interface Target {
  readonly kind: DatabaseKind;
  /** What messages call it. */
  readonly label: string;
  lookAt(table: string): Promise<TableState>;
  /** Begins the one transaction and makes the tables that are missing. */
  begin(missing: readonly TablePlan[]): Promise<void>;
  /** Takes all rows away. */
  clear(table: TablePlan): Promise<void>;
  write(table: TablePlan, rows: readonly (readonly Cell[])[]): Promise<void>;
  /** Ends what `write` began with a table. */
  finish(table: TablePlan): Promise<void>;
  commit(): Promise<void>;
  /** Ends the connection; what was not committed is undone. */
  close(): Promise<void>;
}
