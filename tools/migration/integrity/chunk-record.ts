import { UUID } from "../model/module.ts";
import { ENTITY_LINE_BYTES } from "./limits.ts";

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

/** The JCS text of a chunk record, without LF: its keys in order, and no text in it that JSON would escape. */
export function chunkLine({ count, data, entities, first, index, last }: ChunkRecord): string {
  const [one, other] = [spanText(data), spanText(entities)];
  return `{"count":${count},"data":${one},"entities":${other},"first":"${first}","index":${index},"last":"${last}"}`;
}

function spanText({ bytes, offset, sha256 }: ByteSpan): string {
  return `{"bytes":${bytes},"offset":${offset},"sha256":"${sha256}"}`;
}

const COUNT = "(0|[1-9][0-9]{0,15})";
const SPAN = `\\{"bytes":${COUNT},"offset":${COUNT},"sha256":"([0-9a-f]{64})"\\}`;
const ID = `"(${UUID.source.slice(1, -1)})"`;
const LINE = new RegExp(
  `^\\{"count":${COUNT},"data":${SPAN},"entities":${SPAN},"first":${ID},"index":${COUNT},"last":${ID}\\}$`,
);

/**
 * Reads one line of chunks.jsonl, without LF; undefined unless it is the JCS text of a chunk record. A list has a line for
 * every 4096 entities and is read before any work begins: by the strict parser and `stringify` a line took 55 us.
 */
export function parseChunkLine(text: string): ChunkRecord | undefined {
  const found = LINE.exec(text);
  if (found === null) return undefined;
  const part = (at: number): string => found[at] ?? "";
  const [count, index] = [Number(part(1)), Number(part(9))];
  const data = { bytes: Number(part(2)), offset: Number(part(3)), sha256: part(4) };
  const entities = { bytes: Number(part(5)), offset: Number(part(6)), sha256: part(7) };
  if (![count, data.bytes, entities.bytes].every((size) => size > 0)) return undefined;
  if (![count, index, data.bytes, data.offset, entities.bytes, entities.offset].every(Number.isSafeInteger)) {
    return undefined;
  }
  return { count, data, entities, first: part(8), index, last: part(10) };
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
