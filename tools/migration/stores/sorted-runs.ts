import { closeSync, openSync, readSync } from "node:fs";
import { MigrationError } from "../model/errors.ts";
import { BufferedOutput } from "./buffered-output.ts";
import { compareRecords, HEADER_BYTES, idAt, lineLengthAt, putRecord, type RecordArena } from "./record-arena.ts";

const READ_BYTES = 64 * 1024;

/** One record of a sorted sequence; `line` is a view until the sequence moves on. */
export interface SortedRecord {
  readonly id: string;
  readonly line: Buffer;
}

/** A sorted sequence that is read once. */
export interface RecordCursor {
  /** The current record; undefined before the first `advance` and after the last record. */
  readonly current: SortedRecord | undefined;
  advance(): void;
  close(): void;
}

/** Writes sorted records to a new private file. */
export function writeRun(path: string, records: Iterable<SortedRecord>): void {
  const fd = openSync(path, "wx", 0o600);
  try {
    const output = new BufferedOutput(fd);
    let scratch = Buffer.allocUnsafe(READ_BYTES);
    for (const { id, line } of records) {
      const size = HEADER_BYTES + line.length;
      if (size > scratch.length) scratch = Buffer.allocUnsafe(size);
      putRecord(scratch, 0, id, line);
      output.write(scratch.subarray(0, size));
    }
    output.flush();
  } finally {
    closeSync(fd);
  }
}

/** Reads a run; the buffer grows to the longest record of the run. */
export class RunCursor implements RecordCursor {
  #fd: number | undefined;
  #buffer = Buffer.allocUnsafe(READ_BYTES);
  #start = 0;
  #end = 0;
  #current: SortedRecord | undefined;

  constructor(path: string) {
    this.#fd = openSync(path, "r");
  }

  get current(): SortedRecord | undefined {
    return this.#current;
  }

  advance(): void {
    this.#current = undefined;
    if (!this.#fill(HEADER_BYTES)) return;
    const size = HEADER_BYTES + lineLengthAt(this.#buffer, this.#start);
    if (!this.#fill(size)) throw new MigrationError("IO", { message: "A sorted run ends within a record." });
    const start = this.#start;
    this.#start += size;
    this.#current = {
      id: idAt(this.#buffer, start),
      line: this.#buffer.subarray(start + HEADER_BYTES, this.#start),
    };
  }

  close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) closeSync(fd);
  }

  /** Has `size` bytes from the current position in the buffer; false where the run ends before. */
  #fill(size: number): boolean {
    if (this.#end - this.#start >= size) return true;
    const target = size > this.#buffer.length ? Buffer.allocUnsafe(size) : this.#buffer;
    this.#buffer.copy(target, 0, this.#start, this.#end);
    this.#buffer = target;
    this.#end -= this.#start;
    this.#start = 0;
    while (this.#end < size) {
      const fd = this.#fd;
      if (fd === undefined) return false;
      const read = readSync(fd, this.#buffer, this.#end, this.#buffer.length - this.#end, null);
      if (read === 0) return false;
      this.#end += read;
    }
    return true;
  }
}

/** Reads the records of an arena in order. */
export class ArenaCursor implements RecordCursor {
  readonly #arena: RecordArena;
  readonly #numbers: readonly number[];
  #at = -1;

  constructor(arena: RecordArena) {
    this.#arena = arena;
    this.#numbers = arena.sortedNumbers();
  }

  get current(): SortedRecord | undefined {
    const number = this.#numbers[this.#at];
    return number === undefined ? undefined : { id: this.#arena.idOf(number), line: this.#arena.lineOf(number) };
  }

  advance(): void {
    this.#at++;
  }

  close(): void {
    this.#at = this.#numbers.length;
  }
}

/** Merges sorted sequences with a binary heap and closes them, also when the reader stops early. */
export function* mergeCursors(cursors: readonly RecordCursor[]): Generator<SortedRecord> {
  try {
    const heap: HeapEntry[] = [];
    for (const cursor of cursors) {
      cursor.advance();
      const record = cursor.current;
      if (record !== undefined) heap.push({ cursor, record });
    }
    for (let at = Math.floor(heap.length / 2) - 1; at >= 0; at--) sinkDown(heap, at);
    for (let top = heap[0]; top !== undefined; top = heap[0]) {
      yield top.record;
      top.cursor.advance();
      replaceTop(heap, top.cursor);
    }
  } finally {
    for (const cursor of cursors) cursor.close();
  }
}

interface HeapEntry {
  readonly cursor: RecordCursor;
  readonly record: SortedRecord;
}

function replaceTop(heap: HeapEntry[], cursor: RecordCursor): void {
  const record = cursor.current;
  const entry = record === undefined ? heap.pop() : { cursor, record };
  // Popping the last entry of a heap of one leaves nothing to put at the top.
  if (entry === undefined || heap.length === 0) return;
  heap[0] = entry;
  sinkDown(heap, 0);
}

function sinkDown(heap: HeapEntry[], from: number): void {
  let at = from;
  for (;;) {
    const left = 2 * at + 1;
    const child = isLess(heap[left + 1], heap[left]) ? left + 1 : left;
    const [upper, lower] = [heap[at], heap[child]];
    if (upper === undefined || lower === undefined || !isLess(lower, upper)) return;
    heap[at] = lower;
    heap[child] = upper;
    at = child;
  }
}

function isLess(left: HeapEntry | undefined, right: HeapEntry | undefined): boolean {
  if (left === undefined || right === undefined) return false;
  return compareRecords(left.record.id, left.record.line, right.record.id, right.record.line) < 0;
}
