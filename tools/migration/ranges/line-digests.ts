import { hash } from "node:crypto";
import type { Lanes } from "../integrity/lanes/lanes.ts";
import { ENTRY_BYTES } from "../integrity/lanes/sha256-lines.ts";

const LF = 10;
const LANES = 4;
const [DIGEST_BYTES, END_BYTES] = [32, 4];
/** Longest message hashed in vectors, in blocks: from there on a call of its own is faster, 0.2 us and 30 ns a block against 70 ns. */
const MOST_BLOCKS = 10;

/** Bytes of memory for the digests of `lines` lines. */
export function digestRoom(lines: number): number {
  return (lines + (LANES - 1) * MOST_BLOCKS) * ENTRY_BYTES + lines * (DIGEST_BYTES + END_BYTES);
}

/** Splits bytes into lines and hashes these, four of equal length in blocks at a time where the bytes are in the memory of the lanes. */
export class LineDigests {
  /** Where the LF of each line is, in the memory of the lanes. */
  readonly ends: Int32Array;
  /** Address of the first digest; they follow each other. */
  readonly at: number;
  readonly #lanes: Lanes;
  readonly #bytes: Buffer;
  /** Address, length and address of the digest of each message, in groups of equally many blocks. */
  readonly #list: Int32Array;
  readonly #listAt: number;
  /** For each number of blocks how many lines have it, and where the next of them goes. */
  readonly #counts = new Int32Array(MOST_BLOCKS + 2);
  readonly #places = new Int32Array(MOST_BLOCKS + 2);

  /** For up to `most` lines at a time, with `digestRoom(most)` bytes from address `at` on. */
  constructor(lanes: Lanes, at: number, most: number) {
    const entries = most + (LANES - 1) * MOST_BLOCKS;
    this.#lanes = lanes;
    this.#bytes = Buffer.from(lanes.memory);
    this.#listAt = at;
    this.#list = new Int32Array(lanes.memory, at, (entries * ENTRY_BYTES) / 4);
    this.at = at + entries * ENTRY_BYTES;
    this.ends = new Int32Array(lanes.memory, this.at + most * DIGEST_BYTES, most);
  }

  /** Finds and hashes up to `most` lines of `[from, to)`, which ends with a line; how many they are. */
  hash(bytes: Buffer, from: number, to: number, most: number): number {
    const { ends } = this;
    let count = 0;
    for (let at = from; at < to && count < most; count += 1) {
      const lf = bytes.indexOf(LF, at);
      ends[count] = lf;
      at = lf + 1;
    }
    this.hashFound(bytes, from, count);
    return count;
  }

  /** Hashes `count` lines from `from` on, whose LFs the caller put into `ends`. */
  hashFound(bytes: Buffer, from: number, count: number): void {
    if (bytes.buffer === this.#lanes.memory) this.#hashInLanes(bytes, from, count);
    else this.#hashAlone(bytes, from, count, 0);
  }

  /** True where the digest of a line ends with three hex digits 0. */
  endsWithZeros(line: number): boolean {
    const end = this.at + DIGEST_BYTES * (line + 1);
    return this.#bytes[end - 1] === 0 && ((this.#bytes[end - 2] ?? 0) & 0x0f) === 0;
  }

  #hashInLanes(bytes: Buffer, from: number, count: number): void {
    const long = this.#group(bytes.byteOffset, from, count);
    for (let blocks = 1, begin = 0; blocks <= MOST_BLOCKS; blocks += 1) {
      let end = this.#places[blocks] ?? 0;
      if (end === begin) continue;
      // The last group is filled up with its last message.
      for (; end % LANES !== 0; end += 1) this.#list.copyWithin(3 * end, 3 * end - 3, 3 * end);
      this.#lanes.lines(this.#listAt + ENTRY_BYTES * begin, (end - begin) / LANES, blocks);
      begin = end;
    }
    if (long > 0) this.#hashAlone(bytes, from, count, MOST_BLOCKS);
  }

  /** Lists the lines by their number of blocks; how many have too many. */
  #group(base: number, from: number, count: number): number {
    const [ends, counts, places, list] = [this.ends, this.#counts, this.#places, this.#list];
    counts.fill(0);
    for (let line = 0, begin = from; line < count; line += 1) {
      const end = ends[line] ?? 0;
      const blocks = blocksOf(end - begin);
      counts[blocks] = (counts[blocks] ?? 0) + 1;
      begin = end + 1;
    }
    for (let blocks = 1, place = 0; blocks <= MOST_BLOCKS; blocks += 1) {
      places[blocks] = place;
      place += LANES * Math.ceil((counts[blocks] ?? 0) / LANES);
    }
    for (let line = 0, begin = from; line < count; line += 1) {
      const length = (ends[line] ?? 0) - begin;
      const blocks = blocksOf(length);
      if (blocks <= MOST_BLOCKS) {
        const place = places[blocks] ?? 0;
        places[blocks] = place + 1;
        list[3 * place] = base + begin;
        list[3 * place + 1] = length;
        list[3 * place + 2] = this.at + DIGEST_BYTES * line;
      }
      begin += length + 1;
    }
    return counts[MOST_BLOCKS + 1] ?? 0;
  }

  /** Hashes the lines of more than `blocks` blocks with a call each. */
  #hashAlone(bytes: Buffer, from: number, count: number, blocks: number): void {
    for (let line = 0, begin = from; line < count; line += 1) {
      const end = this.ends[line] ?? 0;
      if (blocksOf(end - begin) > blocks) {
        const digest = hash("sha256", new Uint8Array(bytes.buffer, bytes.byteOffset + begin, end - begin), "hex");
        this.#bytes.write(digest, this.at + DIGEST_BYTES * line, "hex");
      }
      begin = end + 1;
    }
  }
}

/** Blocks of a message with its end, MOST_BLOCKS + 1 where they are more. */
function blocksOf(length: number): number {
  return Math.min((length + 72) >>> 6, MOST_BLOCKS + 1);
}
