import { isUtf8 } from "node:buffer";
import { readUuid } from "../compiled/byte-formats.ts";
import { plainEnd, stringEnd } from "../compiled/byte-strings.ts";
import { ENTRY } from "../integrity/lanes/registry-lanes.ts";
import { type EntryBatch, entryBatch } from "./entry-batch.ts";
import { RangeBlocks } from "./range-blocks.ts";

/** Whole lines of a registry file. */
export interface RegistrySpan {
  readonly path: string;
  /** Name for messages, relative to the project. */
  readonly file: string;
  readonly offset: number;
  readonly length: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** The legacy ids at the edges of a span, to compare with the neighbouring ones. */
export interface SpanEdges {
  readonly entries: number;
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

/** Who is told of entries, in their order; false stops the reading. */
export interface EntryTaker {
  /** The next entry: its legacy id in `bytes[from, to)`, its target UUID as four words. */
  entry(bytes: Buffer, from: number, to: number, words: Uint32Array): boolean;
  /** The next entries, all of which are in the batch. */
  entries(batch: EntryBatch): boolean;
  /** Called with the whole lines of each block before bytes that were told of are overwritten. */
  leave(bytes: Buffer, begin: number, end: number): void;
}

const HEAD = Buffer.from(ENTRY.head, "latin1");
const MIDDLE = Buffer.from(ENTRY.middle, "latin1");
const VERSION = Buffer.from(ENTRY.version, "latin1");
const [HEAD_WORDS, MIDDLE_WORDS, VERSION_WORDS] = [wordsOf(HEAD), wordsOf(MIDDLE), wordsOf(VERSION)];
/** Bytes of an entry with an id of one byte and a version of one digit. */
const LEAST_ENTRY_BYTES = HEAD.length + 1 + MIDDLE.length + 36 + VERSION.length + 2;
/** Fewest bytes that an entry takes beyond its legacy id, with its LF. */
export const ENTRY_BYTES = HEAD.length + MIDDLE.length + 36 + VERSION.length + 2 + 1;
const [LF, QUOTE, BACKSLASH, COMMA, CLOSE, OPEN, END, ZERO] = [0x0a, 0x22, 0x5c, 0x2c, 0x7d, 0x5b, 0x5d, 0x30];

/**
 * Reads entries in the committed form: one canonical object per line, strictly ascending by legacyId, in an array (or as
 * JSONL). Undefined where anything else is met: that is for `loadRegistry` to word.
 */
export function readRegistrySpan(
  span: RegistrySpan,
  checkCancelled: () => void,
  take: EntryTaker,
): SpanEdges | undefined {
  const reader = new SpanReader(span, take);
  const { offset, length } = span;
  const blocks = new RangeBlocks(span.path, span.file, { offset, length, block: entryBatch().block });
  try {
    while (blocks.next()) {
      checkCancelled();
      if (!isUtf8(blocks.bytes.subarray(blocks.begin, blocks.end))) return undefined;
      if (!reader.block(blocks.bytes, blocks.begin, blocks.end)) return undefined;
      take.leave(blocks.bytes, blocks.begin, blocks.end);
    }
    return blocks.rest > 0 ? undefined : reader.end();
  } finally {
    blocks.close();
  }
}

class SpanReader {
  readonly #span: RegistrySpan;
  readonly #take: EntryTaker;
  readonly #words = new Uint32Array(4);
  readonly #batch = entryBatch();
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #first: Buffer = Buffer.alloc(0);
  /** The last legacy id: a part of the present block, or a copy. */
  #last: Buffer = Buffer.alloc(0);
  #lastFrom = 0;
  #lastTo = 0;
  #entries = 0;
  /** The brackets of the array; lines of a .jsonl registry have none. */
  #state: "start" | "entries" | "last" | "closed";
  readonly #isLines: boolean;

  constructor(span: RegistrySpan, take: EntryTaker) {
    this.#span = span;
    this.#take = take;
    this.#isLines = span.path.endsWith(".jsonl");
    this.#state = this.#isLines || !span.isFirst ? "entries" : "start";
  }

  block(bytes: Buffer, begin: number, end: number): boolean {
    if (bytes !== this.#bytes) this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#bytes = bytes;
    for (let at = begin; at < end; ) {
      const lf = bytes.indexOf(LF, at);
      if (!this.#line(at, lf)) return false;
      at = this.#entriesFrom(lf + 1, end);
      if (at < 0) return false;
    }
    this.#keep(this.#lastId());
    return true;
  }

  end(): SpanEdges | undefined {
    const expected = this.#isLines || !this.#span.isLast ? "entries" : "closed";
    return this.#state === expected ? { entries: this.#entries, first: this.#first, last: this.#lastId() } : undefined;
  }

  /** Takes entries in vectors as far as that goes, behind one that was read alone; where it ends, or -1. */
  #entriesFrom(begin: number, end: number): number {
    const batch = this.#batch;
    const { buffer, byteOffset } = this.#bytes;
    let at = begin;
    while (at < end && this.#state === "entries" && buffer === batch.bytes.buffer && this.#last === this.#bytes) {
      const last = { from: byteOffset + this.#lastFrom, to: byteOffset + this.#lastTo };
      at = batch.read(byteOffset + at, byteOffset + end, last, this.#isLines) - byteOffset;
      if (batch.count === 0) break;
      this.#lastFrom = (batch.places[2 * batch.count - 2] ?? 0) - byteOffset;
      this.#lastTo = (batch.places[2 * batch.count - 1] ?? 0) - byteOffset;
      this.#entries += batch.count;
      if (!this.#take.entries(batch)) return -1;
    }
    return at;
  }

  /** True where a line is what must stand in its place: a bracket, or an entry with its comma. */
  #line(at: number, lf: number): boolean {
    const bytes = this.#bytes;
    if (this.#state === "start") {
      const isEmpty = lf - at === 2 && bytes[at] === OPEN && bytes[at + 1] === END;
      this.#state = isEmpty ? "closed" : "entries";
      return isEmpty || (lf - at === 1 && bytes[at] === OPEN);
    }
    if (this.#state === "last") {
      this.#state = "closed";
      return lf - at === 1 && bytes[at] === END;
    }
    if (this.#state === "closed") return false;
    const hasComma = !this.#isLines && bytes[lf - 1] === COMMA;
    if (!this.#isLines && !hasComma) this.#state = "last";
    return this.#entry(at, hasComma ? lf - 1 : lf);
  }

  /** `{"legacyId":"<id>","targetUuid":"<uuid>","version":<version>}` in `[at, stop)`. */
  #entry(at: number, stop: number): boolean {
    const [bytes, view] = [this.#bytes, this.#view];
    const from = at + HEAD.length;
    if (stop - at < LEAST_ENTRY_BYTES || !isHead(view, at)) return false;
    const to = plainEnd(bytes, view, from, stop);
    if (bytes[to] === BACKSLASH) return this.#escaped(from, stop);
    return to > from && this.#tail(to, stop) && this.#next(bytes, from, to);
  }

  /** An entry whose legacy id has escapes (a composite key has some). */
  #escaped(from: number, stop: number): boolean {
    const to = stringEnd(this.#bytes, from, stop);
    if (to < 0 || !this.#tail(to, stop)) return false;
    const decoded = decode(this.#bytes.toString("utf8", from, to));
    return decoded !== undefined && this.#next(decoded, 0, decoded.length);
  }

  /** True where behind the legacy id are a UUID and a version of 1 to 15 digits, and no more. */
  #tail(to: number, stop: number): boolean {
    const [bytes, view] = [this.#bytes, this.#view];
    const uuidAt = to + MIDDLE.length;
    let at = uuidAt + 36 + VERSION.length;
    const digits = stop - 1 - at;
    if (digits < 1 || digits > 15 || bytes[stop - 1] !== CLOSE || bytes[at] === ZERO) return false;
    for (; at < stop - 1; at += 1) if (!isDigit(bytes[at])) return false;
    return isMiddle(view, to) && isVersion(view, uuidAt + 36) && readUuid(view, uuidAt, this.#words, 0);
  }

  /** True where a legacy id is above the last one: legacy ids are short, and a call to compare costs more than the bytes. */
  #isAbove(bytes: Buffer, from: number, to: number): boolean {
    const [last, lastFrom, lastLength] = [this.#last, this.#lastFrom, this.#lastTo - this.#lastFrom];
    const length = Math.min(to - from, lastLength);
    for (let at = 0; at < length; at += 1) {
      const difference = (bytes[from + at] ?? 0) - (last[lastFrom + at] ?? 0);
      if (difference !== 0) return difference > 0;
    }
    return to - from > lastLength;
  }

  #next(bytes: Buffer, from: number, to: number): boolean {
    if (this.#entries === 0) this.#first = Buffer.from(bytes.subarray(from, to));
    else if (!this.#isAbove(bytes, from, to)) return false;
    this.#last = bytes;
    this.#lastFrom = from;
    this.#lastTo = to;
    this.#entries += 1;
    return this.#take.entry(bytes, from, to, this.#words);
  }

  #lastId(): Buffer {
    return Buffer.from(this.#last.subarray(this.#lastFrom, this.#lastTo));
  }

  #keep(id: Buffer): void {
    this.#last = id;
    this.#lastFrom = 0;
    this.#lastTo = id.length;
  }
}

function isHead(view: DataView, at: number): boolean {
  return (
    view.getInt32(at) === HEAD_WORDS[0] &&
    view.getInt32(at + 4) === HEAD_WORDS[1] &&
    view.getInt32(at + 8) === HEAD_WORDS[2] &&
    view.getUint8(at + 12) === QUOTE
  );
}

function isMiddle(view: DataView, at: number): boolean {
  return (
    view.getInt32(at) === MIDDLE_WORDS[0] &&
    view.getInt32(at + 4) === MIDDLE_WORDS[1] &&
    view.getInt32(at + 8) === MIDDLE_WORDS[2] &&
    view.getInt32(at + 12) === MIDDLE_WORDS[3]
  );
}

function isVersion(view: DataView, at: number): boolean {
  return (
    view.getInt32(at) === VERSION_WORDS[0] &&
    view.getInt32(at + 4) === VERSION_WORDS[1] &&
    view.getInt32(at + 8) === VERSION_WORDS[2]
  );
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= 0x39;
}

/** The bytes of a text with escapes (a composite key has some); undefined where they are not canonical. */
function decode(escaped: string): Buffer | undefined {
  try {
    const text: unknown = JSON.parse(`"${escaped}"`);
    return typeof text === "string" && JSON.stringify(text) === `"${escaped}"` ? Buffer.from(text, "utf8") : undefined;
  } catch {
    return undefined;
  }
}

/** Four bytes at a time, as `getInt32` gives them. */
function wordsOf(text: Buffer): readonly number[] {
  return Array.from({ length: Math.floor(text.length / 4) }, (_, at) => text.readInt32BE(4 * at));
}
