import { closeSync, openSync, readSync } from "node:fs";
import { guardRead } from "../files/guard-read.ts";
import { CompactRange } from "../integrity/compact-range.ts";
import { DIGEST_AT, ID_AT } from "../integrity/lanes/line-lanes.ts";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";
import { compareWords } from "../integrity/uuid-words.ts";
import { ENTITIES_NAME } from "../stores/module-files.ts";
import type { ProofRoom } from "./proof-room.ts";
import { BATCH_LEAVES } from "./tree-batch.ts";

/** 32-bit words of an id, and their bytes. */
const [WORDS, ID_BYTES] = [4, 16];

/** Reads lines `[begin, end)` of entities.jsonl batch by batch and hashes the tree over them. */
export class DigestLines {
  readonly tree: CompactRange;
  /** Raw bytes of the present batch; its first line is `batchBegin`. Destroyed when the batch is left. */
  readonly bytes: Buffer;
  readonly #room: ProofRoom;
  batchBegin: number;
  batchEnd: number;
  readonly #end: number;
  readonly #descriptor: number;

  constructor(room: ProofRoom, path: string, begin: number, end: number) {
    this.#room = room;
    this.bytes = room.batch.lines;
    this.tree = new CompactRange(begin);
    this.batchBegin = begin;
    this.batchEnd = begin;
    this.#end = end;
    this.#descriptor = guardRead(ENTITIES_NAME, () => openSync(path, "r"));
  }

  /**
   * Hashes the present batch and reads the next, up to a multiple of the batch size; false where the file ends early, or a
   * line has not its form.
   */
  next(): boolean {
    const { lanes, ids } = this.#room;
    const last = WORDS * (this.batchEnd - this.batchBegin);
    ids.copyWithin(0, last, last + WORDS);
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
    this.batchEnd = begin + count;
    return lanes.ids(this.bytes.byteOffset, ids.byteOffset + ID_BYTES, count) === 0;
  }

  /** Hashes the present batch; its bytes are then gone. */
  finish(): void {
    if (this.batchEnd > this.batchBegin) this.#room.batch.appendTo(this.tree, this.batchEnd - this.batchBegin);
    this.batchBegin = this.batchEnd;
  }

  /** True where the id of leaf `index`, which must be in the present batch, is above that of the leaf before it. */
  isAbove(index: number): boolean {
    const at = WORDS * (index - this.batchBegin);
    return compareWords(this.#room.ids, at, this.#room.ids, at + WORDS) < 0;
  }

  /** The words of the ids from leaf `index` on, which must be in the present batch, in the memory of the lanes. */
  idsFrom(index: number): Uint32Array {
    return this.#room.ids.subarray(WORDS * (index - this.batchBegin + 1));
  }

  /** True where the lines of the `count` leaves from `first` on have the digests of the first lines that were hashed last. */
  haveDigests(first: number, count: number): boolean {
    const { lanes, digests } = this.#room;
    const texts = this.bytes.byteOffset + (first - this.batchBegin) * ENTITY_LINE_BYTES + DIGEST_AT;
    return lanes.differ(digests.at, texts, count) === 0;
  }

  /** The id of leaf `index`, which must be in the present batch. */
  idAt(index: number): string {
    const from = (index - this.batchBegin) * ENTITY_LINE_BYTES + ID_AT;
    return this.bytes.toString("latin1", from, from + 36);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
