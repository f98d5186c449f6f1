import { isUtf8 } from "node:buffer";
import type { CsvFormat } from "../model/csv-format.ts";

const EMPTY = Buffer.alloc(0);

/** The blocks of a file as UTF-8, cut between characters, with whether any byte so far was none of UTF-8. */
export class Utf8Blocks {
  readonly #encoding: NonNullable<CsvFormat["encoding"]>;
  #rest: Buffer = EMPTY;
  /** True once there were bytes that are no UTF-8: then U+FFFD in a text may stand for them. */
  isSuspect = false;

  constructor(encoding: NonNullable<CsvFormat["encoding"]>) {
    this.#encoding = encoding;
  }

  /** The next bytes as whole characters; the buffer given may be reused. */
  next(block: Buffer): Buffer {
    if (this.#encoding === "latin1") return Buffer.from(block.toString("latin1"), "utf8");
    const whole = Buffer.concat([this.#rest, block]);
    const end = whole.length - openBytes(whole);
    this.#rest = whole.subarray(end);
    return this.#checked(whole.subarray(0, end));
  }

  /** What is left at the end of the file. */
  end(): Buffer {
    return this.#checked(this.#rest);
  }

  #checked(bytes: Buffer): Buffer {
    if (!isUtf8(bytes)) this.isSuspect = true;
    return bytes;
  }
}

/** How many bytes at the end begin a character that goes on behind it. */
function openBytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? back : 0;
  }
  return 0;
}
