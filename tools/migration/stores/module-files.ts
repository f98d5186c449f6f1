import { join } from "node:path";

/** Name of the published candidate in the candidate folder. */
export const CANDIDATE_NAME = "v1";
/** Name of the one retired generation, brought back by `restore`. */
export const PREVIOUS_NAME = ".previous";
/** Name of the folder of digests, in the candidate and in each module. */
export const CHECKSUMS_NAME = "checksums";
/** Name of the file of entities of a module. */
export const DATA_NAME = "data.jsonl";
/** Name of the file of entity digests of a module. */
export const ENTITIES_NAME = "entities.jsonl";
/** Name of the chunk list of a module. */
export const CHUNKS_NAME = "chunks.jsonl";
/** Name of the file with the Merkle root of a module. */
export const MERKLE_NAME = "merkle.json";
/** Name of the file with the run root. */
export const RUN_NAME = "run.json";

/** Mode of every directory inside a candidate. */
export const DIRECTORY_MODE = 0o755;
/** Mode of every file inside a candidate. */
export const FILE_MODE = 0o644;
/** Mode of the candidate folder itself: nothing personal is readable by other users. */
export const CANDIDATE_FOLDER_MODE = 0o700;

/** Paths of the folders and files of one module (FORMATS.md, section 1). */
export interface ModuleFiles {
  readonly folder: string;
  readonly data: string;
  /** The folder that holds the three files below. */
  readonly checksums: string;
  readonly entities: string;
  readonly chunks: string;
  readonly merkle: string;
}

/** Where `module` lies in the candidate at `candidateDir`. */
export function moduleFiles(candidateDir: string, module: string): ModuleFiles {
  const folder = join(candidateDir, module);
  const checksums = join(folder, CHECKSUMS_NAME);
  return {
    folder,
    data: join(folder, DATA_NAME),
    checksums,
    entities: join(checksums, ENTITIES_NAME),
    chunks: join(checksums, CHUNKS_NAME),
    merkle: join(checksums, MERKLE_NAME),
  };
}

/** Where run.json lies in the candidate at `candidateDir`. */
export function runFile(candidateDir: string): string {
  return join(candidateDir, CHECKSUMS_NAME, RUN_NAME);
}
