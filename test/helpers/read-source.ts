import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ReadRangeOptions, readRange } from "../../tools/migration/sources/read-range.ts";
import { recordsOf } from "../../tools/migration/sources/record-batch.ts";
import type { Source } from "../../tools/migration/sources/source.ts";
import type { SourceRange } from "../../tools/migration/sources/source-range.ts";

/** The records of ranges, one after the other. */
export async function recordsIn(ranges: readonly SourceRange[], options?: ReadRangeOptions): Promise<unknown[]> {
  const records: unknown[] = [];
  for (const range of ranges) {
    for await (const batch of readRange(range, options)) records.push(...recordsOf(batch));
  }
  return records;
}

/** The records that `read` gives. */
export async function recordsOfSource(source: Source, collection: string): Promise<unknown[]> {
  const records: unknown[] = [];
  for await (const batch of source.read(collection)) records.push(...batch);
  return records;
}

/** Every file that lies in a folder, with its digest. */
export function digestsOf(dir: string): Record<string, string> {
  const entries = readdirSync(dir, { withFileTypes: true });
  const names = entries.flatMap((entry) => (entry.isFile() ? [entry.name] : [])).sort();
  return Object.fromEntries(
    names.map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(dir, name)))
        .digest("hex"),
    ]),
  );
}

/** The coded error that a promise is rejected with. */
export async function rejection(run: () => Promise<unknown>): Promise<unknown> {
  return run().then(
    () => new Error("nothing was thrown"),
    (error: unknown) => error,
  );
}
