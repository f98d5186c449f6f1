import { isJsonObject, type JsonValue } from "../model/json.ts";
import { UUID } from "../model/module.ts";
import { stringifyChecked } from "./canonical.ts";
import { ENTITY_LINE_BYTES } from "./limits.ts";
import { hasExactKeys, isCount, isSha256Hex } from "./record-form.ts";
import { parseStrict } from "./strict-parse.ts";

/** A run of bytes in a file with the SHA-256 of these bytes, LFs included. */
export interface ByteSpan {
  readonly bytes: number;
  readonly offset: number;
  readonly sha256: string;
}

/** One line of chunks.jsonl (FORMATS.md, section 4). */
export interface ChunkRecord {
  /** Number of entities. */
  readonly count: number;
  readonly data: ByteSpan;
  readonly entities: ByteSpan;
  /** Id of the first entity. */
  readonly first: string;
  /** Leaf index of the first entity. */
  readonly index: number;
  /** Id of the last entity. */
  readonly last: string;
}

/** The JCS text of a chunk record, without LF. */
export function chunkLine(record: ChunkRecord): string {
  const { count, data, entities, first, index, last } = record;
  return stringifyChecked({ count, data: spanOf(data), entities: spanOf(entities), first, index, last });
}

/** Reads one line of chunks.jsonl, without LF; undefined unless it is the JCS text of a chunk record. */
export function parseChunkLine(text: string): ChunkRecord | undefined {
  const parsed = parseStrict(text);
  if (!parsed.ok || !hasExactKeys(parsed.value, ["count", "data", "entities", "first", "index", "last"]))
    return undefined;
  const { count, data, entities, first, index, last } = parsed.value;
  if (!isCount(count) || count === 0 || !isCount(index) || !isSpan(data) || !isSpan(entities)) return undefined;
  if (!isUuid(first) || !isUuid(last)) return undefined;
  const record: ChunkRecord = { count, data, entities, first, index, last };
  return chunkLine(record) === text ? record : undefined;
}

/** Says where `next` does not continue `previous` without a gap (undefined: the start of both files); undefined where it does. */
export function findChunkGap(previous: ChunkRecord | undefined, next: ChunkRecord): string | undefined {
  const expected: readonly (readonly [name: string, expected: number, got: number])[] = [
    ["index", previous === undefined ? 0 : previous.index + previous.count, next.index],
    ["data.offset", endOf(previous?.data), next.data.offset],
    ["entities.offset", endOf(previous?.entities), next.entities.offset],
    ["entities.bytes", ENTITY_LINE_BYTES * next.count, next.entities.bytes],
  ];
  const wrong = expected.find(([, want, got]) => want !== got);
  return wrong === undefined ? undefined : `${wrong[0]}: expected ${wrong[1]}, got ${wrong[2]}`;
}

function endOf(span: ByteSpan | undefined): number {
  return span === undefined ? 0 : span.offset + span.bytes;
}

function spanOf({ bytes, offset, sha256 }: ByteSpan): { bytes: number; offset: number; sha256: string } {
  return { bytes, offset, sha256 };
}

function isSpan(value: JsonValue): value is JsonValue & ByteSpan {
  if (!isJsonObject(value) || !hasExactKeys(value, ["bytes", "offset", "sha256"])) return false;
  return isCount(value.bytes) && value.bytes > 0 && isCount(value.offset) && isSha256Hex(value.sha256);
}

function isUuid(value: JsonValue): value is string {
  return typeof value === "string" && UUID.test(value);
}
