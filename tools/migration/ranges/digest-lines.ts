import { closeSync, openSync, readSync } from "node:fs";
import { readUuid } from "../compiled/byte-formats.ts";
import { guardRead } from "../files/guard-read.ts";
import { CompactRange } from "../integrity/compact-range.ts";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";
import { ENTITIES_NAME } from "../stores/module-files.ts";
import type { ProofRoom } from "./proof-room.ts";
import { BATCH_LEAVES } from "./tree-batch.ts";

const HEAD = Buffer.from('{"id":"', "latin1");
const MIDDLE = Buffer.from('","sha256":"', "latin1");
const TAIL = Buffer.from('"}\n', "latin1");
const ID_AT = HEAD.length;
const MIDDLE_AT = ID_AT + 36;
const DIGEST_AT = MIDDLE_AT + MIDDLE.length;
const TAIL_AT = DIGEST_AT + 64;
/** The fixed parts as 32-bit words; the first two share a byte, and the last begins in the digest. */
const [HEAD_START, HEAD_END] = [HEAD.readInt32BE(0), HEAD.readInt32BE(3)];
const [MIDDLE_1, MIDDLE_2, MIDDLE_3] = [MIDDLE.readInt32BE(0), MIDDLE.readInt32BE(4), MIDDLE.readInt32BE(8)];
const TAIL_WORD = TAIL.readUIntBE(0, 3);

/** Reads lines `[begin, end)` of entities.jsonl batch by batch and hashes the tree over them. */
export class DigestLines {
  readonly tree: CompactRange;
  /** Raw bytes of the present batch; its first line is `batchBegin`. Destroyed when the batch is left. */
  readonly bytes: Buffer;
  readonly #room: ProofRoom;
  readonly #view: DataView;
  batchBegin: number;
  batchEnd: number;
  readonly #end: number;
  readonly #descriptor: number;

  constructor(room: ProofRoom, path: string, begin: number, end: number) {
    this.#room = room;
    this.bytes = room.batch.lines;
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
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
    this.batchEnd = begin + count;
    return true;
  }

  /** Hashes the present batch; its bytes are then gone. */
  finish(): void {
    if (this.batchEnd > this.batchBegin) this.#room.batch.appendTo(this.tree, this.batchEnd - this.batchBegin);
    this.batchBegin = this.batchEnd;
  }

  /** True where the line of leaf `index` has its form, digest left out; its id goes to `ids` from `at` on. */
  readId(index: number, ids: Uint32Array, at: number): boolean {
    const view = this.#view;
    const from = (index - this.batchBegin) * ENTITY_LINE_BYTES;
    return (
      readUuid(view, from + ID_AT, ids, at) &&
      view.getInt32(from) === HEAD_START &&
      view.getInt32(from + HEAD.length - 4) === HEAD_END &&
      view.getInt32(from + MIDDLE_AT) === MIDDLE_1 &&
      view.getInt32(from + MIDDLE_AT + 4) === MIDDLE_2 &&
      view.getInt32(from + MIDDLE_AT + 8) === MIDDLE_3 &&
      (view.getInt32(from + TAIL_AT - 1) & 0xffffff) === TAIL_WORD
    );
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
