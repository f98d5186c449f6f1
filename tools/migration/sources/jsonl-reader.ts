import { closeSync, openSync, readSync } from "node:fs";
import { type Line, LineReader } from "../files/line-reader.ts";
import type { FindingPlace } from "../model/finding.ts";
import { BrokenRecord } from "../model/source-record.ts";
import { recordOf } from "./jsonl-record.ts";
import { guardRead } from "./read-file.ts";
import type { ValueBatch } from "./record-batch.ts";
import type { JsonlRange } from "./source-range.ts";

/** Bytes of lines in one batch, so that long lines do not pile up. */
const BATCH_BYTES = 4 * 1024 * 1024;
const BLOCK_BYTES = 512 * 1024;
const LF = 10;

/** Reads the lines that begin in the range; a broken one becomes a `BrokenRecord` with its file and line. */
export async function* readJsonlRange(range: JsonlRange, batchRecords: number): AsyncGenerator<ValueBatch> {
  const lines = linesOf(range);
  let rows: unknown[] = [];
  let bytes = 0;
  for (const line of lines) {
    const record = recordOf(line, { file: range.label, offset: line.offset });
    rows.push(record instanceof BrokenRecord ? numbered(record, range, line) : record);
    bytes += line.line.length;
    if (rows.length < batchRecords && bytes < BATCH_BYTES) continue;
    yield { rows };
    rows = [];
    bytes = 0;
  }
  if (rows.length > 0) yield { rows };
}

// A range that begins inside the file starts one byte early: whatever ends at the first LF belongs to the range before.
function* linesOf(range: JsonlRange): Generator<Line> {
  if (range.begin >= range.end) return;
  const begin = Math.max(0, range.begin - 1);
  const reader = guardRead(range, () => new LineReader(range.path, range.label, { begin }));
  try {
    if (range.begin > 0) guardRead(range, () => reader.next());
    for (;;) {
      const line = guardRead(range, () => reader.next());
      if (line === undefined || line.offset >= range.end) return;
      yield line;
    }
  } finally {
    reader.close();
  }
}

// Only a broken line asks for its number, so that ranges can be cut without reading the file first.
function numbered(record: BrokenRecord, range: JsonlRange, line: Line): BrokenRecord {
  const before = range.begin === 0 ? line.number : 1 + guardRead(range, () => countLines(range.path, line.offset));
  const place: FindingPlace = { ...record.place, line: before };
  return new BrokenRecord(record.code, place);
}

function countLines(path: string, end: number): number {
  const buffer = Buffer.allocUnsafe(BLOCK_BYTES);
  const fd = openSync(path, "r");
  let count = 0;
  try {
    for (let at = 0; at < end; ) {
      const length = readSync(fd, buffer, 0, Math.min(buffer.length, end - at), at);
      if (length === 0) break;
      const block = buffer.subarray(0, length);
      for (let lf = block.indexOf(LF); lf !== -1; lf = block.indexOf(LF, lf + 1)) count += 1;
      at += length;
    }
  } finally {
    closeSync(fd);
  }
  return count;
}
