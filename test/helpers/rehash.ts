import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sortedJson } from "./sorted-json.ts";

// Written from FORMATS.md with node:crypto alone: a fault in the toolkit's own hashing must not hide here too.

/** The layers of digests, each bound by the next one. */
export type Layer = "entities" | "chunks" | "merkle" | "run" | "root";

const LAYERS: readonly Layer[] = ["entities", "chunks", "merkle", "run", "root"];

interface RunJson {
  format: string;
  inputs: unknown;
  modules: { merkleSha256: string; name: string; read: number; root: string; size: number }[];
  root: string;
  runId: string;
}

/** Recomputes every digest of a candidate from layer `from` upwards, whatever the files below it say. */
export function rehash(candidate: string, from: Layer = "entities"): void {
  const todo = (layer: Layer): boolean => LAYERS.indexOf(layer) >= LAYERS.indexOf(from);
  const runPath = join(candidate, "checksums/run.json");
  const run: RunJson = JSON.parse(readFileSync(runPath, "utf8"));
  for (const record of run.modules) {
    const module = join(candidate, record.name);
    if (todo("entities")) writeEntities(module);
    if (todo("chunks")) writeChunks(module);
    if (todo("merkle")) writeMerkle(module, record.name);
    if (!todo("run")) continue;
    const bytes = readFileSync(join(module, "checksums/merkle.json"));
    const { root, size } = JSON.parse(bytes.toString("utf8"));
    Object.assign(record, { merkleSha256: sha256(bytes), read: size, root, size });
  }
  const head = { format: run.format, inputs: run.inputs };
  run.root = treeHash([head, ...run.modules].map((leaf) => leafHash(sortedJson(leaf)))).toString("hex");
  writeFileSync(runPath, `${sortedJson(run)}\n`);
}

/** The lines of a file as bytes, the LF of each included; the last one may have none. */
export function linesOf(path: string): Buffer[] {
  const bytes = readFileSync(path);
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0x0a, start);
    const next = end < 0 ? bytes.length : end + 1;
    lines.push(bytes.subarray(start, next));
    start = next;
  }
  return lines;
}

/** SHA-256 in hex. */
export function sha256(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function withoutLf(line: Buffer): Buffer {
  return line.at(-1) === 0x0a ? line.subarray(0, -1) : line;
}

/** A line that cannot be parsed still shows its id, in one spelling or another. */
function writeEntities(module: string): void {
  const lines = linesOf(join(module, "data.jsonl")).map((line) => {
    const id = /"id": ?"([0-9A-Fa-f-]{36})"/.exec(line.toString("latin1"))?.[1]?.toLowerCase();
    if (id === undefined) throw new Error("a damaged line must keep its id");
    return `{"id":"${id}","sha256":"${sha256(withoutLf(line))}"}\n`;
  });
  writeFileSync(join(module, "checksums/entities.jsonl"), lines.join(""));
}

/** Fixtures are small, so a chunk ends at a digest in 000 or at the end; the last one takes what is left of both files. */
function writeChunks(module: string): void {
  const data = linesOf(join(module, "data.jsonl"));
  const entities = linesOf(join(module, "checksums/entities.jsonl"));
  const records: string[] = [];
  const at = { data: 0, entities: 0 };
  for (let first = 0; first < entities.length; ) {
    const cut = entities.findIndex((line, index) => index >= first && line.includes('000"}'));
    const next = cut < 0 || cut === entities.length - 1 ? entities.length : cut + 1;
    const last = next === entities.length;
    const dataBytes = Buffer.concat(last ? data.slice(first) : data.slice(first, next));
    const entityBytes = Buffer.concat(entities.slice(first, next));
    const ids = entities.slice(first, next).map((line) => line.toString("latin1").slice(7, 43));
    const record = {
      count: next - first,
      data: { bytes: dataBytes.length, offset: at.data, sha256: sha256(dataBytes) },
      entities: { bytes: entityBytes.length, offset: at.entities, sha256: sha256(entityBytes) },
      first: ids[0],
      index: first,
      last: ids.at(-1),
    };
    records.push(`${sortedJson(record)}\n`);
    at.data += dataBytes.length;
    at.entities += entityBytes.length;
    first = next;
  }
  writeFileSync(join(module, "checksums/chunks.jsonl"), records.join(""));
}

function writeMerkle(module: string, name: string): void {
  const chunks = readFileSync(join(module, "checksums/chunks.jsonl"));
  const entities = linesOf(join(module, "checksums/entities.jsonl"));
  const record = {
    chunks: {
      bytes: chunks.length,
      count: linesOf(join(module, "checksums/chunks.jsonl")).length,
      sha256: sha256(chunks),
    },
    data: { bytes: readFileSync(join(module, "data.jsonl")).length },
    entities: { bytes: Buffer.concat(entities).length },
    format: "candor-merkle/1",
    hash: "sha-256",
    leaf: "entities-line",
    module: name,
    ordering: "id",
    root: treeHash(entities.map((line) => leafHash(withoutLf(line)))).toString("hex"),
    size: entities.length,
    tree: "rfc6962",
  };
  writeFileSync(join(module, "checksums/merkle.json"), `${sortedJson(record)}\n`);
}

function leafHash(bytes: string | Uint8Array): Buffer {
  return createHash("sha256").update("\0").update(bytes).digest();
}

/** MTH of RFC 6962, section 2.1, by its recursive definition. */
function treeHash(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return createHash("sha256").digest();
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const [left, right] = [treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split))];
  return createHash("sha256").update("\x01").update(left).update(right).digest();
}
