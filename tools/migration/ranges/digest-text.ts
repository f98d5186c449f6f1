import { copyText, putUuid } from "../compiled/byte-copy.ts";
import { entityLine } from "../integrity/digest.ts";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";

const EMPTY_LINE = Buffer.from(`${entityLine("00000000-0000-0000-0000-000000000000", "0".repeat(64))}\n`, "latin1");
const ID_AT = 7;
const DIGEST_AT = 55;
const DIGEST_CHARS = 64;
/** Digests that are made bytes of with one call: one for each costs more than its copy. */
const BATCH = 256;

/** The lines of entities.jsonl as bytes, written into place: no text is made of an id. Reused from part to part. */
export class DigestText {
  #room = Buffer.alloc(0);
  #view = new DataView(new ArrayBuffer(0));
  #count = 0;
  /** Lines whose digest is in place, and those that have their id. */
  #written = 0;
  #added = 0;
  #digests = "";
  readonly #batch = Buffer.alloc(BATCH * DIGEST_CHARS);
  readonly #batchView = new DataView(this.#batch.buffer, this.#batch.byteOffset, this.#batch.length);

  /** Makes room for `count` lines in place of those there were. */
  begin(count: number): void {
    if (this.#room.length < count * ENTITY_LINE_BYTES) {
      const bytes = new ArrayBuffer(count * ENTITY_LINE_BYTES);
      this.#room = Buffer.from(bytes);
      this.#room.fill(EMPTY_LINE);
      this.#view = new DataView(bytes);
    }
    this.#count = count;
    this.#written = 0;
    this.#added = 0;
    this.#digests = "";
  }

  /** Adds the line of the id whose four words are at `wordAt`. */
  add(words: Uint32Array, wordAt: number, sha256Hex: string): void {
    putUuid(this.#view, this.#added * ENTITY_LINE_BYTES + ID_AT, words, wordAt);
    this.#added += 1;
    this.#digests += sha256Hex;
    if (this.#added - this.#written === BATCH) this.#flush();
  }

  /** All lines, once each was added; until then those that were. */
  get bytes(): Buffer {
    this.#flush();
    return this.#room.subarray(0, this.#count * ENTITY_LINE_BYTES);
  }

  /** The id of a line that was added. */
  idAt(line: number): string {
    const from = line * ENTITY_LINE_BYTES + ID_AT;
    return this.#room.toString("latin1", from, from + 36);
  }

  #flush(): void {
    const length = this.#batch.write(this.#digests, 0, "latin1");
    this.#digests = "";
    let line = this.#written * ENTITY_LINE_BYTES + DIGEST_AT;
    for (let at = 0; at < length; at += DIGEST_CHARS) {
      copyText(this.#batchView, at, at + DIGEST_CHARS, this.#view, line);
      line += ENTITY_LINE_BYTES;
    }
    this.#written = this.#added;
  }
}
