import { join } from "node:path";
import { RandomReader } from "../files/random-reader.ts";
import type { ChunkRecord } from "../integrity/chunks.ts";
import { sha256Hex } from "../integrity/digest.ts";
import { ENTITY_LINE_BYTES } from "../integrity/limits.ts";
import { CHECKSUMS_NAME, ENTITIES_NAME } from "../stores/module-files.ts";
import { type CandidateIndex, notAsBuilt } from "./candidate-index.ts";

const ID_OFFSET = 7;
const ID_END = 43;
const SHA_OFFSET = 55;
const SHA_END = 119;
const LINE_END = ENTITY_LINE_BYTES - 1;
const EMPTY = Buffer.alloc(0);
/** Lines that are compared at once where nothing differs. */
const RUN_LINES = 64;

/** Where an entity is: its chunk, and its place among the entities of the chunk, from 0. */
export interface EntityPlace {
  readonly chunk: ChunkRecord;
  readonly at: number;
  readonly id: string;
  readonly sha256: string;
}

/** Walks over the lines of entities.jsonl of some chunks, one chunk in memory; every chunk is held to its digest. */
export class DigestCursor {
  readonly #candidate: CandidateIndex;
  readonly #file: string;
  readonly #reader: RandomReader;
  readonly #chunks: readonly ChunkRecord[];
  #chunkAt = -1;
  #lines: Buffer = EMPTY;
  #offset = 0;

  /** Stands on the first line; `chunks` are some of the module's, in their order. */
  constructor(candidate: CandidateIndex, module: string, chunks: readonly ChunkRecord[]) {
    this.#candidate = candidate;
    this.#file = `${module}/${CHECKSUMS_NAME}/${ENTITIES_NAME}`;
    this.#reader = new RandomReader(join(candidate.input, this.#file), this.#file);
    this.#chunks = chunks;
    this.#load();
  }

  close(): void {
    this.#reader.close();
  }

  /** True behind the last line. */
  get done(): boolean {
    return this.#chunkAt >= this.#chunks.length;
  }

  /** The entity that the cursor stands on. */
  get place(): EntityPlace {
    const chunk = this.#chunks[this.#chunkAt];
    if (chunk === undefined) throw new TypeError("the cursor stands behind the last line");
    const id = this.#lines.toString("latin1", this.#offset + ID_OFFSET, this.#offset + ID_END);
    const sha256 = this.#lines.toString("latin1", this.#offset + SHA_OFFSET, this.#offset + SHA_END);
    return { chunk, at: this.#offset / ENTITY_LINE_BYTES, id, sha256 };
  }

  /** Steps over `lines` lines of the chunk; true where that opened the next one. */
  advance(lines = 1): boolean {
    this.#offset += lines * ENTITY_LINE_BYTES;
    if (this.#offset < this.#lines.length) return false;
    this.#load();
    return true;
  }

  /** How many lines from here on are surely the same in both; 0 where it does not pay to ask. */
  commonLines(other: DigestCursor): number {
    const bytes = RUN_LINES * ENTITY_LINE_BYTES;
    const [mine, its] = [this.#offset, other.#offset];
    if (mine + bytes > this.#lines.length || its + bytes > other.#lines.length) return 0;
    return this.#lines.compare(other.#lines, its, its + bytes, mine, mine + bytes) === 0 ? RUN_LINES : 0;
  }

  /** Order of the whole lines: 0 means one id and one digest. */
  compareLine(other: DigestCursor): number {
    return this.#compare(other, 0, LINE_END);
  }

  /** Order of the ids alone. */
  compareId(other: DigestCursor): number {
    return this.#compare(other, ID_OFFSET, ID_END);
  }

  #compare(other: DigestCursor, begin: number, end: number): number {
    const [mine, its] = [this.#offset, other.#offset];
    return this.#lines.compare(other.#lines, its + begin, its + end, mine + begin, mine + end);
  }

  #load(): void {
    this.#chunkAt += 1;
    this.#offset = 0;
    const chunk = this.#chunks[this.#chunkAt];
    this.#lines = chunk === undefined ? EMPTY : this.#read(chunk);
  }

  #read({ entities }: ChunkRecord): Buffer {
    const lines = this.#reader.read(entities.offset, entities.bytes);
    if (sha256Hex(lines) === entities.sha256) return lines;
    throw notAsBuilt(this.#candidate.label, `${this.#file} has bytes without their digest`);
  }
}
