import { createMemory, type WasmMemory } from "../integrity/wasm/wasm-memory.ts";
import { unsupported } from "./unsupported.ts";
import { TENS } from "./vectors/number-function.ts";

/** Most references that are kept of the lines of one call; a line with more by itself goes to the authority. */
export const MOST_REFERENCES = 4096;
/** Bytes that a line may have which is not in the memory already; a longer one goes to the authority. */
const LINE_BYTES = 256 * 1024;
/** Bytes behind a line that may be read. */
const BEYOND_BYTES = 128;
/** For the automatons of patterns, of which one of 255 states takes 128 KiB: only what is used becomes resident. */
const TABLE_BYTES = 1024 * 1024;

const LF = 0x0a;
const [WORDS_BYTES, NUMBER_BYTES, ALIGNED] = [16, 4, 16];
const PARTS = {
  /** The number that was read last. */
  value: 16,
  /** Kind and number of a value that JavaScript looked at: a word, and a double eight bytes on. */
  found: 16,
  tens: TENS.byteLength,
  /** The words of the id of the last line. */
  id: WORDS_BYTES,
  /** How many references there are, and for each its words, the index of its field, and which line has it. */
  refCount: ALIGNED,
  refs: WORDS_BYTES * MOST_REFERENCES,
  refFields: NUMBER_BYTES * MOST_REFERENCES,
  refLines: NUMBER_BYTES * MOST_REFERENCES,
  /** Where a line ends that is not in the memory already. */
  end: ALIGNED,
  line: LINE_BYTES + BEYOND_BYTES,
  tables: TABLE_BYTES,
} as const;

export type MatcherPart = keyof typeof PARTS;

/** Bytes of memory for the matchers of a thread. */
export const MATCHER_BYTES = Object.values(PARTS).reduce((sum, bytes) => sum + bytes, ALIGNED);

/** Where the matchers of a thread have what they share, in memory in which lines may be, too. */
export class MatcherRoom {
  readonly memory: WasmMemory;
  readonly #places: Readonly<Record<string, number>>;
  readonly #bytes: Uint8Array;
  #tablesUsed = 0;

  /** In the MATCHER_BYTES of `memory` from `begin` on. */
  constructor(memory: WasmMemory, begin: number) {
    let at = Math.ceil(begin / ALIGNED) * ALIGNED;
    const places: Record<string, number> = {};
    for (const [part, bytes] of Object.entries(PARTS)) {
      places[part] = at;
      at += bytes;
    }
    this.memory = memory;
    this.#places = places;
    this.#bytes = new Uint8Array(memory.buffer);
    new Float64Array(memory.buffer, this.addressOf("tens"), TENS.length).set(TENS);
  }

  addressOf(part: MatcherPart): number {
    return this.#places[part] ?? 0;
  }

  /** The address of a copy of these bytes; unsupported where there is no room for one more. */
  table(bytes: Uint8Array): number {
    const at = this.addressOf("tables") + this.#tablesUsed;
    const size = Math.ceil(bytes.length / ALIGNED) * ALIGNED;
    if (this.#tablesUsed + size > TABLE_BYTES) unsupported("more tables than there is room for");
    this.#tablesUsed += size;
    this.#bytes.set(bytes, at);
    return at;
  }

  /** Room for so many bytes, all of them 0. */
  space(bytes: number): number {
    return this.table(new Uint8Array(bytes));
  }

  /** Copies a line and an LF into the memory; its address, or -1 where it is too long. */
  put(bytes: Uint8Array, start: number, end: number): number {
    if (end - start > LINE_BYTES - 1) return -1;
    const at = this.addressOf("line");
    this.#bytes.set(bytes.subarray(start, end), at);
    this.#bytes[at + end - start] = LF;
    return at;
  }
}

/** A room of its own memory. */
export function createRoom(): MatcherRoom {
  return new MatcherRoom(createMemory(MATCHER_BYTES), 0);
}

let room: MatcherRoom | undefined;

/** The room of this thread for lines that are elsewhere. */
export function matcherRoom(): MatcherRoom {
  room ??= createRoom();
  return room;
}
