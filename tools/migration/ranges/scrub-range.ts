import { readRaw } from "../files/raw-bytes.ts";
import { moduleFiles } from "../stores/module-files.ts";
import { ChunkHasher } from "./chunk-hasher.ts";
import type { ChunkRange } from "./verify-range.ts";

/** True where the raw bytes of the chunks of a range have their recorded digests, in both files. */
export function scrubRange(range: ChunkRange, checkCancelled: () => void): boolean {
  const files = moduleFiles(range.input, range.module);
  return (["data", "entities"] as const).every((which) => {
    const spans = range.chunks.map((chunk) => chunk[which]);
    const [first, last] = [spans[0], spans.at(-1)];
    if (first === undefined || last === undefined) return true;
    const hasher = new ChunkHasher(spans);
    const place = { offset: first.offset, length: last.offset + last.bytes - first.offset };
    const name = `${range.module}/${which}.jsonl`;
    readRaw(files[which], name, place, (bytes, length) => {
      checkCancelled();
      hasher.update(bytes, 0, length);
    });
    return hasher.clean && hasher.done;
  });
}
