import { createHash } from "node:crypto";
import { type ChunkRecord, chunkLine } from "../integrity/chunks.ts";
import { CompactRange, type SubtreeHash } from "../integrity/compact-range.ts";
import { sha256Hex } from "../integrity/digest.ts";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";
import { type MerkleRecord, merkleLine } from "../integrity/merkle-file.ts";
import { MigrationError } from "../model/errors.ts";
import type { ChunkStart } from "../ranges/chunk-builder.ts";
import type { EntityRange } from "../ranges/prove-range.ts";
import { FileWriter } from "../stores/file-writer.ts";
import type { ModuleFiles } from "../stores/module-files.ts";
import type { BuildResult, BuildTask } from "./build-tasks.ts";
import type { FastRun } from "./fast-map.ts";
import type { BuiltModule } from "./module-builder.ts";

/** Whole chunks, with the digests of what was in memory when they were written. */
export interface WrittenRun {
  readonly begin: ChunkStart;
  readonly end: ChunkStart;
  readonly chunks: readonly ChunkRecord[];
  readonly subtrees: readonly SubtreeHash[];
}

/** A module on the disk. */
export interface WrittenModule {
  readonly name: string;
  /** The folder of the build. */
  readonly path: string;
  readonly files: ModuleFiles;
  readonly size: number;
  readonly dataBytes: number;
  /** In order; between them are chunks that no one worker has seen whole. */
  readonly runs: WrittenRun[];
}

/** A part of a module that is read by itself: a run is compared with its digests, a seam between runs proved anew. */
type Piece =
  | { readonly kind: "run"; readonly run: WrittenRun }
  | { readonly kind: "seam"; readonly begin: ChunkStart; readonly end: ChunkStart };

/** Reads everything back through new descriptors and writes what the bytes prove (FORMATS.md, section 6). */
export async function readBack(
  run: Pick<FastRun, "pool" | "context" | "tuning">,
  modules: readonly WrittenModule[],
): Promise<ReadonlyMap<string, BuiltModule>> {
  const results = run.pool.run(tasksOf(modules, run.tuning.readBack));
  const built = new Map<string, BuiltModule>();
  for (const module of modules) {
    run.context.progress.stage(`read back ${module.name}`, module.size);
    const tree = new CompactRange();
    const chunks: ChunkRecord[] = [];
    for (const piece of piecesOf(module)) {
      const isRead = piece.kind === "seam" || run.tuning.readBack;
      const result = isRead ? await results.next() : undefined;
      const proof = provenBy(module, piece, result?.value ?? undefined, isRead);
      tree.merge(CompactRange.from(proof.begin.index, proof.end.index, proof.subtrees));
      chunks.push(...proof.chunks);
      run.context.progress.advance(proof.end.index - proof.begin.index);
    }
    built.set(module.name, writeProof(module, tree, chunks));
  }
  await results.next();
  run.context.progress.end();
  return built;
}

function* tasksOf(modules: readonly WrittenModule[], readsRuns: boolean): Generator<BuildTask> {
  for (const module of modules) {
    for (const piece of piecesOf(module)) {
      if (piece.kind === "seam") yield { kind: "prove", range: rangeOf(module, piece.begin, piece.end) };
      else if (readsRuns) {
        const { chunks } = piece.run;
        yield { kind: "scrub", chunks: { input: module.path, module: module.name, chunks, isLast: false } };
      }
    }
  }
}

function piecesOf({ runs, size, dataBytes }: WrittenModule): Piece[] {
  const pieces: Piece[] = [];
  let at: ChunkStart = { index: 0, dataOffset: 0 };
  for (const run of [...runs, undefined]) {
    const begin = run?.begin ?? { index: size, dataOffset: dataBytes };
    // A run that knows of no beginning lies in a seam as a whole.
    if (run !== undefined && run.chunks.length === 0) continue;
    if (begin.index > at.index) pieces.push({ kind: "seam", begin: at, end: begin });
    if (run === undefined) break;
    pieces.push({ kind: "run", run });
    at = run.end;
  }
  return pieces;
}

function rangeOf({ name, files }: WrittenModule, begin: ChunkStart, end: ChunkStart): EntityRange {
  return {
    data: files.data,
    entities: files.entities,
    name: `${name}/data.jsonl`,
    begin: begin.index,
    end: end.index,
    dataOffset: begin.dataOffset,
    dataBytes: end.dataOffset - begin.dataOffset,
  };
}

/** What a piece holds, now that its bytes were read; READ_BACK where they are not what was written. */
function provenBy(module: WrittenModule, piece: Piece, result: BuildResult | undefined, isRead: boolean): WrittenRun {
  if (piece.kind === "run") {
    if (isRead && (result?.kind !== "scrub" || !result.clean)) {
      throw readBackError(module.name, piece.run.begin, piece.run.end);
    }
    return piece.run;
  }
  const { begin, end } = piece;
  const proof = result?.kind === "prove" ? result.proof : undefined;
  if (proof === undefined || (proof.openEnd && end.index < module.size)) throw readBackError(module.name, begin, end);
  return { begin, end, chunks: proof.chunks, subtrees: proof.subtrees };
}

function writeProof(module: WrittenModule, tree: CompactRange, chunks: readonly ChunkRecord[]): BuiltModule {
  const writer = new FileWriter(module.files.chunks);
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
    data: { bytes: module.dataBytes },
    entities: { bytes: ENTITY_LINE_BYTES * module.size },
    format: "candor-merkle/1",
    hash: "sha-256",
    leaf: "entities-line",
    module: module.name,
    ordering: "id",
    root: tree.root().toString("hex"),
    size: module.size,
    tree: "rfc6962",
  };
  const text = merkleLine(merkle);
  const small = new FileWriter(module.files.merkle);
  small.write(text);
  small.close();
  return { merkle, merkleSha256: sha256Hex(text) };
}

function readBackError(module: string, begin: ChunkStart, end: ChunkStart): MigrationError {
  return new MigrationError("READ_BACK", {
    message: `Reading back ${module}: entities ${begin.index} to ${end.index} on disk are not what was written.`,
    remedy: "Check the disk and its free space, then run `candor migrate` again; nothing was published.",
  });
}
