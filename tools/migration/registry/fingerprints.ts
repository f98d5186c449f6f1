import { createHash } from "node:crypto";
import { sha256Hex } from "../integrity/digest.ts";
import { entryLine, type RegistryEntry } from "./entry.ts";

/** Hex digits kept of each SHA-256: 64 bits tell entries of one registry apart, and are no secret. */
const DIGITS = 16;
/** Characters of a line: both fingerprints, and LF. */
const LINE_LENGTH = 2 * DIGITS + 1;

/** The fingerprints of one entry: of its legacy id, and of all of it. */
export interface EntryFingerprints {
  readonly legacyId: string;
  readonly entry: string;
}

/** How many fingerprints there are and their SHA-256 over all lines. */
export interface FingerprintsDigest {
  readonly count: number;
  readonly sha256: string;
}

/** The two fingerprints of an entry, 16 hex digits each. */
export function fingerprint(entry: RegistryEntry): EntryFingerprints {
  return {
    legacyId: sha256Hex(entry.legacyId).slice(0, DIGITS),
    entry: sha256Hex(entryLine(entry)).slice(0, DIGITS),
  };
}

/** The lines of the sidecar file, LF included, in registry order. */
export function* fingerprintLines(entries: Iterable<RegistryEntry>): Generator<string> {
  for (const entry of entries) {
    const { legacyId, entry: whole } = fingerprint(entry);
    yield `${legacyId}${whole}\n`;
  }
}

/** Count and SHA-256 of the sidecar for these entries. */
export function digestFingerprints(entries: Iterable<RegistryEntry>): FingerprintsDigest {
  const hash = createHash("sha256");
  let count = 0;
  for (const line of fingerprintLines(entries)) {
    hash.update(line);
    count += 1;
  }
  return { count, sha256: hash.digest("hex") };
}

/** The fingerprints of a sidecar, read where they lie in its text. */
export class FingerprintList {
  readonly #text: string;
  readonly size: number;

  private constructor(text: string) {
    this.#text = text;
    this.size = text.length / LINE_LENGTH;
  }

  /** The list, or undefined where the text does not have the frozen count and digest: it is damaged. */
  static of(text: string, frozen: FingerprintsDigest): FingerprintList | undefined {
    if (text.length !== frozen.count * LINE_LENGTH || sha256Hex(text) !== frozen.sha256) return undefined;
    return new FingerprintList(text);
  }

  legacyIdAt(index: number): string {
    return this.#part(index, 0);
  }

  entryAt(index: number): string {
    return this.#part(index, DIGITS);
  }

  #part(index: number, column: number): string {
    const begin = index * LINE_LENGTH + column;
    return this.#text.slice(begin, begin + DIGITS);
  }
}
