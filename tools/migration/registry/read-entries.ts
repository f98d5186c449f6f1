import { isUtf8 } from "node:buffer";
import { basename } from "node:path";
import { ByteWindow, DEFAULT_BLOCK_SIZE_BYTES } from "../files/byte-window.ts";
import { type ElementSpan, isBlank } from "../files/element-span.ts";
import { splitArray } from "../files/split-array.ts";
import { type ParseResult, parseStrict } from "../integrity/strict-parse.ts";
import { openRegistry, type RegistryFileName, registryInvalid } from "./registry-file.ts";
import { splitLines } from "./split-lines.ts";

/** An entry as the tool writes it, without escapes: strict JSON whatever its texts are, and read in a third of the time. */
const COMMITTED = /^\{"legacyId":"([^"\\\u0000-\u001f]*)","targetUuid":"([0-9a-f-]*)","version":([1-9][0-9]{0,14})\}$/;

/** One element of a registry file, parsed but not yet checked as an entry. */
export interface ReadEntry {
  readonly value: ParseResult;
  /** From 0. */
  readonly index: number;
  /** Number of the line it begins on, from 1. */
  readonly line: number;
  /** Byte offset of its first byte. */
  readonly offset: number;
}

/** How a registry is read; the defaults suit everything but tests. */
export interface ReadEntriesOptions {
  /** How errors name the file; its base name by default. */
  readonly file?: string;
  /** The module named in remedies; the base name without extension by default. */
  readonly module?: string;
  readonly blockSizeBytes?: number;
}

/**
 * Streams a registry from disk with memory bounded by one entry: a JSON array, or JSONL where the name ends so.
 * Throws `REGISTRY_MISSING`, `REGISTRY_INVALID` for anything that is not JSON of that form, `IO`.
 * A value that is JSON but not of the strict profile (say, a key given twice) is handed on with its reason.
 */
export function* readEntries(path: string, options: ReadEntriesOptions = {}): Generator<ReadEntry> {
  const file = options.file ?? basename(path);
  const name = { path, file, module: options.module ?? basename(path).replace(/\.jsonl?$/, "") };
  const opened = openRegistry(name);
  try {
    const window = new ByteWindow(opened, options.blockSizeBytes ?? DEFAULT_BLOCK_SIZE_BYTES);
    const spans = path.endsWith(".jsonl")
      ? splitLines(window, name)
      : splitArray(window, (offset, words) => registryInvalid(name, offset, words));
    let index = 0;
    for (const span of spans) {
      yield { value: parseSpan(window, span, name), index, line: span.line, offset: span.begin };
      index += 1;
    }
  } finally {
    opened.close();
  }
}

function parseSpan(window: ByteWindow, span: ElementSpan, name: RegistryFileName): ParseResult {
  const bytes = trimEnd(window.slice(span.begin, span.end));
  if (!isUtf8(bytes)) throw registryInvalid(name, span.begin, "expected an entry in UTF-8, got other bytes");
  const text = bytes.toString("utf8");
  const committed = COMMITTED.exec(text);
  if (committed !== null) {
    const [, legacyId = "", targetUuid = "", version = ""] = committed;
    return { ok: true, value: { legacyId, targetUuid, version: Number(version) } };
  }
  const parsed = parseStrict(text);
  if (parsed.ok || parsed.reason !== "JSON") return parsed;
  const offset = span.begin + Buffer.byteLength(text.slice(0, parsed.offset));
  throw registryInvalid(name, offset, parsed.message);
}

function trimEnd(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && isBlank(bytes[end - 1] ?? 0)) end -= 1;
  return bytes.subarray(0, end);
}
