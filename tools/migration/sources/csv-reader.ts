import type { CsvError, Options } from "csv-parse";
import { loadDriver } from "../databases/drivers.ts";
import { MAX_LINE_BYTES } from "../integrity/limits.ts";
import type { CsvFormat } from "../model/csv-format.ts";
import { BrokenRecord, UNREADABLE_TEXT } from "../model/source-record.ts";
import { Utf8Blocks } from "./csv-text.ts";
import { type FilePlace, notOfForm, openFile } from "./read-file.ts";
import { type RecordBatch, toObject } from "./record-batch.ts";
import type { CsvRange } from "./source-range.ts";

const BLOCK_BYTES = 256 * 1024;

/** The names in the first line of a file; SOURCE_READ where it has none. */
export async function readCsvHeader(place: FilePlace, format: CsvFormat): Promise<readonly string[]> {
  for await (const [first] of rowsOf(place, format, 1)) {
    if (!Array.isArray(first)) break;
    return first.map((name) => (typeof name === "string" ? name : ""));
  }
  throw notOfForm(place, "expected a first line with the names of the columns, got none that can be read");
}

/** Reads the records of a file; one that is not of the form of its first line becomes a `BrokenRecord`. */
export async function* readCsvRange(range: CsvRange, batchRecords: number): AsyncGenerator<RecordBatch> {
  let isFirst = true;
  for await (const rows of rowsOf(range, range.format, batchRecords)) {
    const records = isFirst ? rows.slice(1) : rows;
    isFirst = false;
    if (records.length > 0) yield batchOf(records, range.columns);
  }
}

type CsvRow = unknown[] | BrokenRecord;

/** Rows under shared names; as objects where there is a broken one among them. */
function batchOf(rows: readonly CsvRow[], columns: readonly string[]): RecordBatch {
  const cells = rows.filter((row) => Array.isArray(row));
  if (cells.length === rows.length) return { columns, rows: cells };
  return { rows: rows.map((row) => (Array.isArray(row) ? toObject(columns, row) : row)) };
}

async function* rowsOf(place: FilePlace, format: CsvFormat, batchRecords: number): AsyncGenerator<readonly CsvRow[]> {
  const { parse } = await loadDriver("csv-parse", "Reading CSV");
  const text = new Utf8Blocks(format.encoding ?? "utf-8");
  let rows: CsvRow[] = [];
  let failure: Error | undefined;
  const parser = parse(optionsFor(place, format, text, (row) => rows.push(row)));
  parser.on("error", (error: Error) => {
    failure ??= error;
  });
  const file = openFile(place);
  const buffer = Buffer.allocUnsafe(BLOCK_BYTES);
  try {
    for (let isOver = false; !isOver; ) {
      const length = file.read(buffer, 0, buffer.length);
      isOver = length === 0;
      const block = isOver ? text.end() : text.next(buffer.subarray(0, length));
      await new Promise<void>((resolve) => {
        if (isOver) parser.end(block, () => resolve());
        else parser.write(block, () => resolve());
      });
      if (failure !== undefined) throw notOfForm(place, faultOf(failure));
      while (rows.length >= batchRecords || (isOver && rows.length > 0)) {
        yield rows.slice(0, batchRecords);
        rows = rows.slice(batchRecords);
      }
    }
  } finally {
    file.close();
    parser.destroy();
  }
}

/** A cell is text as it stands there; without quotes, and equal to the word for it, it is NULL. */
function optionsFor(place: FilePlace, format: CsvFormat, text: Utf8Blocks, take: (row: CsvRow) => void): Options {
  const { delimiter = ",", quote = '"', null: nothing = "" } = format;
  return {
    bom: true,
    columns: false,
    delimiter,
    quote,
    // Another escape would take its backslash from everything it stands before, not from quotes alone.
    escape: quote,
    max_record_size: MAX_LINE_BYTES,
    skip_records_with_error: true,
    cast: (value, { quoting }) => {
      if (!quoting && value === nothing) return null;
      return text.isSuspect && value.includes("\ufffd") ? UNREADABLE_TEXT : value;
    },
    // Nothing goes on through the parser's own queue, so that broken records keep their place among the others.
    on_record: (record: string[]) => {
      take(record);
      return null;
    },
    on_skip: (error) => {
      take(brokenRecord(place, error));
      return undefined;
    },
  };
}

// The parser counts the line ends in quoted cells twice where they are CRLF, so the number of the record has to do.
function brokenRecord({ label }: FilePlace, error: CsvError | undefined): BrokenRecord {
  const isCount = error?.code === "CSV_RECORD_INCONSISTENT_FIELDS_LENGTH";
  return new BrokenRecord("SOURCE_LINE_INVALID", {
    file: label,
    rule: error?.code ?? "CSV",
    expected: isCount ? "as many cells as the first line has" : "a record of CSV",
    got: isCount ? "another number" : "something else",
  });
}

/** What the parser found; its own text may quote the data. */
function faultOf(error: Error): string {
  const code: unknown = Reflect.get(error, "code");
  return `expected CSV, got ${typeof code === "string" ? code : error.name}`;
}
