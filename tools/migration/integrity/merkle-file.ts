import type { JsonValue } from "../model/json.ts";
import { stringifyChecked } from "./canonical.ts";
import { hasExactKeys, isCount, isModuleName, isSha256Hex } from "./record-form.ts";
import { parseStrict } from "./strict-parse.ts";

/** The content of a module's merkle.json (FORMATS.md, section 5). */
export interface MerkleRecord {
  /** Size, number of lines and SHA-256 of chunks.jsonl. */
  readonly chunks: { readonly bytes: number; readonly count: number; readonly sha256: string };
  readonly data: { readonly bytes: number };
  readonly entities: { readonly bytes: number };
  readonly format: "candor-merkle/1";
  readonly hash: "sha-256";
  readonly leaf: "entities-line";
  readonly module: string;
  readonly ordering: "id";
  readonly root: string;
  /** Number of entities. */
  readonly size: number;
  readonly tree: "rfc6962";
}

const CONSTANTS = {
  format: "candor-merkle/1",
  hash: "sha-256",
  leaf: "entities-line",
  ordering: "id",
  tree: "rfc6962",
} as const;

const KEYS = [
  "chunks",
  "data",
  "entities",
  "format",
  "hash",
  "leaf",
  "module",
  "ordering",
  "root",
  "size",
  "tree",
] as const;

/** The whole text of merkle.json: JCS and one LF. */
export function merkleLine(record: MerkleRecord): string {
  const { chunks, data, entities, module, root, size } = record;
  const { bytes, count, sha256 } = chunks;
  const files = { chunks: { bytes, count, sha256 }, data: { bytes: data.bytes }, entities: { bytes: entities.bytes } };
  return stringifyChecked({ ...files, ...CONSTANTS, module, root, size }) + "\n";
}

/** Reads the whole text of merkle.json, LF included; undefined unless it is exactly what `merkleLine` writes. */
export function parseMerkle(text: string): MerkleRecord | undefined {
  const parsed = parseStrict(text);
  if (!parsed.ok || !hasExactKeys(parsed.value, KEYS)) return undefined;
  const { chunks, data, entities, module, root, size } = parsed.value;
  if (!hasExactKeys(chunks, ["bytes", "count", "sha256"]) || !isBytes(data) || !isBytes(entities)) return undefined;
  const { bytes, count, sha256 } = chunks;
  if (!isCount(bytes) || !isCount(count) || !isSha256Hex(sha256)) return undefined;
  if (!isModuleName(module) || !isSha256Hex(root) || !isCount(size)) return undefined;
  const record: MerkleRecord = { ...CONSTANTS, chunks: { bytes, count, sha256 }, data, entities, module, root, size };
  return merkleLine(record) === text ? record : undefined;
}

function isBytes(value: JsonValue): value is { readonly bytes: number } {
  return hasExactKeys(value, ["bytes"]) && isCount(value.bytes);
}
