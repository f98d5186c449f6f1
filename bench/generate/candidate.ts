import { createHash, hash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { canonicalText } from "./canonical.ts";
import type { Json, ModuleShape } from "./field.ts";
import { indexesById } from "./id-order.ts";
import { LineFile } from "./line-file.ts";
import { Records } from "./records.ts";
import { Tree } from "./tree.ts";

/** Limits of a chunk (FORMATS.md, section 4). */
const CHUNK_ENTITIES = 65_536;
const CHUNK_BYTES = 64 * 1024 * 1024;
const ENTITY_LINE = 122;

/** What is known of a candidate that was written. */
export interface WrittenCandidate {
  /** The run root. */
  readonly root: string;
  readonly modules: readonly WrittenModule[];
}

/** Sizes of one module of a candidate. */
export interface WrittenModule {
  readonly name: string;
  readonly entities: number;
  readonly dataBytes: number;
}

/**
 * Writes a candidate with nothing of the tool (FORMATS.md, sections 1 to 5): something to verify before migrate is
 * fast, and a second opinion on what migrate wrote.
 */
export function writeCandidate(
  dir: string,
  modules: readonly ModuleShape[],
  inputs: Json,
  changed?: ReadonlySet<number>,
): WrittenCandidate {
  const written = modules.map((module) => writeModule(dir, new Records(module, modules, changed)));
  const sorted = written.map(({ record }) => record).sort((left, right) => (left.name < right.name ? -1 : 1));
  const format = "candor-run/1";
  const tree = new Tree();
  tree.add(canonicalText({ format, inputs }));
  for (const record of sorted) tree.add(canonicalText({ ...record }));
  const root = tree.root();
  mkdirSync(join(dir, "checksums"), { recursive: true });
  const run = { format, inputs, modules: sorted.map((record) => ({ ...record })), root, runId: "run-local" };
  writeFileSync(join(dir, "checksums", "run.json"), `${canonicalText(run)}\n`);
  return { root, modules: written.map(({ sizes }) => sizes) };
}

function writeModule(dir: string, records: Records) {
  const { name, count } = records.module;
  const folder = join(dir, name);
  const sums = join(folder, "checksums");
  mkdirSync(sums, { recursive: true });
  const [data, entities] = [new LineFile(join(folder, "data.jsonl")), new LineFile(join(sums, "entities.jsonl"))];
  const [tree, chunks] = [new Tree(), new Chunks()];
  for (const index of indexesById(count, (at) => records.legacyId(at), name)) {
    const id = records.id(index);
    const line = records.line(index, id);
    const digest = hash("sha256", line);
    const entity = `{"id":"${id}","sha256":"${digest}"}`;
    tree.add(entity);
    entities.write(`${entity}\n`);
    chunks.add({ id, digest, line: `${line}\n`, entity: `${entity}\n`, bytes: data.write(`${line}\n`) });
  }
  data.close();
  entities.close();
  const lines = chunks.end();
  writeFileSync(join(sums, "chunks.jsonl"), lines.text);
  const root = tree.root();
  const merkle = merkleText(name, { root, count, dataBytes: lines.dataBytes, chunks: lines });
  writeFileSync(join(sums, "merkle.json"), merkle);
  const record = { merkleSha256: hash("sha256", merkle), name, read: count, root, size: count };
  return { record, sizes: { name, entities: count, dataBytes: lines.dataBytes } };
}

interface MerkleParts {
  readonly root: string;
  readonly count: number;
  readonly dataBytes: number;
  readonly chunks: { readonly text: string; readonly count: number };
}

function merkleText(module: string, { root, count, dataBytes, chunks }: MerkleParts): string {
  const bytes = Buffer.byteLength(chunks.text);
  const value = {
    chunks: { bytes, count: chunks.count, sha256: hash("sha256", chunks.text) },
    data: { bytes: dataBytes },
    entities: { bytes: ENTITY_LINE * count },
    format: "candor-merkle/1",
    hash: "sha-256",
    leaf: "entities-line",
    module,
    ordering: "id",
    root,
    size: count,
    tree: "rfc6962",
  };
  return `${canonicalText(value)}\n`;
}

interface ChunkEntity {
  readonly id: string;
  readonly digest: string;
  readonly line: string;
  readonly entity: string;
  readonly bytes: number;
}

class Chunks {
  readonly #lines: string[] = [];
  #data = createHash("sha256");
  #entities = createHash("sha256");
  #first = "";
  #last = "";
  #count = 0;
  #bytes = 0;
  #index = 0;
  #offset = 0;

  add({ id, digest, line, entity, bytes }: ChunkEntity): void {
    if (this.#count === 0) this.#first = id;
    this.#data.update(line);
    this.#entities.update(entity);
    this.#last = id;
    this.#count += 1;
    this.#bytes += bytes;
    if (digest.endsWith("000") || this.#count >= CHUNK_ENTITIES || this.#bytes >= CHUNK_BYTES) this.#close();
  }

  end(): { readonly text: string; readonly count: number; readonly dataBytes: number } {
    if (this.#count > 0) this.#close();
    return { text: this.#lines.join(""), count: this.#lines.length, dataBytes: this.#offset };
  }

  #close(): void {
    const count = this.#count;
    const value = {
      count,
      data: { bytes: this.#bytes, offset: this.#offset, sha256: this.#data.digest("hex") },
      entities: { bytes: ENTITY_LINE * count, offset: ENTITY_LINE * this.#index, sha256: this.#entities.digest("hex") },
      first: this.#first,
      index: this.#index,
      last: this.#last,
    };
    this.#lines.push(`${canonicalText(value)}\n`);
    this.#index += count;
    this.#offset += this.#bytes;
    this.#count = 0;
    this.#bytes = 0;
    this.#data = createHash("sha256");
    this.#entities = createHash("sha256");
  }
}
