import type { JsonValue } from "../../model/json.ts";

/** One thing that runs or is asked: exactly one verb, and what must hold afterwards. */
export interface Action {
  /** Unique in the plan and safe in file names: the id of a step, the name of a check, or where it stands. */
  readonly name: string;
  readonly verb: Verb;
  readonly expect: Expectations;
  readonly options: ActionOptions;
  /** Line of the plan, from 1. */
  readonly line: number;
}

/** An action that only reads: `probe`, a GET or marked `http`, a marked `sql`, `see`, `wait`, `manual`. */
export interface Check extends Action {
  readonly verb: ReadVerb;
}

/** An action with an id and a way back. */
export interface Step extends Action {
  readonly id: string;
  readonly undo: Undo;
  /** Files that it writes: what they hold is kept before it begins (X10). */
  readonly writes: Written | undefined;
  /** Tells whether the step has already happened. */
  readonly doneIf: Check | undefined;
  /** Safe to run twice. */
  readonly redo: boolean;
  /** Needs a go decision that is younger than `freshMs`. */
  readonly final: boolean;
  readonly freshMs: number;
}

/** Files that a step writes, on the host where it runs; undefined = here. */
export interface Written {
  readonly on: string | undefined;
  readonly files: readonly string[];
}

/** The way back from a step. */
export type Undo =
  | { readonly kind: "none"; readonly reason: string }
  /** A flip goes back to the recorded value by itself. */
  | { readonly kind: "own" }
  | {
      readonly kind: "actions";
      readonly actions: readonly UndoAction[];
      /** As the plan writes it: the journal keeps it, so that an undo never changes after the act. */
      readonly raw: JsonValue;
    };

/** One action of a way back. */
export interface UndoAction extends Action {
  /** What runs instead when it fails. */
  readonly fallback: readonly Action[];
  /** Runs after all undos that restore the service: it loses data. */
  readonly last: boolean;
  /** In the undo of a phase: a check asked when the phase begins; where it held already, a rollback asks first. */
  readonly was: string | undefined;
  /** Checks of what it leans on, such as an old image: asked before the first change, and before a rollback begins. */
  readonly needs: readonly string[];
  /** A check that counts what would be lost: its answer is shown to whoever must agree. */
  readonly loses: string | undefined;
}

/** What an action does. */
export type Verb =
  | ReadVerb
  | { readonly kind: "sh"; readonly command: string; readonly on: string | undefined }
  | HttpVerb
  | SqlVerb
  | { readonly kind: "flip"; readonly flip: Flip }
  /** In an undo: files that the step writes, as they were before it. */
  | { readonly kind: "restore"; readonly files: readonly string[] };

/** What a check does. */
export type ReadVerb =
  | { readonly kind: "probe"; readonly command: string; readonly on: string | undefined }
  | HttpVerb
  | SqlVerb
  | { readonly kind: "manual"; readonly text: string; readonly ask: readonly string[] }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "see"; readonly files: readonly string[] };

/** A request; redirects are followed only where `follow` says so. */
export interface HttpVerb {
  readonly kind: "http";
  readonly url: string;
  readonly method: string;
  readonly headers: ReadonlyMap<string, string>;
  /** Text; `@file` is the content of a file under the project's root. */
  readonly body: string | undefined;
  readonly follow: boolean;
  /** True for GET and HEAD, and where the plan says `read: true`. */
  readonly isRead: boolean;
}

/** A statement for a database of the plan. */
export interface SqlVerb {
  readonly kind: "sql";
  readonly db: string;
  readonly statement: string;
  readonly isRead: boolean;
  /** How many rows it must give, find or change; asked inside of its transaction. */
  readonly rows: RowCount | undefined;
}

/** A number of rows, from `min` to `max`. */
export interface RowCount {
  readonly min: number;
  readonly max: number;
}

/** A pointer that is moved by compare and swap. */
export type Flip =
  | {
      readonly kind: "link";
      readonly link: string;
      readonly root: string;
      readonly scanAgeMs: number;
      /** Differences of owner and mode between old and new target that are accepted. */
      readonly allow: readonly ("owner" | "mode")[];
    }
  | { readonly kind: "key"; readonly file: string; readonly key: string; readonly to: string }
  | { readonly kind: "schema"; readonly schema: string; readonly db: string; readonly to: string };

/** A regular expression as the plan writes it; it may hold `${name}`, whose value is put in escaped. */
export interface Pattern {
  readonly source: string;
  readonly flags: string;
}

/** What must hold after an action: all of it. */
export interface Expectations {
  /** Expected exit code; 0 unless the plan says otherwise. */
  readonly exit: number;
  readonly out: readonly Pattern[];
  readonly not: readonly Pattern[];
  readonly empty: boolean;
  /** HTTP status; undefined = any of 200 to 299. */
  readonly status: number | undefined;
  /** By JSON Pointer, read from stdout or the body alone. */
  readonly json: ReadonlyMap<string, JsonMatch>;
  /** Paths or globs of which there must be none. */
  readonly absent: readonly string[];
}

/** What the value at a pointer must be. */
export interface JsonMatch {
  /** Set when `equals` is meant, which may be null. */
  readonly equals: { readonly value: JsonValue } | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly match: Pattern | undefined;
  readonly not: { readonly value: JsonValue } | undefined;
}

/** How an action runs. */
export interface ActionOptions {
  readonly say: string | undefined;
  readonly by: readonly string[];
  /** The list variable to go through, one receipt per item. */
  readonly each: string | undefined;
  /** The variable without which it is skipped. */
  readonly when: string | undefined;
  /** Why it does not apply: skipped, and counted so. */
  readonly na: string | undefined;
  readonly env: ReadonlyMap<string, string>;
  readonly dir: string | undefined;
  readonly timeoutMs: number;
  /** How long a check is repeated until it holds. */
  readonly retryMs: number | undefined;
  readonly save: readonly Save[];
}

/** A value taken from the output: group 1 of the pattern. */
export interface Save {
  readonly name: string;
  readonly pattern: Pattern;
  readonly isOptional: boolean;
}
