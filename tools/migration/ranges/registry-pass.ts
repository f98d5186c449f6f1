import { isUtf8 } from "node:buffer";
import { uuidText } from "../integrity/uuid-words.ts";
import { type Finding, finding } from "../model/finding.ts";
import { printableLegacyId } from "../registry/legacy-id.ts";
import { IdIndex, type SharedIds } from "./id-index.ts";
import { RangeBlocks } from "./range-blocks.ts";
import { readUuid } from "./uuid-bytes.ts";

/** Whole lines of a registry file. */
export interface RegistryRange {
  readonly path: string;
  /** Name for messages, relative to the project. */
  readonly file: string;
  readonly module: string;
  readonly offset: number;
  readonly length: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly ids: SharedIds;
  /** One byte per id, 1 once an entry with it was seen. */
  readonly seen: SharedArrayBuffer;
}

/** Entries without faults, in order; else the registry is for the authority. */
export type RegistryResult =
  | { readonly clean: false }
  | {
      readonly clean: true;
      readonly entries: number;
      /** Entries whose id the module has. */
      readonly matched: number;
      /** Legacy ids at the edges, to compare with the neighbouring ranges. */
      readonly first: Uint8Array;
      readonly last: Uint8Array;
      /** REGISTRY_ENTRY_UNUSED, in registry order. */
      readonly findings: readonly Finding[];
      /** The unused ids, four words each. */
      readonly unused: Uint32Array;
    };

const HEAD = Buffer.from('{"legacyId":"', "latin1");
const MIDDLE = Buffer.from('","targetUuid":"', "latin1");
const VERSION = Buffer.from('","version":', "latin1");
const [LF, QUOTE, BACKSLASH, COMMA, CLOSE, OPEN, END] = [0x0a, 0x22, 0x5c, 0x2c, 0x7d, 0x5b, 0x5d];

/** Reads entries in the committed form (one per line, sorted) at once: form, order, and agreement with the ids. */
export function passRegistry(range: RegistryRange, checkCancelled: () => void): RegistryResult {
  const pass = new RegistryPass(range);
  const blocks = new RangeBlocks(range.path, range.file, range);
  try {
    while (blocks.next()) {
      checkCancelled();
      if (!isUtf8(blocks.bytes.subarray(blocks.begin, blocks.end))) return { clean: false };
      if (!pass.block(blocks.bytes, blocks.begin, blocks.end)) return { clean: false };
    }
    return blocks.rest > 0 ? { clean: false } : pass.end();
  } finally {
    blocks.close();
  }
}

class RegistryPass {
  readonly #range: RegistryRange;
  readonly #index: IdIndex;
  readonly #seen: Uint8Array;
  readonly #words = new Uint32Array(4);
  readonly #findings: Finding[] = [];
  readonly #unused: number[] = [];
  #first = Buffer.alloc(0);
  /** Copy of the last legacy id, in a buffer that grows. */
  #last = Buffer.alloc(256);
  #lastLength = 0;
  #entries = 0;
  #matched = 0;
  /** The brackets of the array; lines of a .jsonl registry have none. */
  #state: "start" | "entries" | "last" | "closed";
  readonly #isLines: boolean;

  constructor(range: RegistryRange) {
    this.#range = range;
    this.#index = new IdIndex(range.ids);
    this.#seen = new Uint8Array(range.seen);
    this.#isLines = range.path.endsWith(".jsonl");
    this.#state = this.#isLines || !range.isFirst ? "entries" : "start";
  }

  block(bytes: Buffer, begin: number, end: number): boolean {
    for (let at = begin; at < end; ) {
      const lf = bytes.indexOf(LF, at);
      if (!this.#line(bytes, at, lf)) return false;
      at = lf + 1;
    }
    return true;
  }

  end(): RegistryResult {
    const expected = this.#isLines || !this.#range.isLast ? "entries" : "closed";
    if (this.#state !== expected) return { clean: false };
    return {
      clean: true,
      entries: this.#entries,
      matched: this.#matched,
      first: this.#first,
      last: Buffer.from(this.#last.subarray(0, this.#lastLength)),
      findings: this.#findings,
      unused: Uint32Array.from(this.#unused),
    };
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
    const uuidAt = this.#uuidAt(bytes, at, stop);
    if (uuidAt < 0 || !readUuid(bytes, uuidAt, this.#words, 0) || !has(bytes, at, HEAD)) return false;
    const from = at + HEAD.length;
    const to = uuidAt - MIDDLE.length;
    if (to <= from || !isPlain(bytes, from, to) || !has(bytes, to, MIDDLE)) return false;
    if (this.#entries === 0) this.#first = Buffer.from(bytes.subarray(from, to));
    else if (this.#last.compare(bytes, from, to, 0, this.#lastLength) >= 0) return false;
    this.#lastLength = to - from;
    if (this.#last.length < this.#lastLength) this.#last = Buffer.alloc(2 * this.#lastLength);
    bytes.copy(this.#last, 0, from, to);
    this.#entries += 1;
    return this.#agree();
  }

  /** Where the uuid of a line begins, counted from its end: `<uuid>","version":<1 to 15 digits>}`. */
  #uuidAt(bytes: Buffer, at: number, stop: number): number {
    if (bytes[stop - 1] !== CLOSE) return -1;
    let digits = stop - 1;
    while (digits > at && isDigit(bytes[digits - 1])) digits -= 1;
    const count = stop - 1 - digits;
    if (count < 1 || count > 15 || bytes[digits] === 0x30) return -1;
    const version = digits - VERSION.length;
    return version - 36 > at && has(bytes, version, VERSION) ? version - 36 : -1;
  }

  #agree(): boolean {
    const place = this.#index.find(this.#words, 0);
    if (place >= 0) {
      this.#matched += 1;
      return Atomics.exchange(this.#seen, place, 1) === 0;
    }
    this.#unused.push(...this.#words);
    const printable = printableLegacyId(this.#last.toString("utf8", 0, this.#lastLength));
    const entry = { module: this.#range.module, id: uuidText(this.#words) };
    this.#findings.push(
      finding("REGISTRY_ENTRY_UNUSED", printable === undefined ? entry : { ...entry, legacyId: printable }),
    );
    return true;
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** True for text that stands for itself in JSON; composite keys hold escapes and go to the authority. */
function isPlain(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) return false;
  }
  return true;
}

function has(bytes: Buffer, at: number, literal: Buffer): boolean {
  for (let byte = 0; byte < literal.length; byte += 1) if (bytes[at + byte] !== literal[byte]) return false;
  return true;
}
