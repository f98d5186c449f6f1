import { readRange } from "../sources/read-range.ts";
import type { SourceRange } from "../sources/source-range.ts";
import type { MapChecks } from "./map-checks.ts";
import type { MapShare, RangeMapping } from "./range-mapping.ts";
import { type LineSink, Scratch, Spill, type SpillPlace, type SpillResult } from "./spill.ts";

/** A part of a collection to be mapped; `spill` is undefined where nothing is to be written. */
export interface MapTask {
  readonly module: string;
  readonly source: SourceRange;
  readonly share: MapShare;
  readonly spill: SpillPlace | undefined;
}

/** Records that are all without a finding; else the source is for the authority. */
export type MapResult =
  | { readonly clean: false }
  | { readonly clean: true; readonly read: number; readonly spill: SpillResult | undefined };

/** Reads, maps and checks a range of records and spreads their lines over the partitions; stops at the first finding. */
export async function mapRange(task: MapTask, checks: MapChecks, checkCancelled: () => void): Promise<MapResult> {
  const spill = task.spill === undefined ? undefined : new Spill(task.spill);
  try {
    const mapping = checks.mapping(task.share);
    const lines = spill ?? new Scratch();
    const read =
      (await mapPages(task.source, mapping, lines, checkCancelled)) ??
      (await mapBatches(task.source, mapping, lines, checkCancelled));
    return read < 0 ? { clean: false } : { clean: true, read, spill: spill?.finish() };
  } finally {
    spill?.close();
  }
}

/** Records read, -1 at the first finding; undefined where the range has no pages of cells. */
async function mapPages(
  source: SourceRange,
  mapping: RangeMapping,
  lines: LineSink,
  checkCancelled: () => void,
): Promise<number | undefined> {
  // Where rows per second are limited, nothing is won.
  if (source.kind !== "sqlite" || source.pace !== undefined) return undefined;
  const rows = mapping.rows(source.columns);
  if (rows === undefined) return undefined;
  const { readSqliteCells } = await import("../sources/sqlite-reader.ts");
  const request = { columns: rows.wanted, isWorthwhile: () => rows.isWorthwhile };
  return readSqliteCells(source, request, (pages) => {
    let read = 0;
    for (const page of pages) {
      checkCancelled();
      if (!rows.page(page, lines)) return -1;
      read += page.count;
    }
    return read;
  });
}

async function mapBatches(
  source: SourceRange,
  mapping: RangeMapping,
  lines: LineSink,
  checkCancelled: () => void,
): Promise<number> {
  let read = 0;
  for await (const batch of readRange(source)) {
    checkCancelled();
    for (let at = 0; at < batch.rows.length; at += 1) if (!mapping.record(batch, at, lines)) return -1;
    read += batch.rows.length;
  }
  return read;
}
