import { keepPace, pacedRows } from "./pace-clock.ts";
import type { RecordBatch } from "./record-batch.ts";
import { BATCH_RECORDS } from "./source.ts";
import type { SourceRange } from "./source-range.ts";

/** How a range is read. */
export interface ReadRangeOptions {
  /** Most records in one batch. */
  readonly batchRecords?: number;
}

/** Reads one range in batches, opening what it needs for itself; SOURCE_READ when that fails. */
export async function* readRange(range: SourceRange, options: ReadRangeOptions = {}): AsyncGenerator<RecordBatch> {
  const { pace } = range;
  const batchRecords = options.batchRecords ?? BATCH_RECORDS;
  if (pace === undefined) return yield* readKind(range, batchRecords);
  for await (const batch of readKind(range, pacedRows(pace, batchRecords))) {
    await keepPace(pace, batch.rows.length);
    yield batch;
  }
}

async function* readKind(range: SourceRange, batchRecords: number): AsyncGenerator<RecordBatch> {
  switch (range.kind) {
    case "module": {
      const { readModuleRange } = await import("./module-reader.ts");
      return yield* readModuleRange(range, batchRecords);
    }
    case "jsonl": {
      const { readJsonlRange } = await import("./jsonl-reader.ts");
      return yield* readJsonlRange(range, batchRecords);
    }
    case "json": {
      const { readJsonRange } = await import("./json-reader.ts");
      return yield* readJsonRange(range, batchRecords);
    }
    case "csv": {
      const { readCsvRange } = await import("./csv-reader.ts");
      return yield* readCsvRange(range, batchRecords);
    }
    case "sqlite": {
      const { readSqliteRange } = await import("./sqlite-reader.ts");
      return yield* readSqliteRange(range, batchRecords);
    }
    case "postgres": {
      const { readPostgresRange } = await import("./postgres-reader.ts");
      return yield* readPostgresRange(range, batchRecords);
    }
    case "mysql": {
      const { readMysqlRange } = await import("./mysql-reader.ts");
      return yield* readMysqlRange(range, batchRecords);
    }
  }
}
