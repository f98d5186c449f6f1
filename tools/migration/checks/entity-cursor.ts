import { join } from "node:path";
import { RandomReader } from "../files/random-reader.ts";
import type { ChunkRecord } from "../integrity/chunks.ts";
import { sha256Hex } from "../integrity/digest.ts";
import { MAX_LINE_BYTES } from "../integrity/limits.ts";
import { DATA_NAME } from "../stores/module-files.ts";
import { type CandidateIndex, notAsBuilt } from "./candidate-index.ts";
import type { EntityPlace } from "./digest-cursor.ts";

const BLOCK_BYTES = 512 * 1024;
/** Read where a line probably begins. */
const GUESS_BYTES = 16 * 1024;
const LF = 10;

/** Reads single lines of data.jsonl, each held to its digest; quickest when asked in ascending order. */
export class EntityCursor {
  readonly #candidate: CandidateIndex;
  readonly #file: string;
  readonly #reader: RandomReader;
  /** With memory of its own: the block stays as it is. */
  readonly #guesser: RandomReader;
  #chunk: ChunkRecord | undefined;
  #block: Buffer = Buffer.alloc(0);
  /** Offset of the block in the file. */
  #blockOffset = 0;
  /** Where in the block the next line begins, and its number in the chunk. */
  #begin = 0;
  #at = 0;

  constructor(candidate: CandidateIndex, module: string) {
    this.#candidate = candidate;
    this.#file = `${module}/${DATA_NAME}`;
    this.#reader = new RandomReader(join(candidate.input, this.#file), this.#file);
    this.#guesser = new RandomReader(join(candidate.input, this.#file), this.#file);
  }

  /** Where in its chunk the next line begins, in bytes. */
  get offset(): number {
    return this.#blockOffset + this.#begin - (this.#chunk?.data.offset ?? 0);
  }

  /**
   * The line of an entity, without LF; UNVERIFIABLE where its bytes do not have the digest. `guess` is where in its chunk it
   * probably begins: where it does, the lines before it need not be read.
   */
  lineOf({ chunk, at, id, sha256 }: EntityPlace, guess?: number): string {
    const guessed = guess === undefined ? undefined : this.#lineAt(chunk, guess, sha256);
    if (guessed !== undefined) return guessed;
    if (this.#chunk !== chunk || this.#at > at) this.#goTo(chunk);
    while (this.#at < at && this.#nextLine() !== undefined);
    const line = this.#nextLine();
    if (line !== undefined && sha256Hex(line) === sha256) return line.toString("utf8");
    throw notAsBuilt(this.#candidate.label, `${this.#file}: the entity ${id} does not have its digest`);
  }

  close(): void {
    this.#reader.close();
    this.#guesser.close();
  }

  #lineAt(chunk: ChunkRecord, offset: number, sha256: string): string | undefined {
    const bytes = this.#guesser.read(chunk.data.offset + offset, GUESS_BYTES);
    const line = bytes.subarray(0, Math.max(0, bytes.indexOf(LF)));
    return sha256Hex(line) === sha256 ? line.toString("utf8") : undefined;
  }

  #goTo(chunk: ChunkRecord): void {
    this.#chunk = chunk;
    this.#at = 0;
    this.#begin = 0;
    this.#load(chunk.data.offset, BLOCK_BYTES);
  }

  /** The next line of the file, as far as it goes; undefined where there is none. */
  #nextLine(): Buffer | undefined {
    for (;;) {
      const end = this.#block.indexOf(LF, this.#begin);
      if (end >= 0) {
        const line = this.#block.subarray(this.#begin, end);
        this.#begin = end + 1;
        this.#at += 1;
        return line;
      }
      const held = this.#block.length - this.#begin;
      this.#load(this.#blockOffset + this.#begin, Math.max(BLOCK_BYTES, held * 2));
      this.#begin = 0;
      if (this.#block.length <= held || held > MAX_LINE_BYTES) return undefined;
    }
  }

  #load(offset: number, length: number): void {
    this.#block = this.#reader.read(offset, length);
    this.#blockOffset = offset;
  }
}
