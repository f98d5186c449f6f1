import { isUtf8 } from "node:buffer";
import { sha256Hex } from "../integrity/digest.ts";
import { type MerkleRecord, parseMerkle } from "../integrity/merkle-file.ts";
import { type FindingSink, finding } from "../model/finding.ts";
import { CHECKSUMS_NAME, MERKLE_NAME } from "../stores/module-files.ts";
import { readSmallFile } from "./candidate-files.ts";
import type { ModuleFacts } from "./module-scan.ts";

/** What a module's merkle.json says; `record` is undefined where it is not of our format. */
export interface MerkleFile {
  readonly record: MerkleRecord | undefined;
  /** SHA-256 of its bytes. */
  readonly sha256: string;
}

/** Reads merkle.json; undefined where it is missing, which the layout check reports. */
export function readMerkle(input: string, module: string, sink: FindingSink): MerkleFile | undefined {
  const file = `${module}/${CHECKSUMS_NAME}/${MERKLE_NAME}`;
  const bytes = readSmallFile(input, file);
  if (bytes === undefined) return undefined;
  const record = isUtf8(bytes) ? parseMerkle(bytes.toString("utf8")) : undefined;
  if (bytes.at(-1) !== 0x0a) sink(finding("FILE_TORN", { module, file }));
  else if (record === undefined) sink(finding("MERKLE_MALFORMED", { module, file }));
  return { record, sha256: sha256Hex(bytes) };
}

/** What the files of a module hold, as far as a level looks; undefined parts are not compared. */
export interface MerkleFacts extends Omit<ModuleFacts, "chunkList" | "entities"> {
  readonly chunkList: { readonly bytes: number; readonly lines?: number; readonly sha256?: string } | undefined;
}

/** Compares what merkle.json binds with what the files of the module really hold. */
export function checkMerkle(record: MerkleRecord, module: string, facts: MerkleFacts, sink: FindingSink): void {
  const place = { module, file: `${module}/${CHECKSUMS_NAME}/${MERKLE_NAME}` };
  const pairs: readonly (readonly [string, number | string | undefined, number | string])[] = [
    ["module", module, record.module],
    ["size", facts.size, record.size],
    ["data.bytes", facts.dataBytes, record.data.bytes],
    ["entities.bytes", facts.entitiesBytes, record.entities.bytes],
    ["chunks.bytes", facts.chunkList?.bytes, record.chunks.bytes],
    ["chunks.count", facts.chunkList?.lines, record.chunks.count],
    ["chunks.sha256", facts.chunkList?.sha256, record.chunks.sha256],
  ];
  for (const [field, found, recorded] of pairs) {
    if (found === undefined || found === recorded) continue;
    sink(finding("MERKLE_MISMATCH", { ...place, field, expected: String(recorded), got: String(found) }));
  }
  if (facts.root !== undefined && facts.root !== record.root) {
    sink(finding("MERKLE_ROOT", { ...place, field: "root", expected: record.root, got: facts.root }));
  }
}
