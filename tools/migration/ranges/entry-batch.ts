import { createLanes, type Lanes } from "../integrity/lanes/lanes.ts";
import { MOST_LOOKUPS } from "./shared-id-memory.ts";

/** Entries that are read together, and looked up together. */
export const MOST_ENTRIES = MOST_LOOKUPS;
const [WORDS_BYTES, PLACE_BYTES] = [16, 8];
/** Bytes of a block, and those that may be read behind it. */
const [BLOCK_BYTES, BEYOND_BYTES] = [512 * 1024, 128];
const [LF, COMMA] = [0x0a, 0x2c];

/** Where a legacy id is: addresses in the memory of the batch. */
export interface TextPlace {
  readonly from: number;
  readonly to: number;
}

/** Entries of a registry out of the memory of lanes, in which their bytes are, too. */
export class EntryBatch {
  /** For the bytes of a registry. */
  readonly block: Buffer;
  /** All of the memory. */
  readonly bytes: Buffer;
  /** Four words of the UUID of each entry. */
  readonly words: Uint32Array;
  /** Begin and end of the legacy id of each entry in `bytes`. */
  readonly places: Uint32Array;
  count = 0;
  readonly #lanes: Lanes;

  constructor() {
    const lanes = createLanes(MOST_ENTRIES * (WORDS_BYTES + PLACE_BYTES) + BLOCK_BYTES + BEYOND_BYTES);
    const placesAt = lanes.free + MOST_ENTRIES * WORDS_BYTES;
    this.#lanes = lanes;
    this.bytes = Buffer.from(lanes.memory);
    this.words = new Uint32Array(lanes.memory, lanes.free, 4 * MOST_ENTRIES);
    this.places = new Uint32Array(lanes.memory, placesAt, 2 * MOST_ENTRIES);
    this.block = Buffer.from(lanes.memory, placesAt + MOST_ENTRIES * PLACE_BYTES, BLOCK_BYTES);
  }

  /** Reads entries of `[at, end)` that come behind that with the legacy id at `last`; where the first line begins that is none. */
  read(at: number, end: number, last: TextPlace, isLines: boolean): number {
    const { words, places } = this;
    const separator = isLines ? LF : COMMA;
    this.count = this.#lanes.registryEntries(
      at,
      end,
      last.from,
      last.to,
      words.byteOffset,
      places.byteOffset,
      MOST_ENTRIES,
      separator,
    );
    return this.count === 0 ? at : this.bytes.indexOf(LF, places[2 * this.count - 1]) + 1;
  }
}

let batch: EntryBatch | undefined;

/** The batch of this thread, for one registry at a time. */
export function entryBatch(): EntryBatch {
  batch ??= new EntryBatch();
  return batch;
}
