import { createHash } from "node:crypto";
import { join } from "node:path";
import { readRaw } from "../files/raw-bytes.ts";
import type { FindingPlace } from "../model/finding.ts";

/** Bytes of a file of the candidate, named by the place of what is to be said of them. */
export interface SuspectBytes {
  readonly place: FindingPlace & { readonly file: string; readonly offset: number };
  readonly length: number;
}

/** The word under `rule` for bytes that are wrong at the second reading too (FORMATS.md, section 8). */
export const DAMAGED = "damaged";

/** Reads bytes that do not have their digest once more, through a descriptor of its own. */
export class SecondRead {
  readonly #input: string;
  readonly #onMismatch: (place: FindingPlace) => void;

  /** `onMismatch` is called before each second reading. */
  constructor(input: string, onMismatch: (place: FindingPlace) => void = () => {}) {
    this.#input = input;
    this.#onMismatch = onMismatch;
  }

  /** The bytes themselves, fewer where the file ends before; UNVERIFIABLE when it cannot be read. */
  bytes(suspect: SuspectBytes): Buffer {
    const parts: Buffer[] = [];
    this.#read(suspect, (block) => parts.push(Buffer.from(block)));
    return Buffer.concat(parts);
  }

  /** SHA-256 of the bytes. */
  sha256(suspect: SuspectBytes): string {
    const hash = createHash("sha256");
    this.#read(suspect, (block) => hash.update(block));
    return hash.digest("hex");
  }

  #read({ place, length }: SuspectBytes, take: (block: Buffer) => void): void {
    this.#onMismatch(place);
    const range = { offset: place.offset, length };
    readRaw(join(this.#input, place.file), place.file, range, (bytes, got) => take(bytes.subarray(0, got)));
  }
}
