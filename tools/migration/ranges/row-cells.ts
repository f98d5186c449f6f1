import { isUtf8 } from "node:buffer";
import { numberEnd } from "../compiled/byte-numbers.ts";
import { CELL, CELLS_END_BYTES } from "../integrity/lanes/cell-lanes.ts";
import type { CellPage } from "../sources/sqlite-cells.ts";

import { mapRoom, mostCells } from "./map-room.ts";

/** Stands for a cell whose value only the driver gives exactly. */
export const UNKNOWN = Symbol("not read from JSON");

const [LF, CLOSE, ZERO] = [0x0a, 0x5d, 0x30];

/** Rows whose cells are found before the first of them is used. */
export const ROWS_AHEAD = 32;

/** Most cells that rows may have to be read ahead. */
export const MOST_CELLS = Math.floor(mostCells(ROWS_AHEAD) / ROWS_AHEAD);

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
  /** Address of `bytes`. */
  bytesAt = 0;
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Row of the page that was read last; -1 before the first. */
  row = -1;
  /** Addresses of its kinds, and of where its cells begin and end. */
  kindsAt = 0;
  fromAt = 0;
  toAt = 0;
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
  readonly #kindsAt: number;
  readonly #fromAt: number;
  readonly #toAt: number;
  /** By slot: the parts of these that a row has, what it is, where it begins and ends. */
  readonly #parts: readonly { readonly kinds: Uint8Array; readonly from: Int32Array; readonly to: Int32Array }[];
  readonly #found: Found[] = new Array<Found>(ROWS_AHEAD).fill("lost");
  readonly #begins: Int32Array;
  readonly #ends: Int32Array;

  /** For rows of `width` cells, of which `listeners` are told ahead. */
  constructor(width: number, listeners: readonly RowsAhead[] = []) {
    this.#width = width;
    this.#listeners = listeners;
    this.#apart = new Array(width).fill(undefined);
    const { lanes, found } = mapRoom();
    const cells = width * ROWS_AHEAD;
    const words = (place: number, length: number): Int32Array =>
      new Int32Array(lanes.memory, found + 4 * place, length);
    this.#begins = words(0, ROWS_AHEAD);
    this.#ends = words(ROWS_AHEAD, ROWS_AHEAD);
    this.#from = words(2 * ROWS_AHEAD, cells);
    this.#to = words(2 * ROWS_AHEAD + cells, cells);
    this.#kinds = new Uint8Array(lanes.memory, found + 4 * (2 * ROWS_AHEAD + 2 * cells), cells);
    this.#kindsAt = this.#kinds.byteOffset;
    this.#fromAt = this.#from.byteOffset;
    this.#toAt = this.#to.byteOffset;
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
    const { page: place } = mapRoom();
    if (json === undefined || json.length > place.length - CELLS_END_BYTES || !isUtf8(json)) return false;
    json.copy(place);
    place.fill(LF, json.length, json.length + CELLS_END_BYTES);
    this.#page = page;
    this.#apart.fill(undefined);
    this.bytes = place.subarray(0, json.length);
    this.bytesAt = place.byteOffset;
    this.view = new DataView(place.buffer, place.byteOffset, json.length);
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
    const whole = this.#find(most);
    for (let slot = 0; slot < whole; slot += 1) {
      const found = this.bytes[this.#begins[slot] ?? 0] === ZERO ? "none" : "cells";
      this.#found[slot] = found;
      // Nobody takes cells for those of this row that were there before.
      if (found !== "cells") this.#parts[slot]?.kinds.fill(CELL.null);
    }
    if (whole < most) {
      this.#found[whole] = "lost";
      this.#ends[whole] = 0;
    }
    if (whole > 0) this.#at = this.#ends[whole - 1] ?? 0;
    this.#ahead = Math.min(most, whole + 1);
    this.#used = 0;
    const block = { bytes: this.bytes, width: this.#width, kinds: this.#kinds, from: this.#from, to: this.#to };
    for (const listener of this.#listeners) listener.settle(block, whole);
  }

  /** Finds the cells of up to `most` rows; how many. */
  #find(most: number): number {
    const [kinds, from, to] = [this.#kinds.byteOffset, this.#from.byteOffset, this.#to.byteOffset];
    const [begins, ends] = [this.#begins.byteOffset, this.#ends.byteOffset];
    const { byteOffset } = this.bytes;
    return mapRoom().lanes.rowCells(byteOffset, this.#at, this.#width, most, kinds, from, to, begins, ends);
  }

  #show(slot: number): void {
    const part = this.#parts[slot];
    if (part === undefined) throw new RangeError(`no slot ${slot}`);
    this.slot = slot;
    this.kinds = part.kinds;
    this.from = part.from;
    this.to = part.to;
    this.kindsAt = this.#kindsAt + this.#width * slot;
    this.fromAt = this.#fromAt + 4 * this.#width * slot;
    this.toAt = this.#toAt + 4 * this.#width * slot;
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
}

function exactly(value: number): number | typeof UNKNOWN {
  return Number.isSafeInteger(value) ? value : UNKNOWN;
}
