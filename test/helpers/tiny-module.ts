import { hash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { ChunkCutter, type ChunkRecord } from "../../tools/migration/integrity/chunks.ts";
import { CompactRange } from "../../tools/migration/integrity/compact-range.ts";
import { entityLine, leafHash } from "../../tools/migration/integrity/digest.ts";
import { moduleFiles } from "../../tools/migration/stores/module-files.ts";

/** A module of tiny entities on disk, and what the sequential code says of it. */
export interface TinyModule {
  readonly input: string;
  readonly module: string;
  readonly ids: readonly string[];
  readonly digests: readonly string[];
  /** Offsets of the lines in data.jsonl, and the size at the end. */
  readonly offsets: readonly number[];
  readonly chunks: readonly ChunkRecord[];
  readonly root: string;
}

/** The id of entity `index`; ascending. */
export function tinyId(index: number): string {
  const hex = index.toString(16).padStart(8, "0");
  return `${hex}-0000-8000-8000-${hash("sha256", hex).slice(0, 12)}`;
}

/** Writes `count` entities; where `cuts` is false none of them ends a chunk by its digest. */
export function writeTinyModule(input: string, count: number, { cuts = true, text = "" } = {}): TinyModule {
  const files = moduleFiles(input, "tiny");
  mkdirSync(files.checksums, { recursive: true });
  const [cutter, range] = [new ChunkCutter(), new CompactRange()];
  const [ids, digests, offsets, chunks]: [string[], string[], number[], ChunkRecord[]] = [[], [], [0], []];
  const [data, entities]: [string[], string[]] = [[], []];
  for (let index = 0; index < count; index += 1) {
    const id = tinyId(index);
    let line = `{"id":"${id}","n":0,"t":"${text}"}`;
    for (let n = 1; !cuts && hash("sha256", line).endsWith("000"); n += 1)
      line = `{"id":"${id}","n":${n},"t":"${text}"}`;
    const sha256 = hash("sha256", line);
    const chunk = cutter.add(id, sha256, Buffer.from(line));
    if (chunk !== undefined) chunks.push(chunk);
    range.append(leafHash(entityLine(id, sha256)));
    ids.push(id);
    digests.push(sha256);
    offsets.push((offsets.at(-1) ?? 0) + Buffer.byteLength(line) + 1);
    data.push(`${line}\n`);
    entities.push(`${entityLine(id, sha256)}\n`);
  }
  const last = cutter.end();
  if (last !== undefined) chunks.push(last);
  writeFileSync(files.data, data.join(""));
  writeFileSync(files.entities, entities.join(""));
  return { input, module: "tiny", ids, digests, offsets, chunks, root: range.root().toString("hex") };
}
