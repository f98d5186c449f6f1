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

/** Rows whose cells are found before the first of them is used. */
export const ROWS_AHEAD = 32;

/** The cells of some rows, row by row. */
export interface CellBlock {
  readonly bytes: Buffer;
  /** Cells of a row. */
  readonly width: number;
  readonly kinds: Uint8Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
}

/** Is told of rows before they are used: what waits for memory can then do it for all of them together. */
export interface RowsAhead {
  settle(block: CellBlock, count: number): void;
}

/** What the rows that were read ahead are, by slot. */
type Found = "cells" | "none" | "lost";

/** Finds the cells of rows in the JSON text of a page: where each begins and ends, and what it is. */
export class RowCells {
  /** One of `CELL` for each column of the row that was read last. */
  kinds: Uint8Array = new Uint8Array(0);
  /** Of a text the content, without quotes; of any other cell all of it. */
  from: Int32Array = new Int32Array(0);
  to: Int32Array = new Int32Array(0);
  bytes: Buffer = Buffer.alloc(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Row of the page that was read last; -1 before the first. */
  row = -1;
  /** Its place among the rows that were read ahead with it. */
  slot = 0;
  /** Where it begins and ends; `#at` is behind the last one that was read ahead. */
  begin = 0;
  #end = 0;
  #at = 0;
  /** Rows that were read ahead, and those of them that were used. */
  #ahead = 0;
  #used = 0;
  #page: CellPage | undefined;
  /** Columns of the page that were read apart. */
  readonly #apart: (readonly unknown[] | undefined)[];
  readonly #width: number;
  readonly #number = new Float64Array(1);
  readonly #listeners: readonly RowsAhead[];
  readonly #kinds: Uint8Array;
  readonly #from: Int32Array;
  readonly #to: Int32Array;
  /** By slot: the parts of these that a row has, what it is, where it begins and ends. */
  readonly #parts: readonly { readonly kinds: Uint8Array; readonly from: Int32Array; readonly to: Int32Array }[];
  readonly #found: Found[] = new Array<Found>(ROWS_AHEAD).fill("lost");
  readonly #begins = new Int32Array(ROWS_AHEAD);
  readonly #ends = new Int32Array(ROWS_AHEAD);

  /** For rows of `width` cells, of which `listeners` are told ahead. */
  constructor(width: number, listeners: readonly RowsAhead[] = []) {
    this.#width = width;
    this.#listeners = listeners;
    this.#apart = new Array(width).fill(undefined);
    this.#kinds = new Uint8Array(width * ROWS_AHEAD);
    this.#from = new Int32Array(width * ROWS_AHEAD);
    this.#to = new Int32Array(width * ROWS_AHEAD);
    this.#parts = Array.from({ length: ROWS_AHEAD }, (_, slot) => {
      const [begin, end] = [slot * width, (slot + 1) * width];
      const [from, to] = [this.#from.subarray(begin, end), this.#to.subarray(begin, end)];
      return { kinds: this.#kinds.subarray(begin, end), from, to };
    });
  }

  /** Bytes of the row that was read last. */
  get length(): number {
    return this.#end - this.begin;
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
    this.#end = 0;
    this.#at = 0;
    this.#ahead = 0;
    this.#used = 0;
    return true;
  }

  /** Reads the next row: "cells", "none" where it has none to show, "lost" where the page cannot be read on. */
  next(): Found {
    if (this.#used === this.#ahead) this.#readAhead();
    const slot = this.#used;
    this.#used += 1;
    this.row += 1;
    this.#show(slot);
    this.begin = this.#begins[slot] ?? 0;
    this.#end = this.#ends[slot] ?? 0;
    return this.#found[slot] ?? "lost";
  }

  /** Finds the cells of the next rows: one at least, none behind one that is lost. */
  #readAhead(): void {
    const most = Math.max(1, Math.min(ROWS_AHEAD, (this.#page?.count ?? 0) - this.row - 1));
    let [count, found]: [number, Found] = [0, "none"];
    for (; count < most && found !== "lost"; count += 1) {
      this.#show(count);
      found = this.#read(count);
      this.#found[count] = found;
      // Nobody takes cells for those of this row that were there before.
      if (found !== "cells") this.kinds.fill(CELL.null);
      this.#ends[count] = this.#at;
    }
    this.#ahead = count;
    this.#used = 0;
    const block = { bytes: this.bytes, width: this.#width, kinds: this.#kinds, from: this.#from, to: this.#to };
    for (const listener of this.#listeners) listener.settle(block, count);
  }

  #show(slot: number): void {
    const part = this.#parts[slot];
    if (part === undefined) throw new RangeError(`no slot ${slot}`);
    this.slot = slot;
    this.kinds = part.kinds;
    this.from = part.from;
    this.to = part.to;
  }

  #read(slot: number): Found {
    const { bytes } = this;
    const begin = this.#at + 1;
    const isFirst = slot === 0 && this.row < 0;
    if (this.#at < 0 || bytes[this.#at] !== (isFirst ? OPEN : COMMA)) {
      this.#at = -1;
      return "lost";
    }
    this.#begins[slot] = begin;
    if (bytes[begin] === ZERO) {
      this.#at = begin + 1;
      return "none";
    }
    this.#at = this.#cells(begin);
    return this.#at < 0 ? "lost" : "cells";
  }

  /** True where the row that was read last was the last of the page. */
  get isEnd(): boolean {
    return this.bytes[this.#end] === CLOSE && this.#end === this.bytes.length - 1;
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
  #cells(begin: number): number {
    const { bytes } = this;
    let at = begin;
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
