import { isUtf8 } from "node:buffer";
import { numberEnd } from "../compiled/byte-numbers.ts";
import { plainEnd } from "../compiled/byte-strings.ts";
import type { CellPage } from "../sources/sqlite-cells.ts";

/** Stands for a cell whose value only the driver gives exactly. */
export const UNKNOWN = Symbol("not read from JSON");

/** What a cell is. */
export const CELL = { null: 0, text: 1, escaped: 2, integer: 3, real: 4 } as const;

const [QUOTE, BACKSLASH, COMMA, OPEN, CLOSE, MINUS, DOT, N, ZERO] = [
  0x22, 0x5c, 0x2c, 0x5b, 0x5d, 0x2d, 0x2e, 0x6e, 0x30,
];

/** Finds the cells of rows in the JSON text of a page: where each begins and ends, and what it is. */
export class RowCells {
  /** One of `CELL` for each column. */
  readonly kinds: Uint8Array;
  /** Of a text the content, without quotes; of any other cell all of it. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  bytes: Buffer = Buffer.alloc(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Row of the page that was read last; -1 before the first. */
  row = -1;
  /** Where it begins; `#at` is behind it. */
  begin = 0;
  #at = 0;
  #page: CellPage | undefined;
  /** Columns of the page that were read apart. */
  readonly #apart: (readonly unknown[] | undefined)[];
  readonly #width: number;
  readonly #number = new Float64Array(1);

  /** For rows of `width` cells. */
  constructor(width: number) {
    this.#width = width;
    this.#apart = new Array(width).fill(undefined);
    this.kinds = new Uint8Array(width);
    this.from = new Int32Array(width);
    this.to = new Int32Array(width);
  }

  /** Bytes of the row that was read last. */
  get length(): number {
    return this.#at - this.begin;
  }

  /** Takes another page; false where it cannot be read as JSON, or has text that is not valid. */
  open(page: CellPage): boolean {
    const { json } = page;
    if (json === undefined || !isUtf8(json)) return false;
    this.#page = page;
    this.#apart.fill(undefined);
    this.bytes = json;
    this.view = new DataView(json.buffer, json.byteOffset, json.length);
    this.row = -1;
    this.begin = 0;
    this.#at = 0;
    return true;
  }

  /** Reads the next row: "cells", "none" where it has none to show, "lost" where the page cannot be read on. */
  next(): "cells" | "none" | "lost" {
    const { bytes } = this;
    const before = bytes[this.#at];
    if (before !== (this.row < 0 ? OPEN : COMMA)) return "lost";
    this.begin = this.#at + 1;
    this.row += 1;
    if (bytes[this.begin] === ZERO) {
      this.#at = this.begin + 1;
      return "none";
    }
    this.#at = this.#cells();
    return this.#at < 0 ? "lost" : "cells";
  }

  /** True where the row that was read last was the last of the page. */
  get isEnd(): boolean {
    return this.bytes[this.#at] === CLOSE && this.#at === this.bytes.length - 1;
  }

  /** The value of a cell as the driver would give it; UNKNOWN where JSON does not tell. */
  value(column: number): string | number | null | typeof UNKNOWN {
    const [from, to] = [this.from[column] ?? 0, this.to[column] ?? 0];
    switch (this.kinds[column]) {
      case CELL.null:
        return null;
      case CELL.text:
        return this.bytes.toString("utf8", from, to);
      case CELL.escaped:
        return JSON.parse(this.bytes.toString("utf8", from - 1, to + 1));
      case CELL.integer:
        return exactly(Number(this.bytes.toString("latin1", from, to)));
      default:
        return this.#real(column, Number(this.bytes.toString("latin1", from, to)));
    }
  }

  /** True where the text of a real is canonical and exactly what the driver has: it goes to a line as it is. */
  keepsReal(column: number): boolean {
    const [from, to] = [this.from[column] ?? 0, this.to[column] ?? 0];
    if (numberEnd(this.bytes, from, to, this.#number) !== to) return false;
    return this.#real(column, this.#number[0] ?? Number.NaN) !== UNKNOWN;
  }

  /** A real as the driver has it: how many digits SQLite writes is a matter of its version. */
  #real(column: number, written: number): number | typeof UNKNOWN {
    const known = this.#apart[column] ?? this.#page?.column(column) ?? [];
    this.#apart[column] = known;
    return known[this.row] === written ? written : UNKNOWN;
  }

  /** Reads `[cell,…]` and gives where it ends; -1 where anything else is met. */
  #cells(): number {
    const { bytes } = this;
    let at = this.begin;
    for (let cell = 0; cell < this.#width; cell += 1) {
      if (bytes[at] !== (cell === 0 ? OPEN : COMMA)) return -1;
      at = bytes[at + 1] === QUOTE ? this.#text(cell, at + 2) : this.#word(cell, at + 1);
      if (at < 0) return -1;
    }
    return bytes[at] === CLOSE ? at + 1 : -1;
  }

  #text(cell: number, begin: number): number {
    const { bytes, view } = this;
    const end = bytes.length;
    let kind: number = CELL.text;
    let at = plainEnd(bytes, view, begin, end);
    while (bytes[at] === BACKSLASH) {
      kind = CELL.escaped;
      at = plainEnd(bytes, view, at + 2, end);
    }
    if (bytes[at] !== QUOTE) return -1;
    this.kinds[cell] = kind;
    this.from[cell] = begin;
    this.to[cell] = at;
    return at + 1;
  }

  /** A number or null. */
  #word(cell: number, begin: number): number {
    const { bytes } = this;
    let at = begin;
    let kind: number = CELL.integer;
    if (bytes[at] === N) {
      kind = CELL.null;
      at += 4;
    } else {
      if (bytes[at] === MINUS) at += 1;
      const digits = at;
      while (isDigit(bytes[at])) at += 1;
      if (at === digits) return -1;
      while (at < bytes.length && bytes[at] !== COMMA && bytes[at] !== CLOSE) {
        kind = CELL.real;
        if (!isDigit(bytes[at]) && !isOfReal(bytes[at])) return -1;
        at += 1;
      }
    }
    this.kinds[cell] = kind;
    this.from[cell] = begin;
    this.to[cell] = at;
    return at;
  }
}

function exactly(value: number): number | typeof UNKNOWN {
  return Number.isSafeInteger(value) ? value : UNKNOWN;
}

function isDigit(byte = 0): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isOfReal(byte = 0): boolean {
  return byte === DOT || byte === 0x65 || byte === MINUS || byte === 0x2b;
}
