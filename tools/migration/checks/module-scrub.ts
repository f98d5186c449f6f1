import { join } from "node:path";
import { readRaw } from "../files/raw-bytes.ts";
import type { ChunkRecord } from "../integrity/chunks.ts";
import type { FindingPlace, FindingSink } from "../model/finding.ts";
import { CHECKSUMS_NAME, DATA_NAME, ENTITIES_NAME } from "../stores/module-files.ts";
import { readChunkList } from "./chunk-list.ts";
import { ChunkVerifier } from "./chunk-verifier.ts";
import type { MerkleFacts } from "./merkle-check.ts";
import { moduleSizes } from "./module-sizes.ts";
import { SecondRead } from "./second-read.ts";

/** What to look at in one module below the level `verify`, and whom to tell. */
export interface ModuleScrubOptions {
  readonly input: string;
  readonly module: string;
  readonly level: "quick" | "scrub";
  readonly sink: FindingSink;
  /** Called before bytes with a wrong digest are read once more. */
  readonly onMismatch?: ((place: FindingPlace) => void) | undefined;
  /** Awaited after each chunk with its entities, once both files were read. */
  readonly turn: (entities: number) => Promise<void>;
}

/**
 * Facts of a module that the levels `quick` (sizes alone) and `scrub` (raw bytes by chunk) prove; what they report, the
 * scan of level `verify` reports too.
 */
export async function scrubModule(options: ModuleScrubOptions): Promise<MerkleFacts> {
  const { input, module, level, sink } = options;
  const sizes = moduleSizes(input, module);
  const facts = { dataBytes: sizes.data, entitiesBytes: sizes.entities, root: undefined, size: undefined };
  if (sizes.chunks === undefined) return { ...facts, chunkList: undefined };
  if (level === "quick") return { ...facts, chunkList: { bytes: sizes.chunks } };
  const ends = { data: sizes.data ?? 0, entities: sizes.entities ?? 0 };
  const chunkList = readChunkList(input, module, ends, sink);
  const read = [
    ...(sizes.data === undefined ? [] : [chunkReader(options, "data", `${module}/${DATA_NAME}`, chunkList.chunks)]),
    ...(sizes.entities === undefined
      ? []
      : [chunkReader(options, "entities", `${module}/${CHECKSUMS_NAME}/${ENTITIES_NAME}`, chunkList.chunks)]),
  ];
  for (const chunk of chunkList.chunks) {
    for (const next of read) next(chunk);
    await options.turn(chunk.count);
  }
  return { ...facts, chunkList };
}

/** Reads one chunk after the other; behind the end of the file there is nothing that the chunk list did not say. */
function chunkReader(
  { input, module, sink, onMismatch }: ModuleScrubOptions,
  which: "data" | "entities",
  file: string,
  chunks: readonly ChunkRecord[],
): (chunk: ChunkRecord) => void {
  const verifier = new ChunkVerifier(which, chunks, { module, file }, sink, new SecondRead(input, onMismatch));
  return (chunk) => {
    let { offset } = chunk[which];
    readRaw(join(input, file), file, { offset, length: chunk[which].bytes }, (bytes, length) => {
      verifier.update(bytes.subarray(0, length), offset);
      offset += length;
    });
  };
}
