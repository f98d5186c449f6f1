import type { JsonValue } from "../model/json.ts";
import { UUID } from "../model/module.ts";
import { canonicalize } from "./canonical.ts";
import { entityLine, leafHash } from "./digest.ts";
import { rootOfPath } from "./inclusion.ts";
import { hasExactKeys, isCount, isModuleName, isSha256Hex } from "./record-form.ts";
import type { RunModule } from "./run-file.ts";
import { parseStrict } from "./strict-parse.ts";

/** Where a leaf is in a tree, and the hashes from it to the root. */
export interface InclusionPath {
  readonly index: number;
  readonly path: readonly string[];
  readonly size: number;
}

/** The content of a proof: one entity, in one module, in one run (FORMATS.md, section 13). */
export interface ProofRecord {
  readonly entity: { readonly id: string; readonly sha256: string };
  readonly format: "candor-proof/1";
  readonly inModule: InclusionPath;
  readonly inRun: InclusionPath;
  /** The module record of run.json: the leaf of the run. */
  readonly module: RunModule;
  readonly runRoot: string;
}

const FORMAT = "candor-proof/1";

/** The text of a proof: JCS and one LF. */
export function proofLine(record: ProofRecord): string {
  return `${canonicalize(record)}\n`;
}

/** Reads a proof; undefined unless it has exactly the form of one, in any JSON spelling. */
export function parseProof(text: string): ProofRecord | undefined {
  const parsed = parseStrict(text);
  const keys = ["entity", "format", "inModule", "inRun", "module", "runRoot"];
  if (!parsed.ok || !hasExactKeys(parsed.value, keys)) return undefined;
  const { entity, format, inModule, inRun, module, runRoot } = parsed.value;
  if (format !== FORMAT || !isEntity(entity) || !isPath(inModule) || !isPath(inRun)) return undefined;
  if (!isModule(module) || !isSha256Hex(runRoot)) return undefined;
  return { entity, format, inModule, inRun, module, runRoot };
}

/** Why a proof does not hold; undefined where it does. */
export function findProofFault({ entity, inModule, inRun, module, runRoot }: ProofRecord): string | undefined {
  const leaf = leafHash(entityLine(entity.id, entity.sha256));
  if (inModule.size !== module.size) return `the size of the module: expected ${module.size}, got ${inModule.size}`;
  if (rootIn(leaf, inModule) !== module.root) return "the path from the entity does not lead to the root of the module";
  if (inRun.index === 0) return "the path from the module is that of the inputs";
  const record = leafHash(canonicalize(module));
  return rootIn(record, inRun) === runRoot ? undefined : "the path from the module does not lead to the run root";
}

function rootIn(leaf: Uint8Array, { index, size, path }: InclusionPath): string | undefined {
  const hashes = path.map((hash) => Buffer.from(hash, "hex"));
  return rootOfPath(leaf, index, size, hashes)?.toString("hex");
}

function isEntity(value: JsonValue | undefined): value is JsonValue & ProofRecord["entity"] {
  if (value === undefined || !hasExactKeys(value, ["id", "sha256"])) return false;
  return typeof value.id === "string" && UUID.test(value.id) && isSha256Hex(value.sha256);
}

function isPath(value: JsonValue | undefined): value is JsonValue & InclusionPath {
  if (value === undefined || !hasExactKeys(value, ["index", "path", "size"])) return false;
  const { index, path, size } = value;
  return isCount(index) && isCount(size) && Array.isArray(path) && path.length <= 64 && path.every(isSha256Hex);
}

function isModule(value: JsonValue | undefined): value is JsonValue & RunModule {
  if (value === undefined || !hasExactKeys(value, ["merkleSha256", "name", "read", "root", "size"])) return false;
  const { merkleSha256, name, read, root, size } = value;
  return isSha256Hex(merkleSha256) && isModuleName(name) && isCount(read) && isSha256Hex(root) && isCount(size);
}
