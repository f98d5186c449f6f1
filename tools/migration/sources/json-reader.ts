import { ByteWindow, DEFAULT_BLOCK_SIZE_BYTES } from "../files/byte-window.ts";
import { splitArray } from "../files/split-array.ts";
import { BrokenRecord } from "../model/source-record.ts";
import { recordOf } from "./jsonl-record.ts";
import { notOfForm, openFile } from "./read-file.ts";
import type { ValueBatch } from "./record-batch.ts";
import type { JsonRange } from "./source-range.ts";

/** Bytes of elements in one batch, so that long ones do not pile up. */
const BATCH_BYTES = 4 * 1024 * 1024;
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Reads the elements of one array in flat memory; a broken element becomes a `BrokenRecord` with its file and line. */
export async function* readJsonRange(range: JsonRange, batchRecords: number): AsyncGenerator<ValueBatch> {
  const file = openFile(range);
  try {
    const window = new ByteWindow(file, DEFAULT_BLOCK_SIZE_BYTES);
    const fault = (offset: number, words: string): Error => notOfForm(range, `at byte ${offset} ${words}`);
    window.fill(0);
    if (window.bytes.subarray(0, MARK.length).equals(MARK)) throw fault(0, "expected no byte order mark, got one");
    let rows: unknown[] = [];
    let bytes = 0;
    for (const { begin, end, line } of splitArray(window, fault)) {
      const text = window.slice(begin, end);
      const record = recordOf({ line: text, tooLong: false }, { file: range.label, offset: begin });
      rows.push(record instanceof BrokenRecord ? new BrokenRecord(record.code, { ...record.place, line }) : record);
      bytes += text.length;
      if (rows.length < batchRecords && bytes < BATCH_BYTES) continue;
      yield { rows };
      rows = [];
      bytes = 0;
    }
    if (rows.length > 0) yield { rows };
  } finally {
    file.close();
  }
}
