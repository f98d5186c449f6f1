import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type CandidateIndex,
  type ModuleIndex,
  notAsBuilt,
  openCandidate,
  openModule,
} from "../checks/candidate-index.ts";
import type { EntityPlace } from "../checks/digest-cursor.ts";
import { EntityCursor } from "../checks/entity-cursor.ts";
import { findEntity } from "../checks/find-entity.ts";
import { RandomReader } from "../files/random-reader.ts";
import { canonicalize } from "../integrity/canonical.ts";
import { CompactRange } from "../integrity/compact-range.ts";
import { leafHash } from "../integrity/digest.ts";
import { type PathRange, pathRanges } from "../integrity/inclusion.ts";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";
import {
  findProofFault,
  type InclusionPath,
  type ProofRecord,
  parseProof,
  proofLine,
} from "../integrity/proof-file.ts";
import { MigrationError, systemCode } from "../model/errors.ts";
import { UUID } from "../model/module.ts";
import { loadRegistry } from "../registry/load-registry.ts";
import { moduleFiles } from "../stores/module-files.ts";
import { type Context, turn } from "./context.ts";
import { registryFile } from "./registry-files.ts";

/** Which entity is meant. */
export interface EntityOptions {
  /** The candidate's folder, from the project. */
  readonly input: string;
  readonly module: string;
  /** Its UUID, or its legacy id where the project has the registry. */
  readonly id: string;
}

/** The canonical line of one entity, held to its digest; USAGE where there is none. */
export function getEntity(context: Context, options: EntityOptions): string {
  const { candidate, index, place } = find(context, options);
  const entities = new EntityCursor(candidate, index.name);
  try {
    return entities.lineOf(place);
  } finally {
    entities.close();
  }
}

/** The proof that one entity is in the run of this run root; it shows id and digest, not the entity. */
export async function prove(context: Context, options: EntityOptions): Promise<ProofRecord> {
  const { candidate, index, place } = find(context, options);
  const { run } = candidate;
  const at = run.modules.findIndex(({ name }) => name === index.name);
  const module = run.modules[at];
  if (module === undefined) throw new TypeError("a module that was opened is in the run");
  const inModule = await pathInModule(context, candidate, index, place.chunk.index + place.at);
  const leaves = [{ format: run.format, inputs: run.inputs }, ...run.modules].map((leaf) =>
    leafHash(canonicalize(leaf)),
  );
  const treeOf = ({ begin, end }: PathRange): string => rootOf(leaves.slice(begin, end));
  const inRun = { index: at + 1, path: pathRanges(at + 1, leaves.length).map(treeOf), size: leaves.length };
  const entity = { id: place.id, sha256: place.sha256 };
  const record: ProofRecord = { entity, format: "candor-proof/1", inModule, inRun, module, runRoot: run.root };
  if (findProofFault(record) === undefined) return record;
  throw notAsBuilt(candidate.label, `the digests of ${index.name} do not come to its root`);
}

/** The text of a proof, as a file holds it. */
export function proofText(proof: ProofRecord): string {
  return proofLine(proof);
}

/** What a proof shows. */
export interface VerifiedProof {
  /** Why it does not hold; undefined where it does. */
  readonly fault: string | undefined;
  readonly module: string;
  readonly id: string;
  readonly sha256: string;
  readonly runRoot: string;
}

/** Checks a proof by itself; no candidate, no project. UNVERIFIABLE where the file is no proof. */
export function verifyProof(file: string, runRoot: string | undefined): VerifiedProof {
  const proof = parseProof(readText(file));
  if (proof === undefined) {
    throw new MigrationError("UNVERIFIABLE", {
      message: `${file} is no proof of format candor-proof/1.`,
      remedy: "`candor prove` makes one.",
    });
  }
  const { entity, module } = proof;
  const other = runRoot === undefined || runRoot === proof.runRoot;
  const fault = findProofFault(proof) ?? (other ? undefined : "it holds for another run root than the one given");
  return { fault, module: module.name, ...entity, runRoot: proof.runRoot };
}

interface Found {
  readonly candidate: CandidateIndex;
  readonly index: ModuleIndex;
  readonly place: EntityPlace;
}

function find(context: Context, { input, module, id }: EntityOptions): Found {
  const candidate = openCandidate(context.root, input);
  if (!candidate.run.modules.some(({ name }) => name === module)) {
    throw new MigrationError("USAGE", {
      message: `The candidate has no module ${module}.`,
      remedy: `The modules are: ${candidate.run.modules.map(({ name }) => name).join(" ")}.`,
    });
  }
  const index = openModule(candidate, module);
  const uuid = UUID.test(id) ? id : uuidOf(context.root, module, id);
  const place = uuid === undefined ? undefined : findEntity(candidate, index, uuid);
  if (place !== undefined) return { candidate, index, place };
  throw new MigrationError("USAGE", {
    message: `The module ${module} of the candidate has no entity of that id.`,
    remedy: `Give its UUID, or its legacy id as the registry of ${module} has it; a key of two parts is '["A",1]'.`,
  });
}

/** The UUID that the registry of the project gives a legacy id. */
function uuidOf(root: string, module: string, legacyId: string): string | undefined {
  const file = registryFile(root, module);
  if (!existsSync(join(root, file))) return undefined;
  const registry = loadRegistry({ module, file, path: join(root, file) }, () => {});
  const at = registry.lookup(legacyId);
  return at < 0 ? undefined : registry.uuidAt(at);
}

/** The path of a leaf: the digests of the whole module are read once, in blocks. */
async function pathInModule(
  context: Context,
  candidate: CandidateIndex,
  { name, merkle }: ModuleIndex,
  index: number,
): Promise<InclusionPath> {
  const path = moduleFiles(candidate.input, name).entities;
  const reader = new RandomReader(path, `${name}/checksums/entities.jsonl`);
  try {
    const hashes: string[] = [];
    for (const range of pathRanges(index, merkle.size)) hashes.push(await hashRange(context, reader, range));
    return { index, path: hashes, size: merkle.size };
  } finally {
    reader.close();
  }
}

const LINES_AT_A_TIME = 8192;

async function hashRange(context: Context, reader: RandomReader, { begin, end }: PathRange): Promise<string> {
  const tree = new CompactRange();
  for (let from = begin; from < end; from += LINES_AT_A_TIME) {
    const count = Math.min(LINES_AT_A_TIME, end - from);
    const lines = reader.read(from * ENTITY_LINE_BYTES, count * ENTITY_LINE_BYTES);
    for (let at = 0; at < lines.length; at += ENTITY_LINE_BYTES) {
      tree.append(leafHash(lines.subarray(at, at + ENTITY_LINE_BYTES - 1)));
    }
    await turn(context);
  }
  return tree.root().toString("hex");
}

function rootOf(leaves: readonly Buffer[]): string {
  const tree = new CompactRange();
  for (const leaf of leaves) tree.append(leaf);
  return tree.root().toString("hex");
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new MigrationError("UNVERIFIABLE", {
      message: `The proof ${file} cannot be read (${systemCode(cause) ?? "unknown error"}).`,
      remedy: "Name a file that is there and can be read.",
      cause,
    });
  }
}
