import { canonicalize } from "../integrity/canonical.ts";
import { MAX_SAFE } from "../integrity/limits.ts";
import { compareCodeUnits } from "../integrity/order.ts";
import { isWellFormed } from "../integrity/well-formed.ts";
import { MigrationError } from "../model/errors.ts";
import type { JsonValue } from "../model/json.ts";
import type { ModuleDefinition } from "../model/module.ts";

/** An entity as mapping makes it: only the fields of its module and the id. */
export type MappedEntity = Readonly<Record<string, JsonValue>>;

/** Writes mapped entities of one module straight into bytes, without making a text of them. */
export interface ByteWriter {
  /** Bytes that are surely enough for the entity. */
  room(entity: MappedEntity): number;
  /**
   * Writes the JCS bytes of an entity, equal to `canonicalize(entity)`, at `at`, where `room` bytes must be free. Gives
   * the end, or -1 where something is unusual, which the caller gives to `canonicalize`.
   */
  write(entity: MappedEntity, bytes: Uint8Array, at: number): number;
}

/** Bytes of the longest number, `-1.2345678901234567e-123`, and more than any word. */
const SCALAR_BYTES = 26;

/** Compiles the byte writer of a module; undefined where a mapper function may make fields that nobody declared. */
export function compileByteWriter(module: ModuleDefinition): ByteWriter | undefined {
  const names = ["id", ...module.fields.map(({ name }) => name)].sort(compareCodeUnits);
  if (module.mapper !== undefined || !names.every(isOrdinary)) return undefined;
  const prefixes = names.map((name) => Buffer.from(`,${JSON.stringify(name)}:`, "utf8"));
  const fixed = prefixes.reduce((sum, prefix) => sum + prefix.length, 2);
  const room: ByteWriter["room"] = new Function("roomOf", "fixed", roomText(names))(roomOf, fixed);
  const write: ByteWriter["write"] = new Function("putBytes", "putValue", "prefixes", writeText(names))(
    putBytes,
    putValue,
    prefixes,
  );
  return { room, write };
}

function isOrdinary(name: string): boolean {
  return isWellFormed(name) && !(name in Object.prototype);
}

// Named properties are read by inline caches; a loop over names would look every one of them up.
function roomText(names: readonly string[]): string {
  const parts = names.map((name) => `roomOf(entity[${JSON.stringify(name)}])`);
  return `"use strict"; return (entity) => fixed + ${parts.join(" + ")};`;
}

function writeText(names: readonly string[]): string {
  const parts = names.map(
    (name, at) => `value = entity[${JSON.stringify(name)}];
if (value !== undefined) {
  to = putValue(bytes, putBytes(bytes, to, prefixes[${at}]), value, limit);
  if (to < 0) return -1;
}`,
  );
  return `"use strict"; return (entity, bytes, at) => {
const limit = bytes.length;
let to = at, value;
${parts.join("\n")}
bytes[at] = 0x7b;
bytes[to] = 0x7d;
return to + 1;
};`;
}

/** Bytes that are surely enough for a value. */
export function roomOf(value: JsonValue | undefined): number {
  if (typeof value === "string") return 3 * value.length + 2;
  return typeof value === "object" && value !== null ? 3 * JSON.stringify(value).length : SCALAR_BYTES;
}

/** Copies `from` to `at`; gives the end. */
export function putBytes(bytes: Uint8Array, at: number, from: Uint8Array): number {
  for (let byte = 0; byte < from.length; byte += 1) bytes[at + byte] = from[byte] ?? 0;
  return at + from.length;
}

/** Writes the JCS bytes of a value at `at`, before `limit`; gives the end, -1 where something is unusual. */
export function putValue(bytes: Uint8Array, at: number, value: JsonValue, limit: number): number {
  if (typeof value === "string") return putString(bytes, at, value, limit);
  if (typeof value === "number") {
    const isExact = Math.abs(value) <= MAX_SAFE || (Number.isFinite(value) && Math.abs(value) >= 1e21);
    return isExact ? putText(bytes, at, `${value}`, limit) : -1;
  }
  if (typeof value === "boolean") return putText(bytes, at, value ? "true" : "false", limit);
  if (value === null) return putText(bytes, at, "null", limit);
  const text = containerText(value);
  return text === undefined ? -1 : putText(bytes, at, text, limit);
}

/** A text in quotes; one that needs escapes is made by JSON.stringify, whose escapes are those of JCS. */
function putString(bytes: Uint8Array, at: number, value: string, limit: number): number {
  bytes[at] = 0x22;
  let to = at + 1;
  for (let index = 0; index < value.length; index += 1) {
    const unit = value.charCodeAt(index);
    if (unit >= 0x80) {
      to = putUnit(bytes, to, value, index, unit);
      if (to < 0) return -1;
      if (unit >= 0xd800 && unit < 0xdc00) index += 1;
    } else if (unit < 0x20 || unit === 0x22 || unit === 0x5c) {
      // JSON.stringify would hide a lone surrogate behind an escape.
      return isWellFormed(value) ? putText(bytes, at, JSON.stringify(value), limit) : -1;
    } else {
      bytes[to] = unit;
      to += 1;
    }
  }
  bytes[to] = 0x22;
  return to + 1;
}

/** A text as UTF-8; -1 where it might not fit or is not well-formed. */
function putText(bytes: Uint8Array, at: number, text: string, limit: number): number {
  if (at + 3 * text.length > limit) return -1;
  let to = at;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) {
      bytes[to] = unit;
      to += 1;
      continue;
    }
    to = putUnit(bytes, to, text, index, unit);
    if (to < 0) return -1;
    if (unit >= 0xd800 && unit < 0xdc00) index += 1;
  }
  return to;
}

/** One character beyond ASCII, of one or two units; -1 for a lone surrogate. */
function putUnit(bytes: Uint8Array, at: number, text: string, index: number, unit: number): number {
  if (unit < 0x800) {
    bytes[at] = 0xc0 | (unit >>> 6);
    bytes[at + 1] = 0x80 | (unit & 0x3f);
    return at + 2;
  }
  if (unit < 0xd800 || unit > 0xdfff) {
    bytes[at] = 0xe0 | (unit >>> 12);
    bytes[at + 1] = 0x80 | ((unit >>> 6) & 0x3f);
    bytes[at + 2] = 0x80 | (unit & 0x3f);
    return at + 3;
  }
  const low = text.charCodeAt(index + 1);
  if (unit > 0xdbff || !(low >= 0xdc00 && low <= 0xdfff)) return -1;
  const point = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
  bytes[at] = 0xf0 | (point >>> 18);
  bytes[at + 1] = 0x80 | ((point >>> 12) & 0x3f);
  bytes[at + 2] = 0x80 | ((point >>> 6) & 0x3f);
  bytes[at + 3] = 0x80 | (point & 0x3f);
  return at + 4;
}

// In an array, so that its depth counts as that of a part of the entity.
function containerText(value: object): string | undefined {
  try {
    return canonicalize([value]).slice(1, -1);
  } catch (error) {
    if (error instanceof MigrationError) return undefined;
    throw error;
  }
}
