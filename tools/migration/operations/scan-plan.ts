import { existsSync, statSync } from "node:fs";
import { statPath } from "../checks/candidate-files.ts";
import { type ChunkList, readChunkList } from "../checks/chunk-list.ts";
import type { ChunkRecord } from "../integrity/chunks.ts";
import type { Finding, FindingSink } from "../model/finding.ts";
import type { ChunkRange } from "../ranges/verify-range.ts";
import { moduleFiles } from "../stores/module-files.ts";

/** One module whose chunk list is in order, cut into ranges. */
export interface ModulePlan {
  readonly name: string;
  /** Entities by the chunk list. */
  readonly size: number;
  readonly dataBytes: number;
  readonly entitiesBytes: number;
  readonly chunkList: ChunkList;
  readonly ranges: readonly ChunkRange[];
}

/** Plans the scan of a module in ranges of about `rangeBytes` of data; undefined where its chunk list has a fault. */
export function planModule(input: string, name: string, rangeBytes: number): ModulePlan | undefined {
  const files = moduleFiles(input, name);
  const dataBytes = statPath(input, `${name}/data.jsonl`)?.size ?? 0;
  const entitiesBytes = existsSync(files.entities) ? statSync(files.entities).size : 0;
  const ends = { data: dataBytes, entities: entitiesBytes };
  const chunkList = quiet((sink) => readChunkList(input, name, ends, sink));
  if (chunkList === undefined) return undefined;
  const last = chunkList.chunks.at(-1);
  const size = last === undefined ? 0 : last.index + last.count;
  const ranges = cutRanges(input, name, chunkList.chunks, rangeBytes);
  return { name, size, dataBytes, entitiesBytes, chunkList, ranges };
}

/** The value of a check that must find nothing; undefined once it finds anything. */
export function quiet<T>(check: (sink: FindingSink) => T | undefined): T | undefined {
  const found: Finding[] = [];
  const value = check((one) => found.push(one));
  return found.length === 0 ? value : undefined;
}

function cutRanges(input: string, module: string, chunks: readonly ChunkRecord[], rangeBytes: number): ChunkRange[] {
  const ranges: ChunkRange[] = [];
  let begin = 0;
  let bytes = 0;
  chunks.forEach((chunk, at) => {
    bytes += chunk.data.bytes;
    const isLast = at === chunks.length - 1;
    if (bytes < rangeBytes && !isLast) return;
    ranges.push({ input, module, chunks: chunks.slice(begin, at + 1), isLast });
    begin = at + 1;
    bytes = 0;
  });
  return ranges;
}
