import { readCollection } from "./read-collection.ts";
import type { Source } from "./source.ts";

/**
 * A source that gives at most so many rows per second, all readers of all threads together: they share the time at
 * which the next rows are due, and whoever has read some puts it off by what they cost.
 */
export function paced(source: Source, maxRowsPerSecond: number): Source {
  const pace = new SharedArrayBuffer(16);
  new Float64Array(pace)[1] = maxRowsPerSecond;
  const ranges: Source["ranges"] = async (collection, parts) =>
    (await source.ranges(collection, parts)).map((range) => ({ ...range, pace }));
  return {
    kind: source.kind,
    mainThreadOnly: source.mainThreadOnly,
    ranges,
    read: (collection) => readCollection(ranges(collection, 1)),
    assertUnchanged: () => source.assertUnchanged(),
    close: () => source.close(),
  };
}
