import { type ChunkRecord, chunkLine } from "../integrity/chunks.ts";
import type { SubtreeHash } from "../integrity/compact-range.ts";
import { moduleFiles } from "../stores/module-files.ts";
import { type EntityProbe, proveRange } from "./prove-range.ts";

/** A run of whole chunks of one module. */
export interface ChunkRange {
  readonly input: string;
  readonly module: string;
  readonly chunks: readonly ChunkRecord[];
  /** True where the last chunk is the last of the module. */
  readonly isLast: boolean;
}

/** What a range proved, or that it is for the authority to look at. */
export type RangeResult =
  | { readonly clean: false }
  | {
      readonly clean: true;
      readonly begin: number;
      readonly end: number;
      readonly subtrees: readonly SubtreeHash[];
    };

const UNCLEAN: RangeResult = { clean: false };

/** Proves that the digests, order, chunks and tree of a range are as recorded. */
export function verifyRange(range: ChunkRange, checkCancelled: () => void, probe?: EntityProbe): RangeResult {
  const { input, module, chunks } = range;
  const [first, last] = [chunks[0], chunks.at(-1)];
  if (first === undefined || last === undefined) return UNCLEAN;
  const { data, entities } = moduleFiles(input, module);
  const proof = proveRange(
    {
      data,
      entities,
      name: `${module}/data.jsonl`,
      begin: first.index,
      end: last.index + last.count,
      dataOffset: first.data.offset,
      dataBytes: last.data.offset + last.data.bytes - first.data.offset,
    },
    checkCancelled,
    probe,
  );
  if (proof === undefined || proof.chunks.length !== chunks.length) return UNCLEAN;
  const same = chunks.every((chunk, at) => {
    const found = proof.chunks[at];
    return found !== undefined && chunkLine(found) === chunkLine(chunk);
  });
  if (!same || (proof.openEnd && !range.isLast)) return UNCLEAN;
  return { clean: true, begin: proof.begin, end: proof.end, subtrees: proof.subtrees };
}
