import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { uuidText } from "../integrity/uuid-words.ts";
import { type Finding, finding } from "../model/finding.ts";
import { printableLegacyId } from "../registry/legacy-id.ts";
import { IdIndex, type SharedIds } from "./id-index.ts";
import { RangeBlocks } from "./range-blocks.ts";
import { readUuid } from "./uuid-bytes.ts";

/** A registry to be compared with the ids of a module. */
export interface RegistryTask {
  readonly path: string;
  /** Name for messages, relative to the project. */
  readonly file: string;
  readonly module: string;
  readonly ids: SharedIds;
}

/** A registry without faults whose ids hold every entity of the module; else it is for the authority. */
export type RegistryResult =
  | { readonly clean: false }
  | {
      readonly clean: true;
      readonly entries: number;
      readonly sha256: string;
      /** REGISTRY_ENTRY_UNUSED, in registry order. */
      readonly findings: readonly Finding[];
      /** The unused ids, four words each. */
      readonly unused: Uint32Array;
    };

const HEAD = Buffer.from('{"legacyId":"', "latin1");
const MIDDLE = Buffer.from('","targetUuid":"', "latin1");
const VERSION = Buffer.from('","version":', "latin1");
const [LF, QUOTE, BACKSLASH, COMMA, CLOSE] = [0x0a, 0x22, 0x5c, 0x2c, 0x7d];

/** Reads a registry in its committed form (one entry per line, sorted) at once: order, digest, and agreement. */
export function passRegistry(task: RegistryTask, checkCancelled: () => void): RegistryResult {
  const pass = new RegistryPass(task);
  const length = statSync(task.path).size;
  const blocks = new RangeBlocks(task.path, task.file, { offset: 0, length }, () => {});
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
  readonly #task: RegistryTask;
  readonly #index: IdIndex;
  readonly #seen: Uint8Array;
  readonly #hash = createHash("sha256");
  readonly #words = new Uint32Array(4);
  readonly #findings: Finding[] = [];
  readonly #unused: number[] = [];
  #canonical = Buffer.allocUnsafe(0);
  #previous = Buffer.allocUnsafe(0);
  #entries = 0;
  #matched = 0;
  /** The brackets of the array; lines of a .jsonl registry have none. */
  #state: "start" | "entries" | "last" | "closed";
  readonly #isLines: boolean;

  constructor(task: RegistryTask) {
    this.#task = task;
    this.#index = new IdIndex(task.ids);
    this.#seen = new Uint8Array(task.ids.size);
    this.#isLines = task.path.endsWith(".jsonl");
    this.#state = this.#isLines ? "entries" : "start";
  }

  block(bytes: Buffer, begin: number, end: number): boolean {
    if (this.#canonical.length < end - begin) this.#canonical = Buffer.allocUnsafe(end - begin);
    let filled = 0;
    for (let at = begin; at < end; ) {
      const lf = bytes.indexOf(LF, at);
      const stop = this.#line(bytes, at, lf);
      if (stop < 0) return false;
      if (stop > at) {
        filled += bytes.copy(this.#canonical, filled, at, stop);
        this.#canonical[filled] = LF;
        filled += 1;
      }
      at = lf + 1;
    }
    this.#hash.update(this.#canonical.subarray(0, filled));
    return true;
  }

  end(): RegistryResult {
    const isWhole = this.#isLines || this.#state === "closed";
    if (!isWhole || this.#matched !== this.#task.ids.size) return { clean: false };
    return {
      clean: true,
      entries: this.#entries,
      sha256: this.#hash.digest("hex"),
      findings: this.#findings,
      unused: Uint32Array.from(this.#unused),
    };
  }

  /** Where the entry on a line ends; the begin for a bracket, -1 for anything that is not in its place. */
  #line(bytes: Buffer, at: number, lf: number): number {
    if (this.#state === "start") {
      if (lf - at === 2 && bytes[at] === 0x5b && bytes[at + 1] === 0x5d) this.#state = "closed";
      else if (lf - at === 1 && bytes[at] === 0x5b) this.#state = "entries";
      else return -1;
      return at;
    }
    if (this.#state === "last") {
      this.#state = "closed";
      return lf - at === 1 && bytes[at] === 0x5d ? at : -1;
    }
    if (this.#state === "closed") return -1;
    const hasComma = !this.#isLines && bytes[lf - 1] === COMMA;
    if (!this.#isLines && !hasComma) this.#state = "last";
    const stop = hasComma ? lf - 1 : lf;
    return this.#entry(bytes, at, stop) ? stop : -1;
  }

  #entry(bytes: Buffer, at: number, stop: number): boolean {
    const uuidAt = this.#uuidAt(bytes, at, stop);
    if (uuidAt < 0 || !readUuid(bytes, uuidAt, this.#words, 0) || !has(bytes, at, HEAD)) return false;
    const from = at + HEAD.length;
    const to = uuidAt - MIDDLE.length;
    if (to <= from || !isPlain(bytes, from, to) || !has(bytes, to, MIDDLE)) return false;
    const legacyId = bytes.subarray(from, to);
    if (this.#entries > 0 && Buffer.compare(this.#previous, legacyId) >= 0) return false;
    this.#previous = Buffer.from(legacyId);
    this.#entries += 1;
    return this.#agree(legacyId);
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

  #agree(legacyId: Buffer): boolean {
    const place = this.#index.find(this.#words, 0);
    if (place >= 0) {
      if (this.#seen[place] === 1) return false;
      this.#seen[place] = 1;
      this.#matched += 1;
      return true;
    }
    this.#unused.push(...this.#words);
    const printable = printableLegacyId(legacyId.toString("utf8"));
    const entry = { module: this.#task.module, id: uuidText(this.#words) };
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
