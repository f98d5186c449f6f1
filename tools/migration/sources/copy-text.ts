import { isUtf8 } from "node:buffer";
import { UNREADABLE_TEXT } from "../model/source-record.ts";
import type { CellReader } from "./postgres-cells.ts";

/** The cells of one row, in the order of the columns. */
export type CopyRow = readonly unknown[];

const LF = 10;

/**
 * Reads the text form of COPY: a row a line, cells between tabs, `\N` for NULL. Blocks may end anywhere; a line feed in
 * a value is escaped, so every one on the wire ends a row.
 */
export class CopyText {
  readonly #readers: readonly (CellReader | undefined)[];
  #rest: Buffer = Buffer.alloc(0);

  constructor(readers: readonly (CellReader | undefined)[]) {
    this.#readers = readers;
  }

  /** The rows that end in this block. */
  read(block: Buffer): CopyRow[] {
    const whole = this.#rest.length === 0 ? block : Buffer.concat([this.#rest, block]);
    const end = whole.lastIndexOf(LF) + 1;
    this.#rest = end === whole.length ? Buffer.alloc(0) : Buffer.from(whole.subarray(end));
    if (end === 0) return [];
    const lines = whole.subarray(0, end - 1);
    // A database in SQL_ASCII gives bytes as they were stored, whatever the client asked for.
    const isText = isUtf8(lines);
    return lines
      .toString(isText ? "utf8" : "latin1")
      .split("\n")
      .map((line) => this.#row(line, isText));
  }

  /** True where the last block ended inside a row. */
  get isTorn(): boolean {
    return this.#rest.length > 0;
  }

  #row(line: string, isText: boolean): CopyRow {
    const cells: unknown[] = line.split("\t");
    const isPlain = !line.includes("\\");
    for (let at = 0; at < cells.length; at += 1) {
      const cell = cells[at] as string;
      if (!isPlain && cell === "\\N") {
        cells[at] = null;
        continue;
      }
      const raw = isPlain || !cell.includes("\\") ? cell : unescaped(cell);
      const text = isText ? raw : decoded(raw);
      const read = this.#readers[at];
      cells[at] = read === undefined || typeof text !== "string" ? text : read(text);
    }
    return cells;
  }
}

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, (_, letter: string) => ESCAPES[letter] ?? letter);
}

function decoded(bytes: string): string | typeof UNREADABLE_TEXT {
  const buffer = Buffer.from(bytes, "latin1");
  return isUtf8(buffer) ? buffer.toString("utf8") : UNREADABLE_TEXT;
}
