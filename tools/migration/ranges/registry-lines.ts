import { isUtf8 } from "node:buffer";
import { RangeBlocks } from "./range-blocks.ts";
import { readUuid } from "./uuid-bytes.ts";

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

/** Takes the next entry: its legacy id in `bytes[from, to)`, its target UUID as four words; false stops the reading. */
export type EntryTaker = (bytes: Buffer, from: number, to: number, words: Uint32Array) => boolean;

const HEAD = Buffer.from('{"legacyId":"', "latin1");
const MIDDLE = Buffer.from('","targetUuid":"', "latin1");
const VERSION = Buffer.from('","version":', "latin1");
const [LF, QUOTE, BACKSLASH, COMMA, CLOSE, OPEN, END] = [0x0a, 0x22, 0x5c, 0x2c, 0x7d, 0x5b, 0x5d];

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
  const blocks = new RangeBlocks(span.path, span.file, span);
  try {
    while (blocks.next()) {
      checkCancelled();
      if (!isUtf8(blocks.bytes.subarray(blocks.begin, blocks.end))) return undefined;
      if (!reader.block(blocks.bytes, blocks.begin, blocks.end)) return undefined;
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
  #first = Buffer.alloc(0);
  /** Copy of the last legacy id, in a buffer that grows. */
  #last = Buffer.alloc(256);
  #lastLength = 0;
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
    for (let at = begin; at < end; ) {
      const lf = bytes.indexOf(LF, at);
      if (!this.#line(bytes, at, lf)) return false;
      at = lf + 1;
    }
    return true;
  }

  end(): SpanEdges | undefined {
    const expected = this.#isLines || !this.#span.isLast ? "entries" : "closed";
    if (this.#state !== expected) return undefined;
    return { entries: this.#entries, first: this.#first, last: Buffer.from(this.#last.subarray(0, this.#lastLength)) };
  }

  /** True where a line is what must stand in its place: a bracket, or an entry with its comma. */
  #line(bytes: Buffer, at: number, lf: number): boolean {
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
    return this.#entry(bytes, at, hasComma ? lf - 1 : lf);
  }

  #entry(bytes: Buffer, at: number, stop: number): boolean {
    const uuidAt = findUuid(bytes, at, stop);
    if (uuidAt < 0 || !readUuid(bytes, uuidAt, this.#words, 0) || !has(bytes, at, HEAD)) return false;
    const from = at + HEAD.length;
    const to = uuidAt - MIDDLE.length;
    if (to <= from || !has(bytes, to, MIDDLE)) return false;
    if (isPlain(bytes, from, to)) return this.#next(bytes, from, to);
    const decoded = decode(bytes.toString("utf8", from, to));
    return decoded !== undefined && this.#next(decoded, 0, decoded.length);
  }

  /** True where a legacy id is above the last one: legacy ids are short, and a call to compare costs more than the bytes. */
  #isAbove(bytes: Buffer, from: number, to: number): boolean {
    const length = Math.min(to - from, this.#lastLength);
    for (let at = 0; at < length; at += 1) {
      const difference = (bytes[from + at] ?? 0) - (this.#last[at] ?? 0);
      if (difference !== 0) return difference > 0;
    }
    return to - from > this.#lastLength;
  }

  #next(bytes: Buffer, from: number, to: number): boolean {
    if (this.#entries === 0) this.#first = Buffer.from(bytes.subarray(from, to));
    else if (!this.#isAbove(bytes, from, to)) return false;
    this.#lastLength = to - from;
    if (this.#last.length < this.#lastLength) this.#last = Buffer.alloc(2 * this.#lastLength);
    for (let at = 0; at < this.#lastLength; at += 1) this.#last[at] = bytes[from + at] ?? 0;
    this.#entries += 1;
    return this.#take(bytes, from, to, this.#words);
  }
}

/** Where the uuid of a line begins, counted from its end: `<uuid>","version":<1 to 15 digits>}`; -1 for another form. */
function findUuid(bytes: Buffer, at: number, stop: number): number {
  if (bytes[stop - 1] !== CLOSE) return -1;
  let digits = stop - 1;
  while (digits > at && isDigit(bytes[digits - 1])) digits -= 1;
  const count = stop - 1 - digits;
  if (count < 1 || count > 15 || bytes[digits] === 0x30) return -1;
  const version = digits - VERSION.length;
  return version - 36 > at && has(bytes, version, VERSION) ? version - 36 : -1;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** True for text that stands for itself in JSON. */
function isPlain(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) return false;
  }
  return true;
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

function has(bytes: Buffer, at: number, literal: Buffer): boolean {
  for (let byte = 0; byte < literal.length; byte += 1) if (bytes[at + byte] !== literal[byte]) return false;
  return true;
}
