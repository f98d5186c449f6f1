import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { guardRead } from "../files/guard-read.ts";
import { sha256Hex } from "../integrity/digest.ts";
import { entryLine, type RegistryEntry } from "./entry.ts";

/** Hex digits kept of each SHA-256: 64 bits tell entries of one registry apart, and are no secret. */
const DIGITS = 16;
/** Characters of a line: both fingerprints, and LF. */
const LINE_LENGTH = 2 * DIGITS + 1;
/** Lines read at a time. */
const BLOCK_LINES = 4096;

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

/** Count and SHA-256 of a sidecar, taken while its lines are written. */
export class FingerprintDigest {
  readonly #hash = createHash("sha256");
  #count = 0;

  /** The lines of `fingerprintLines`, counted and hashed on their way. */
  *lines(entries: Iterable<RegistryEntry>): Generator<string> {
    for (const line of fingerprintLines(entries)) {
      this.#hash.update(line);
      this.#count += 1;
      yield line;
    }
  }

  /** To be asked once, when all lines were taken. */
  end(): FingerprintsDigest {
    return { count: this.#count, sha256: this.#hash.digest("hex") };
  }
}

/** The sidecar of a module on the disk: as many fingerprints as there are, none of them kept. */
export class FingerprintFile {
  readonly #path: string;
  readonly size: number;

  private constructor(path: string, size: number) {
    this.#path = path;
    this.size = size;
  }

  /** The file, or undefined where it does not have the frozen count and digest: it is damaged. */
  static of(path: string, frozen: FingerprintsDigest): FingerprintFile | undefined {
    if (guardRead(nameOf(path), () => statSync(path).size) !== frozen.count * LINE_LENGTH) return undefined;
    const hash = createHash("sha256");
    for (const block of blocksOf(path)) hash.update(block);
    return hash.digest("hex") === frozen.sha256 ? new FingerprintFile(path, frozen.count) : undefined;
  }

  /** The fingerprints in registry order. */
  *fingerprints(): Generator<EntryFingerprints> {
    for (const block of blocksOf(this.#path)) {
      const text = block.toString("latin1");
      for (let at = 0; at < text.length; at += LINE_LENGTH) {
        yield { legacyId: text.slice(at, at + DIGITS), entry: text.slice(at + DIGITS, at + 2 * DIGITS) };
      }
    }
  }
}

/** Whole lines, as far as the file has them; opened for each block, since a reader may stop early. */
function* blocksOf(path: string): Generator<Buffer> {
  for (let at = 0; ; ) {
    const block = guardRead(nameOf(path), () => readAt(path, at));
    if (block.length === 0) return;
    yield block;
    at += block.length;
  }
}

function nameOf(path: string): string {
  return `${basename(dirname(path))}/${basename(path)}`;
}

function readAt(path: string, begin: number): Buffer {
  const block = Buffer.allocUnsafe(BLOCK_LINES * LINE_LENGTH);
  const fd = openSync(path, "r");
  let filled = 0;
  try {
    for (let read = -1; read !== 0 && filled < block.length; filled += read) {
      read = readSync(fd, block, filled, block.length - filled, begin + filled);
    }
  } finally {
    closeSync(fd);
  }
  return block.subarray(0, filled);
}
