import { closeSync, openSync, readSync } from "node:fs";
import { guardRead } from "../files/guard-read.ts";
import { CompactRange } from "../integrity/compact-range.ts";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";
import { ENTITIES_NAME } from "../stores/module-files.ts";
import { BATCH_LEAVES, TreeBatch } from "./tree-batch.ts";
import { readUuid } from "./uuid-bytes.ts";

const HEAD = Buffer.from('{"id":"', "latin1");
const MIDDLE = Buffer.from('","sha256":"', "latin1");
const TAIL = Buffer.from('"}\n', "latin1");
const ID_AT = HEAD.length;
const MIDDLE_AT = ID_AT + 36;
const DIGEST_AT = MIDDLE_AT + MIDDLE.length;
const TAIL_AT = DIGEST_AT + 64;

const batch = new TreeBatch();

/** Reads lines `[begin, end)` of entities.jsonl batch by batch and hashes the tree over them. */
export class DigestLines {
  readonly tree: CompactRange;
  /** Raw bytes of the present batch; its first line is `batchBegin`. Destroyed when the batch is left. */
  readonly bytes = batch.lines;
  batchBegin: number;
  batchEnd: number;
  readonly #end: number;
  readonly #descriptor: number;
  /** The batch as text, for comparing 64 hex digits without making a string. */
  #text = "";

  constructor(path: string, begin: number, end: number) {
    this.tree = new CompactRange(begin);
    this.batchBegin = begin;
    this.batchEnd = begin;
    this.#end = end;
    this.#descriptor = guardRead(ENTITIES_NAME, () => openSync(path, "r"));
  }

  /** Hashes the present batch and reads the next, up to a multiple of the batch size; false where the file ends early. */
  next(): boolean {
    this.finish();
    const begin = this.batchBegin;
    const count = Math.min(this.#end - begin, BATCH_LEAVES - (begin % BATCH_LEAVES));
    if (count <= 0) return false;
    const length = count * ENTITY_LINE_BYTES;
    for (let got = 0; got < length; ) {
      const at = begin * ENTITY_LINE_BYTES + got;
      const read = guardRead(ENTITIES_NAME, () => readSync(this.#descriptor, this.bytes, got, length - got, at));
      if (read === 0) return false;
      got += read;
    }
    this.#text = this.bytes.toString("latin1", 0, length);
    this.batchEnd = begin + count;
    return true;
  }

  /** Hashes the present batch; its bytes are then gone. */
  finish(): void {
    if (this.batchEnd > this.batchBegin) batch.appendTo(this.tree, this.batchEnd - this.batchBegin);
    this.batchBegin = this.batchEnd;
  }

  /** True where the line of leaf `index` has its form and this digest; its id goes to `ids` from `at` on. */
  matches(index: number, digest: string, ids: Uint32Array, at: number): boolean {
    const from = (index - this.batchBegin) * ENTITY_LINE_BYTES;
    if (!this.#text.startsWith(digest, from + DIGEST_AT)) return false;
    if (!readUuid(this.bytes, from + ID_AT, ids, at)) return false;
    return (
      has(this.bytes, from, HEAD) && has(this.bytes, from + MIDDLE_AT, MIDDLE) && has(this.bytes, from + TAIL_AT, TAIL)
    );
  }

  /** The id of leaf `index`, which must be in the present batch. */
  idAt(index: number): string {
    const from = (index - this.batchBegin) * ENTITY_LINE_BYTES + ID_AT;
    return this.#text.slice(from, from + 36);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function has(bytes: Buffer, at: number, literal: Buffer): boolean {
  for (let byte = 0; byte < literal.length; byte += 1) if (bytes[at + byte] !== literal[byte]) return false;
  return true;
}
