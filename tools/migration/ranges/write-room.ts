import { entityLine } from "../integrity/digest.ts";
import { createLanes, type Lanes } from "../integrity/lanes/lanes.ts";
import { PLACE_BYTES } from "../integrity/lanes/line-lanes.ts";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";
import { compareWords } from "../integrity/uuid-words.ts";
import type { ChunkRun } from "./chunk-run.ts";
import { digestRoom, LineDigests } from "./line-digests.ts";
import type { SpilledLines } from "./spilled-lines.ts";
import { BATCH_LEAVES } from "./tree-batch.ts";

const LF = 10;
const EMPTY_LINE = Buffer.from(`${entityLine("00000000-0000-0000-0000-000000000000", "0".repeat(64))}\n`, "latin1");
/** Bytes of lines that are put in order, hashed and written together: they stay in the cache of a core. */
const WINDOW_BYTES = 512 * 1024;
/** Bytes that the lanes may read behind a line, and the LF of one that is written from where it was spilled. */
const BEYOND_BYTES = 128;

/** More than what the first partition needs: others are larger, and what is not written to takes no memory. */
const SPARE_BYTES = 4 * 1024 * 1024;

/** Largest partition that there can be room for: addresses have 32 bits. */
export const MOST_SPILLED_BYTES = 2 ** 32 - 16 * 1024 * 1024;

/** Some lines in their order, and their lines of entities.jsonl; both are gone with the next. */
export interface WrittenLines {
  readonly count: number;
  readonly data: Buffer;
  readonly entities: Buffer;
}

/** Memory in which a partition is put in order, within reach of the vectors. */
export class WriteRoom {
  /** Where the partition is read to. */
  readonly spilled: Buffer;
  readonly spilledBytes: number;
  readonly #lanes: Lanes;
  readonly #digests: LineDigests;
  /** Address and length of each line. */
  readonly #places: Int32Array;
  readonly #window: Buffer;
  readonly #entities: Buffer;

  /** With room for `spilledBytes`. */
  constructor(spilledBytes: number) {
    this.spilledBytes = spilledBytes;
    const digestBytes = digestRoom(BATCH_LEAVES);
    const [listBytes, entityBytes] = [BATCH_LEAVES * PLACE_BYTES, BATCH_LEAVES * ENTITY_LINE_BYTES];
    const lanes = createLanes(
      digestBytes + listBytes + entityBytes + WINDOW_BYTES + BEYOND_BYTES + spilledBytes + BEYOND_BYTES,
    );
    const [listAt, { memory }] = [lanes.free + digestBytes, lanes];
    this.#lanes = lanes;
    this.#digests = new LineDigests(lanes, lanes.free, BATCH_LEAVES);
    this.#places = new Int32Array(memory, listAt, listBytes / 4);
    this.#entities = Buffer.from(memory, listAt + listBytes, entityBytes).fill(EMPTY_LINE);
    this.#window = Buffer.from(memory, listAt + listBytes + entityBytes, WINDOW_BYTES);
    const spilledAt = this.#window.byteOffset + WINDOW_BYTES + BEYOND_BYTES;
    this.spilled = Buffer.from(memory, spilledAt, spilledBytes + BEYOND_BYTES);
  }

  /**
   * Puts as many lines in order as are written together, the first of them that of `rank`, and tells `run` of them;
   * undefined where an id is not above the one before.
   */
  next(lines: SpilledLines, order: Uint32Array, rank: number, run: ChunkRun): WrittenLines | undefined {
    const [lanes, digests] = [this.#lanes, this.#digests];
    const count = this.#list(lines, order, rank);
    if (count === 0) return undefined;
    const data = this.#inOrder(count, (digests.ends[count - 1] ?? 0) + 1);
    const entities = this.#entities.subarray(0, count * ENTITY_LINE_BYTES);
    digests.hashFound(data, 0, count);
    lanes.entities(this.#places.byteOffset, digests.at, entities.byteOffset, count);
    run.enter(data, entities);
    for (let line = 0, begin = 0; line < count; line += 1) {
      const end = (digests.ends[line] ?? 0) + 1;
      run.add(digests.endsWithZeros(line), end - begin);
      begin = end;
    }
    run.leave();
    return { count, data, entities };
  }

  /** Lists the lines from `rank` on that go into the window, one at least; 0 where an id is not above the one before. */
  #list({ words, offsets, lengths }: SpilledLines, order: Uint32Array, rank: number): number {
    const [places, { ends }, base] = [this.#places, this.#digests, this.spilled.byteOffset];
    const most = Math.min(BATCH_LEAVES, order.length - rank);
    let [count, bytes] = [0, 0];
    for (; count < most; count += 1) {
      const line = order[rank + count] ?? 0;
      const before = order[rank + count - 1];
      if (before !== undefined && compareWords(words, 4 * before, words, 4 * line) >= 0) return 0;
      const length = lengths[line] ?? 0;
      if (count > 0 && bytes + length >= WINDOW_BYTES) break;
      places[2 * count] = base + (offsets[line] ?? 0);
      places[2 * count + 1] = length;
      ends[count] = bytes + length;
      bytes += length + 1;
    }
    return count;
  }

  /** The listed lines one behind the other: in the window, but where one is alone because it does not fit. */
  #inOrder(count: number, bytes: number): Buffer {
    if (bytes > WINDOW_BYTES) {
      const line = Buffer.from(this.#lanes.memory, (this.#places[0] ?? 0) >>> 0, bytes);
      // In place of the length of the next line, which is known, or of nothing.
      line[bytes - 1] = LF;
      return line;
    }
    this.#lanes.gather(this.#places.byteOffset, count, this.#window.byteOffset);
    return this.#window.subarray(0, bytes);
  }
}

/** Kept from partition to partition: fresh memory costs a page fault for every 4 KiB, twice as long as copying the lines. */
let room: WriteRoom | undefined;

/** The room of this thread, for one partition of so many spilled bytes at a time. */
export function writeRoom(spilledBytes: number): WriteRoom {
  if (room === undefined || room.spilledBytes < spilledBytes) {
    room = undefined;
    room = new WriteRoom(spilledBytes + SPARE_BYTES);
  }
  return room;
}
