import { readRange } from "./read-range.ts";
import { recordsOf } from "./record-batch.ts";
import type { SourceRange } from "./source-range.ts";

/** Reads ranges one after the other as batches of records. */
export async function* readCollection(ranges: Promise<readonly SourceRange[]>): AsyncGenerator<readonly unknown[]> {
  for (const range of await ranges) {
    for await (const batch of readRange(range)) yield recordsOf(batch);
  }
}
