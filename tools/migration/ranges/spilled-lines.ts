import { closeSync, openSync, readSync } from "node:fs";
import { compareWords } from "../integrity/uuid-words.ts";
import { type Pieces, type Place, SPAN_NUMBERS } from "./pieces.ts";
import { SPILL_HEAD_BYTES } from "./spill.ts";

/** Bytes of all pieces together. */
export function bytesOfPieces({ spans }: Pieces): number {
  let length = 0;
  for (let at = 2; at < spans.length; at += SPAN_NUMBERS) length += spans[at] ?? 0;
  return length;
}

/** Reads the pieces of a partition one after the other, to `all`; false where a file is shorter. */
export function readPieces({ places, spans }: Pieces, all: Buffer): boolean {
  const files = new OpenPlace();
  let filled = 0;
  try {
    for (let at = 0; at < spans.length; at += SPAN_NUMBERS) {
      const [place = 0, offset = 0, bytes = 0] = spans.subarray(at, at + SPAN_NUMBERS);
      if (!files.read(places[place] ?? "", offset, all.subarray(filled, filled + bytes))) return false;
      filled += bytes;
    }
    return true;
  } finally {
    files.close();
  }
}

/** Reads from one place after the other; a file is opened once for all pieces that follow each other there. */
class OpenPlace {
  #path = "";
  #descriptor: number | undefined;

  /** False where the place is shorter. */
  read(place: Place, offset: number, into: Buffer): boolean {
    if (typeof place !== "string") {
      into.set(new Uint8Array(place, offset, into.length));
      return true;
    }
    if (this.#descriptor === undefined || place !== this.#path) {
      this.close();
      this.#descriptor = openSync(place, "r");
      this.#path = place;
    }
    for (let done = 0; done < into.length; ) {
      const got = readSync(this.#descriptor, into, done, into.length - done, offset + done);
      if (got === 0) return false;
      done += got;
    }
    return true;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** Where the lines of a partition lie in its bytes, and the words of their ids. */
export interface SpilledLines {
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  readonly words: Uint32Array;
}

/** Finds the `count` lines that a partition holds; undefined where these are not all that it holds. */
export function findLines(spilled: Buffer, count: number): SpilledLines | undefined {
  const lines = {
    offsets: new Uint32Array(count),
    lengths: new Uint32Array(count),
    words: new Uint32Array(4 * count),
  };
  const view = new DataView(spilled.buffer, spilled.byteOffset, spilled.length);
  const end = spilled.length - SPILL_HEAD_BYTES;
  let at = 0;
  for (let line = 0; line < count; line += 1) {
    if (at > end) return undefined;
    // Through a view: a call to readUInt32LE checks its argument each time.
    const length = view.getUint32(at, true);
    for (let word = 0; word < 4; word += 1) lines.words[4 * line + word] = view.getUint32(at + 4 + 4 * word, true);
    lines.offsets[line] = at + SPILL_HEAD_BYTES;
    lines.lengths[line] = length;
    at += SPILL_HEAD_BYTES + length;
  }
  return at === spilled.length ? lines : undefined;
}

/** Longest bucket that is sorted by insertion. */
const INSERTION_LIMIT = 24;

/** Positions in the order of their words: one bucket per line by the first word, then a small sort in each. */
export function sortByWords(words: Uint32Array, count: number): Uint32Array {
  const order = new Uint32Array(count);
  if (count === 0) return order;
  let [least, most] = [words[0] ?? 0, words[0] ?? 0];
  for (let line = 1; line < count; line += 1) {
    const word = words[4 * line] ?? 0;
    if (word < least) least = word;
    if (word > most) most = word;
  }
  const scale = count / (most - least + 1);
  const ends = new Uint32Array(count + 1);
  const bucketOf = (line: number): number => Math.min(count - 1, Math.floor(((words[4 * line] ?? 0) - least) * scale));
  for (let line = 0; line < count; line += 1) ends[bucketOf(line) + 1] = (ends[bucketOf(line) + 1] ?? 0) + 1;
  for (let bucket = 0; bucket < count; bucket += 1) ends[bucket + 1] = (ends[bucket + 1] ?? 0) + (ends[bucket] ?? 0);
  const next = ends.slice(0, count);
  for (let line = 0; line < count; line += 1) {
    const bucket = bucketOf(line);
    order[next[bucket] ?? 0] = line;
    next[bucket] = (next[bucket] ?? 0) + 1;
  }
  for (let bucket = 0; bucket < count; bucket += 1) sortBucket(order, ends[bucket] ?? 0, ends[bucket + 1] ?? 0, words);
  return order;
}

function sortBucket(order: Uint32Array, from: number, to: number, words: Uint32Array): void {
  if (to - from > INSERTION_LIMIT) {
    order.subarray(from, to).sort((a, b) => compareWords(words, 4 * a, words, 4 * b));
    return;
  }
  for (let at = from + 1; at < to; at += 1) {
    const line = order[at] ?? 0;
    let hole = at;
    while (hole > from && compareWords(words, 4 * (order[hole - 1] ?? 0), words, 4 * line) > 0) {
      order[hole] = order[hole - 1] ?? 0;
      hole -= 1;
    }
    order[hole] = line;
  }
}
