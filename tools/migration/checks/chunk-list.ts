import { createHash } from "node:crypto";
import { join } from "node:path";
import { LineReader } from "../files/line-reader.ts";
import { type ChunkRecord, findChunkGap, parseChunkLine } from "../integrity/chunks.ts";
import { sha256Hex } from "../integrity/digest.ts";
import { type FindingSink, finding } from "../model/finding.ts";
import { CHECKSUMS_NAME, CHUNKS_NAME } from "../stores/module-files.ts";

/** What was found in a module's chunks.jsonl. */
export interface ChunkList {
  /** Well-formed records up to the first gap; only these can be compared with the files. */
  readonly chunks: readonly ChunkRecord[];
  /** Number of lines, well-formed or not. */
  readonly lines: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** The list of no chunks. */
export const NO_CHUNKS: ChunkList = { chunks: [], lines: 0, bytes: 0, sha256: sha256Hex("") };

/** Reads chunks.jsonl; reports lines that are no records, gaps, and a list that does not end with its files. */
export function readChunkList(
  input: string,
  module: string,
  sizes: { readonly data: number; readonly entities: number },
  sink: FindingSink,
): ChunkList {
  const file = `${module}/${CHECKSUMS_NAME}/${CHUNKS_NAME}`;
  const hash = createHash("sha256");
  let bytes = 0;
  const reader = new LineReader(join(input, file), file, {
    onBlock: (block) => {
      hash.update(block);
      bytes += block.length;
    },
  });
  const chunks: ChunkRecord[] = [];
  let lines = 0;
  let intact = true;
  try {
    for (let line = reader.next(); line !== undefined; line = reader.next()) {
      lines += 1;
      const place = { module, file, line: line.number, chunk: lines - 1, offset: line.offset };
      if (line.torn) sink(finding("FILE_TORN", place));
      const record = line.tooLong ? undefined : parseChunkLine(line.line.toString("utf8"));
      const gap = record === undefined ? undefined : findChunkGap(chunks.at(-1), record);
      if (record === undefined) sink(finding("CHUNK_LINE_MALFORMED", place));
      else if (intact && gap !== undefined) sink(finding("CHUNK_GAP", { ...place, got: gap }));
      intact = intact && record !== undefined && gap === undefined;
      if (intact && record !== undefined) chunks.push(record);
    }
  } finally {
    reader.close();
  }
  if (intact) checkEnd(chunks.at(-1), sizes, { module, file }, sink);
  return { chunks, lines, bytes, sha256: hash.digest("hex") };
}

function checkEnd(
  last: ChunkRecord | undefined,
  sizes: { readonly data: number; readonly entities: number },
  place: { readonly module: string; readonly file: string },
  sink: FindingSink,
): void {
  for (const which of ["data", "entities"] as const) {
    const end = last === undefined ? 0 : last[which].offset + last[which].bytes;
    if (end === sizes[which]) continue;
    const expected = `the list to end at byte ${sizes[which]} of ${which}.jsonl`;
    sink(finding("CHUNK_GAP", { ...place, expected, got: `byte ${end}` }));
  }
}
