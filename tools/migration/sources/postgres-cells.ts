import { integerOf } from "./exact-integer.ts";
import type { CellKind, ScalarKind } from "./source-range.ts";

/** Reads the text of a value that is not NULL. */
export type CellReader = (text: string) => unknown;

/** The reader of a kind; undefined for text, which stays as it is. */
export function cellReader(kind: CellKind): CellReader | undefined {
  if (typeof kind !== "object") return kind === "text" ? undefined : SCALARS[kind];
  const element = kind.element === "text" ? (text: string) => text : SCALARS[kind.element];
  return (text) => readArray(text, kind.delimiter, element);
}

const SCALARS: Readonly<Record<Exclude<ScalarKind, "text">, CellReader>> = {
  integer: integerOf,
  boolean: (text) => text === "t",
  // PostgreSQL prints the shortest text that reads back as the same number.
  float: Number,
  bytes: (text) => Buffer.from(text.slice(2), "hex"),
};

/** An array as PostgreSQL prints it, `{1,NULL,"a b"}`; one with other bounds than 1 stays text, for it is more than a list. */
function readArray(text: string, delimiter: string, element: CellReader): unknown {
  if (!text.startsWith("{")) return text;
  const found = readList(text, 0, delimiter, element);
  return found.end === text.length ? found.list : text;
}

interface Found {
  readonly list: readonly unknown[];
  /** Position behind the closing brace. */
  readonly end: number;
}

function readList(text: string, begin: number, delimiter: string, element: CellReader): Found {
  const list: unknown[] = [];
  let at = begin + 1;
  while (at < text.length && text[at] !== "}") {
    if (text[at] === "{") {
      const inner = readList(text, at, delimiter, element);
      list.push(inner.list);
      at = inner.end;
    } else {
      const item = text[at] === '"' ? readQuoted(text, at) : readBare(text, at, delimiter);
      list.push(item.value === null ? null : element(item.value));
      at = item.end;
    }
    if (text[at] === delimiter) at += 1;
  }
  return { list, end: at + 1 };
}

interface Item {
  readonly value: string | null;
  readonly end: number;
}

function readQuoted(text: string, begin: number): Item {
  let value = "";
  let at = begin + 1;
  while (at < text.length && text[at] !== '"') {
    if (text[at] === "\\") at += 1;
    value += text[at] ?? "";
    at += 1;
  }
  return { value, end: at + 1 };
}

function readBare(text: string, begin: number, delimiter: string): Item {
  let at = begin;
  while (at < text.length && text[at] !== delimiter && text[at] !== "}") at += 1;
  const value = text.slice(begin, at);
  return { value: value === "NULL" ? null : value, end: at };
}
