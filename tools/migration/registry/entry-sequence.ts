import { statSync } from "node:fs";
import { parseUuid, uuidText } from "../integrity/uuid-words.ts";
import { MigrationError } from "../model/errors.ts";
import { SortedBytes } from "../stores/sorted-bytes.ts";
import type { SpillFolder } from "../stores/spill-folder.ts";
import { parseEntry } from "./entry.ts";
import type { EntryPlace, PlacedEntry } from "./entry-faults.ts";
import { NUMBER_BYTES, numberAt, putNumber } from "./join-by-index.ts";
import { readEntries } from "./read-entries.ts";

/** The entries of a registry that can be read; may be asked for again and again. */
export type EntrySequence = () => Iterable<PlacedEntry>;

/** Which registry is read. */
export interface RegistryInput {
  readonly module: string;
  /** Absolute path of the file. */
  readonly path: string;
  /** How findings name the file: relative to the project. */
  readonly file: string;
  readonly blockSizeBytes?: number;
}

/** The readable entries in the order of the file; `IO` where the file is no longer the one of the first call. */
export function entriesInFile(input: RegistryInput): EntrySequence {
  const stamp = stampOf(input.path);
  return function* () {
    for (const { value, index, line } of readEntries(input.path, input)) {
      const parsed = value.ok ? parseEntry(value.value) : undefined;
      if (parsed !== undefined && "entry" in parsed) yield { entry: parsed.entry, record: index + 1, line };
    }
    if (stampOf(input.path) !== stamp) throw changedWhileRead(input.file);
  };
}

/** The same entries ascending by the UTF-8 bytes of legacyId, equal ones in the order of the file. */
export function sortedEntries(entries: EntrySequence, folder: SpillFolder): EntrySequence {
  const sorted = new SortedBytes(folder);
  for (const placed of entries()) sorted.add(encode(placed));
  return function* () {
    for (const record of sorted.records()) yield decode(record);
  };
}

/** Ascending entries without those whose legacyId an earlier one has; these go to `onRepeat`. */
export function* withoutRepeats(
  entries: Iterable<PlacedEntry>,
  onRepeat: (again: PlacedEntry, first: EntryPlace) => void = () => {},
): Generator<PlacedEntry> {
  let last: PlacedEntry | undefined;
  for (const placed of entries) {
    if (last !== undefined && last.entry.legacyId === placed.entry.legacyId) {
      onRepeat(placed, last);
      continue;
    }
    yield placed;
    last = placed;
  }
}

/** Identity, size and times of a file; `none` where it is missing, which opening it words. */
function stampOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "none" : [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(":");
}

function changedWhileRead(file: string): MigrationError {
  return new MigrationError("IO", {
    message: `Reading ${file}: expected the same file from begin to end, got one that was written to meanwhile.`,
    remedy: "See that nothing else writes to migration/mapping, then run the same command again.",
  });
}

/** Behind the legacy id: its end, record, line, UUID and version. */
const TAIL_BYTES = 2 + 2 * NUMBER_BYTES + 16 + 8;
const WORDS = new Uint32Array(4);

/** An end of two zeros, and zeros in a legacy id made longer: so no id is taken for the beginning of another. */
function encode({ entry, record, line }: PlacedEntry): Buffer {
  const text = entry.legacyId.includes("\0") ? entry.legacyId.replaceAll("\0", "\0\u0001") : entry.legacyId;
  const length = Buffer.byteLength(text);
  const bytes = Buffer.alloc(length + TAIL_BYTES);
  bytes.write(text, 0, "utf8");
  putNumber(bytes, record, length + 2);
  putNumber(bytes, line, length + 2 + NUMBER_BYTES);
  parseUuid(entry.targetUuid, WORDS);
  WORDS.forEach((word, at) => {
    bytes.writeUInt32BE(word, length + 2 + 2 * NUMBER_BYTES + 4 * at);
  });
  bytes.writeDoubleBE(entry.version, bytes.length - 8);
  return bytes;
}

function decode(bytes: Buffer): PlacedEntry {
  const length = bytes.length - TAIL_BYTES;
  const text = bytes.toString("utf8", 0, length);
  for (let at = 0; at < 4; at += 1) WORDS[at] = bytes.readUInt32BE(length + 2 + 2 * NUMBER_BYTES + 4 * at);
  return {
    entry: {
      legacyId: text.includes("\0") ? text.replaceAll("\0\u0001", "\0") : text,
      targetUuid: uuidText(WORDS),
      version: bytes.readDoubleBE(bytes.length - 8),
    },
    record: numberAt(bytes, length + 2),
    line: numberAt(bytes, length + 2 + NUMBER_BYTES),
  };
}
