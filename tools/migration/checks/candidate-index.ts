import { isAbsolute, join } from "node:path";
import { PROJECT } from "../config/paths.ts";
import type { ChunkRecord } from "../integrity/chunks.ts";
import type { MerkleRecord } from "../integrity/merkle-file.ts";
import type { RunRecord } from "../integrity/run-file.ts";
import { MigrationError } from "../model/errors.ts";
import type { Finding, FindingSink } from "../model/finding.ts";
import { ENTITIES_NAME } from "../stores/module-files.ts";
import { statPath } from "./candidate-files.ts";
import { readChunkList } from "./chunk-list.ts";
import { checkMerkle, readMerkle } from "./merkle-check.ts";
import { checkRunModule, checkRunRoot, readRun } from "./run-check.ts";

/** Where a build leaves its candidate. */
const USUAL_PLACE = `${PROJECT.candidates}/v1`;

/** A candidate whose small files agree with each other: the way to single entities without reading all of them. */
export interface CandidateIndex {
  /** Absolute path. */
  readonly input: string;
  /** The path as a person wrote it, for messages. */
  readonly label: string;
  readonly run: RunRecord;
}

/** The chunk list of one module, bound to the run root by digest. */
export interface ModuleIndex {
  readonly name: string;
  readonly merkle: MerkleRecord;
  readonly chunks: readonly ChunkRecord[];
}

/** Opens the candidate at `label`, from `root`; UNVERIFIABLE where there is none or run.json is not sound. */
export function openCandidate(root: string, label: string): CandidateIndex {
  const input = isAbsolute(label) ? label : join(root, label);
  if (statPath(input, "")?.isDirectory() !== true) throw noCandidate(label);
  const run = sound(label, (sink) => {
    const record = readRun(input, sink);
    if (record !== undefined) checkRunRoot(record, sink);
    return record;
  });
  return { input, label, run };
}

/** The error of a place without a candidate; a place that a person named is more likely mistyped than not yet built. */
export function noCandidate(label: string): MigrationError {
  const isUsual = label === USUAL_PLACE;
  return new MigrationError("UNVERIFIABLE", {
    message: `There is no candidate at ${label}.`,
    remedy: isUsual
      ? "`candor migrate` builds one; `candor restore` brings the previous one back."
      : `There is no such folder: correct the path, which starts at the project's folder. Without one ${USUAL_PLACE} is meant, which \`candor migrate\` builds.`,
  });
}

/** Reads merkle.json and the chunk list of a module of the run; UNVERIFIABLE where they are not those of the run. */
export function openModule({ input, label, run }: CandidateIndex, name: string): ModuleIndex {
  return sound(label, (sink) => {
    const file = readMerkle(input, name, sink);
    if (file?.record === undefined) return undefined;
    checkRunModule(run, name, file, sink);
    const dataBytes = statPath(input, `${name}/data.jsonl`)?.size;
    const entitiesBytes = statPath(input, `${name}/checksums/${ENTITIES_NAME}`)?.size;
    if (dataBytes === undefined || entitiesBytes === undefined) return undefined;
    const chunkList = readChunkList(input, name, { data: dataBytes, entities: entitiesBytes }, sink);
    const last = chunkList.chunks.at(-1);
    const size = last === undefined ? 0 : last.index + last.count;
    checkMerkle(file.record, name, { size, dataBytes, entitiesBytes, root: undefined, chunkList }, sink);
    return { name, merkle: file.record, chunks: chunkList.chunks };
  });
}

/** The error of bytes that are not those of the run. */
export function notAsBuilt(label: string, what: string): MigrationError {
  return new MigrationError("UNVERIFIABLE", {
    message: `The candidate ${label} is not what was built: ${what}.`,
    remedy: `\`candor verify-checksums --input ${label}\` names everything that is wrong with it.`,
  });
}

function sound<T>(label: string, read: (sink: FindingSink) => T | undefined): T {
  const found: Finding[] = [];
  const value = read((one) => found.push(one));
  const [first] = found;
  if (first !== undefined) throw notAsBuilt(label, `${first.file ?? "a file"}: ${first.code}`);
  if (value === undefined) throw notAsBuilt(label, "a file of it is missing");
  return value;
}
