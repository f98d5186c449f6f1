import { compileModule, createMemory, instantiate, type WasmMemory } from "../wasm/wasm-memory.ts";
import { lanesModule } from "./lanes-module.ts";
import { LAYOUT, LEAF_BYTES, LITERALS } from "./sha256-layout.ts";
import { fillEndTables } from "./sha256-lines.ts";

/** What is done to lines in vectors, in memory of its own; all places are addresses there. */
export interface Lanes extends LaneFunctions {
  readonly memory: ArrayBuffer;
  /** The same, for other modules that work in it. */
  readonly shared: WasmMemory;
  /** First byte of the memory that is free for messages and digests. */
  readonly free: number;
}

/** Each works on bytes that are in the memory. */
interface LaneFunctions {
  /**
   * Digests of `4 * groups` messages of 122 bytes that follow each other from `from` on, to `to`: each as eight
   * little-endian words. Up to six bytes behind the messages are read.
   */
  leaves(from: number, to: number, groups: number): void;
  /** Digests of `4 * groups` pairs of digests from `from` on; `to` may be `from`. */
  nodes(from: number, to: number, groups: number): void;
  /**
   * Digests of `4 * groups` messages, each of `blocks` blocks with its end: `list` has three words for each, where it is,
   * its bytes, and where its 32 bytes of digest go. Up to 72 bytes behind a message are read.
   */
  lines(list: number, groups: number, blocks: number): void;
  /** 1 unless the `count` digests, one at least, are those in the lines of entities.jsonl, of which the first has its hex digits at `texts`. */
  differ(digests: number, texts: number, count: number): number;
  /**
   * Copies `count` lines, one at least, to `to`, each behind the one before and its LF: `list` has two words for each,
   * where it is and its bytes.
   */
  gather(list: number, count: number, to: number): void;
  /**
   * Writes ids and digests into `count` lines of entities.jsonl, one at least, from `texts` on: the id of a line is in the
   * four words before its place in the `list` of `gather`, the digests follow each other.
   */
  entities(list: number, digests: number, texts: number, count: number): void;
  /**
   * Puts the words of the ids of `count` lines of entities.jsonl, one at least, to `words`; 1 where a line has another form
   * than such lines have, whatever its digest is.
   */
  ids(texts: number, words: number, count: number): number;
  /**
   * Reads whole lines of a registry in its committed form from address `from` up to `to`, up to `most` of them, the byte `separator`
   * behind each (a comma, or the LF alone), whose legacy ids ascend from the one in `[last, lastEnd)` on and have no escapes.
   * The words of their UUIDs go to `words`, the begin and the end of their legacy ids to `places`; stops before the first line
   * that is another, and tells how many were read. Up to 128 bytes behind `to` are read.
   */
  registryEntries(
    from: number,
    to: number,
    last: number,
    lastEnd: number,
    words: number,
    places: number,
    most: number,
    separator: number,
  ): number;
  /**
   * Finds the cells of up to `rows` rows, of `width` cells each, in the JSON text at `base`: an array of arrays, a 0 for a row
   * without cells, and CELLS_END_BYTES of LF behind it. The rows begin at `from`, behind the one before. What each cell is goes
   * to `kinds`, a byte each, where it begins and ends to `begins` and `ends`, a text without its quotes; where each row begins
   * and ends to `rowBegins` and `rowEnds`; all of them are counted from `base` on. Tells how many rows were found: fewer where
   * the next one is anything else.
   */
  rowCells(
    base: number,
    from: number,
    width: number,
    rows: number,
    kinds: number,
    begins: number,
    ends: number,
    rowBegins: number,
    rowEnds: number,
  ): number;
}

/** Lanes with room for `bytes`. */
export function createLanes(bytes: number): Lanes {
  const shared = createMemory(LAYOUT.free + bytes);
  fillTables(new DataView(shared.buffer));
  fillEndTables(new Uint8Array(shared.buffer));
  compiled ??= compileModule(lanesModule());
  const functions = instantiate(compiled, shared) as LaneFunctions;
  return { shared, memory: shared.buffer, free: LAYOUT.free, ...functions };
}

let compiled: object | undefined;

function fillTables(memory: DataView): void {
  const constants = primes(64).map((prime) => fraction(Math.cbrt(prime)));
  const schedule = leafEndSchedule();
  constants.forEach((constant, round) => {
    splat(memory, LAYOUT.constants, round, constant);
    splat(memory, LAYOUT.leafEnd, round, constant + (schedule[round] ?? 0));
  });
  primes(8).forEach((prime, at) => {
    splat(memory, LAYOUT.initial, at, fraction(Math.sqrt(prime)));
  });
  Object.values(LITERALS).forEach((literal, at) => {
    memory.setUint32(LAYOUT.literals + 4 * at, literal, true);
  });
}

function splat(memory: DataView, begin: number, at: number, value: number): void {
  for (let lane = 0; lane < 4; lane += 1) memory.setUint32(begin + 16 * at + 4 * lane, value, true);
}

/** The first 32 bits behind the point of a root of a prime (FIPS 180-4, sections 4.2.2 and 5.3.3). */
function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32);
}

function primes(count: number): number[] {
  const found: number[] = [];
  for (let value = 2; found.length < count; value += 1) {
    if (found.every((prime) => value % prime !== 0)) found.push(value);
  }
  return found;
}

/** The schedule of a block of zeros and the length of a leaf, in bits. */
function leafEndSchedule(): Uint32Array {
  const words = new Uint32Array(64);
  words[15] = 8 * LEAF_BYTES;
  const word = (at: number): number => words[at] ?? 0;
  for (let at = 16; at < 64; at += 1) {
    const [near, far] = [word(at - 2), word(at - 15)];
    const first = turn(far, 7) ^ turn(far, 18) ^ (far >>> 3);
    const second = turn(near, 17) ^ turn(near, 19) ^ (near >>> 10);
    words[at] = word(at - 16) + first + word(at - 7) + second;
  }
  return words;
}

function turn(value: number, bits: number): number {
  return (value >>> bits) | (value << (32 - bits));
}
