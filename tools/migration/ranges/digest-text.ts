import { entityLine } from "../integrity/digest.ts";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";

const EMPTY_LINE = Buffer.from(`${entityLine("00000000-0000-0000-0000-000000000000", "0".repeat(64))}\n`, "latin1");
const ID_AT = 7;
const DIGEST_AT = 55;
const HEX = Buffer.from("0123456789abcdef", "latin1");
/** Where the 32 digits of an id are among its 36 bytes. */
const DIGIT_PLACES = Uint8Array.from({ length: 36 }, (_, at) => at).filter((at) => ![8, 13, 18, 23].includes(at));

/** The lines of entities.jsonl as bytes, written into place: no text is made of an id. */
export class DigestText {
  readonly bytes: Buffer;
  #at = 0;

  /** Room for `count` lines. */
  constructor(count: number) {
    this.bytes = Buffer.allocUnsafe(count * ENTITY_LINE_BYTES);
    this.bytes.fill(EMPTY_LINE);
  }

  /** Adds the line of the id whose four words are at `wordAt`. */
  add(words: Uint32Array, wordAt: number, sha256Hex: string): void {
    const begin = this.#at;
    for (let digit = 0; digit < 32; digit += 1) {
      const word = words[wordAt + (digit >>> 3)] ?? 0;
      this.bytes[begin + ID_AT + (DIGIT_PLACES[digit] ?? 0)] = HEX[(word >>> (28 - 4 * (digit & 7))) & 15] ?? 0;
    }
    this.bytes.write(sha256Hex, begin + DIGEST_AT, "latin1");
    this.#at = begin + ENTITY_LINE_BYTES;
  }
}
