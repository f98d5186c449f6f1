import { createHash } from "node:crypto";
import { closeSync, fsync, mkdirSync, openSync, rmSync } from "node:fs";
import { promisify } from "node:util";
import pLimit from "p-limit";
import { type ChunkRecord, chunkLine } from "../integrity/chunks.ts";
import { CompactRange } from "../integrity/compact-range.ts";
import { sha256Hex } from "../integrity/digest.ts";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";
import { type MerkleRecord, merkleLine } from "../integrity/merkle-file.ts";
import { MigrationError } from "../model/errors.ts";
import type { EntityRange } from "../ranges/prove-range.ts";
import type { SpillResult } from "../ranges/spill.ts";
import type { PartitionTask } from "../ranges/write-partition.ts";
import { FileWriter } from "../stores/file-writer.ts";
import { type ModuleFiles, moduleFiles } from "../stores/module-files.ts";
import { type FastMapped, type FastRun, fastMap } from "./fast-map.ts";
import { type BuiltModule, spillFolder } from "./module-builder.ts";

/** A candidate whose modules were written and read back on all cores. */
export interface FastBuilt extends FastMapped {
  readonly built: ReadonlyMap<string, BuiltModule>;
}

/** The files of one module while they are built. */
interface Work {
  readonly name: string;
  readonly files: ModuleFiles;
  readonly partitions: readonly PartitionTask[];
  readonly size: number;
  readonly dataBytes: number;
  /** Where ranges for the read-back may begin: at the start of a chunk. */
  readonly starts: { readonly index: number; readonly dataOffset: number }[];
}

const fsyncAsync = promisify(fsync);
/** More would only queue in the disk and keep Node's four file threads from everything else. */
const SYNCS_AT_A_TIME = 2;

/** Builds the modules of a candidate in `path`; undefined where anything is for the authority to say. */
export async function fastBuild(run: FastRun, path: string): Promise<FastBuilt | undefined> {
  const spillDir = spillFolder(path);
  mkdirSync(spillDir, { recursive: true });
  const mapped = await fastMap(run, spillDir);
  if (mapped === undefined) return undefined;
  const works = run.project.modules.map(({ name }) => planModule(path, name, mapped.spills.get(name) ?? []));
  if (!(await writeModules(run, works))) return undefined;
  rmSync(spillDir, { recursive: true, force: true });
  const built = await proveModules(run, works);
  return { ...mapped, built };
}

function planModule(path: string, name: string, spills: readonly SpillResult[]): Work {
  const files = moduleFiles(path, name);
  mkdirSync(files.checksums, { recursive: true });
  for (const file of [files.data, files.entities]) closeSync(openSync(file, "wx", 0o600));
  const partitions: PartitionTask[] = [];
  let [index, dataOffset] = [0, 0];
  for (let at = 0; at < (spills[0]?.counts.length ?? 0); at += 1) {
    const count = spills.reduce((sum, spill) => sum + (spill.counts[at] ?? 0), 0);
    const dataBytes = spills.reduce((sum, spill) => sum + (spill.dataBytes[at] ?? 0), 0);
    const extents = spills.flatMap((spill) => spill.extents[at] ?? []);
    if (count > 0)
      partitions.push({ extents, count, dataBytes, index, dataOffset, data: files.data, entities: files.entities });
    index += count;
    dataOffset += dataBytes;
  }
  return { name, files, partitions, size: index, dataBytes: dataOffset, starts: [{ index: 0, dataOffset: 0 }] };
}

/** Writes the partitions, each to its place, and makes each file durable while the next module is written. */
async function writeModules(run: FastRun, works: readonly Work[]): Promise<boolean> {
  const results = run.pool.run(
    works.flatMap(({ partitions }) => partitions.map((partition) => ({ kind: "partition", partition }) as const)),
  );
  const limit = pLimit(SYNCS_AT_A_TIME);
  const syncs: Promise<void>[] = [];
  for (const work of works) {
    run.context.progress.stage(`write ${work.name}`, work.size);
    for (const { count } of work.partitions) {
      const result = (await results.next()).value;
      if (result?.kind !== "partition" || !result.partition.clean) return false;
      const { chunkStart } = result.partition;
      if (chunkStart !== undefined && chunkStart.index < work.size) work.starts.push(chunkStart);
      run.context.progress.advance(count);
    }
    syncs.push(
      limit(() => syncFile(work.files.data)),
      limit(() => syncFile(work.files.entities)),
    );
  }
  await results.next();
  await Promise.all(syncs);
  return true;
}

async function syncFile(path: string): Promise<void> {
  const descriptor = openSync(path, "r");
  try {
    // An error here is final: a second fsync would succeed over lost data.
    await fsyncAsync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Reads everything back through new descriptors and writes what the bytes prove (FORMATS.md, section 6). */
async function proveModules(run: FastRun, works: readonly Work[]): Promise<ReadonlyMap<string, BuiltModule>> {
  const ranges = works.flatMap((work) => rangesOf(work));
  const results = run.pool.run(ranges.map((range) => ({ kind: "prove", range }) as const));
  const built = new Map<string, BuiltModule>();
  for (const work of works) {
    run.context.progress.stage(`read back ${work.name}`, work.size);
    const tree = new CompactRange();
    const chunks: ChunkRecord[] = [];
    for (const range of rangesOf(work)) {
      const result = (await results.next()).value;
      const proof = result?.kind === "prove" ? result.proof : undefined;
      if (proof === undefined || (proof.openEnd && range.end < work.size)) throw readBackError(work.name, range);
      tree.merge(CompactRange.from(proof.begin, proof.end, proof.subtrees));
      chunks.push(...proof.chunks);
      run.context.progress.advance(range.end - range.begin);
    }
    built.set(work.name, writeProof(work, tree, chunks));
  }
  await results.next();
  run.context.progress.end();
  return built;
}

function rangesOf(work: Work): EntityRange[] {
  if (work.size === 0) return [];
  return work.starts.map((start, at) => {
    const next = work.starts[at + 1] ?? { index: work.size, dataOffset: work.dataBytes };
    return {
      data: work.files.data,
      entities: work.files.entities,
      name: `${work.name}/data.jsonl`,
      begin: start.index,
      end: next.index,
      dataOffset: start.dataOffset,
      dataBytes: next.dataOffset - start.dataOffset,
    };
  });
}

function writeProof(work: Work, tree: CompactRange, chunks: readonly ChunkRecord[]): BuiltModule {
  const writer = new FileWriter(work.files.chunks);
  const hash = createHash("sha256");
  for (const chunk of chunks) {
    const text = `${chunkLine(chunk)}\n`;
    writer.write(text);
    hash.update(text);
  }
  const bytes = writer.bytes;
  writer.close();
  const merkle: MerkleRecord = {
    chunks: { bytes, count: chunks.length, sha256: hash.digest("hex") },
    data: { bytes: work.dataBytes },
    entities: { bytes: ENTITY_LINE_BYTES * work.size },
    format: "candor-merkle/1",
    hash: "sha-256",
    leaf: "entities-line",
    module: work.name,
    ordering: "id",
    root: tree.root().toString("hex"),
    size: work.size,
    tree: "rfc6962",
  };
  const text = merkleLine(merkle);
  const small = new FileWriter(work.files.merkle);
  small.write(text);
  small.close();
  return { merkle, merkleSha256: sha256Hex(text) };
}

function readBackError(module: string, range: EntityRange): MigrationError {
  return new MigrationError("READ_BACK", {
    message: `Reading back ${module}: entities ${range.begin} to ${range.end} on disk are not what was written.`,
    remedy: "Check the disk and its free space, then run `candor migrate` again; nothing was published.",
  });
}
