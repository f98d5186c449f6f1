import { dateTimeEnd, isDate, readUuid } from "../compiled/byte-formats.ts";
import type { CellForm } from "../model/cell-form.ts";
import type { FieldType, TransformName } from "../model/field-words.ts";
import type { FieldDefinition } from "../model/module.ts";

/** True where a rule surely leaves the JSON text in `[from, to)`, without its quotes, as it is; false says nothing. */
export type Keeps = (bytes: Uint8Array, view: DataView, from: number, to: number) => boolean;

/** What the rule of a field does with cells that need no JavaScript value. */
export interface KeptCells {
  /** All have to hold for a text; undefined where texts always change. */
  readonly texts: readonly Keeps[] | undefined;
  /** True where integers of up to 15 digits stay as they are. */
  readonly integers: boolean;
  /** True where a real stays as it is whose text is canonical. */
  readonly reals: boolean;
  /** True where 0 and 1 become false and true. */
  readonly flags: boolean;
}

/** What of the cells of a field, that is no reference, can go to the line as it is. */
export function keptCells({ transform, type }: FieldDefinition, form: CellForm): KeptCells {
  const numeric: ReadonlySet<TransformName> = new Set(["integer", "number", "empty-to-null"]);
  const isType = (...types: readonly FieldType[]): boolean => type === undefined || types.some((one) => one === type);
  return {
    texts: keptTexts(transform, type),
    reals: transform.every((word) => word !== "integer" && numeric.has(word)) && isType("number", "json"),
    integers: transform.every((word) => numeric.has(word)) && isType("integer", "number", "json"),
    flags:
      transform.length === 0
        ? type === "boolean" && form === "cells"
        : transform.length === 1 && transform[0] === "boolean" && isType("boolean", "json"),
  };
}

/** A condition that vectors look at: see `Keeps`. */
export type LaneKeep =
  | { readonly rule: "trimmed" | "some" | "day" | "second" }
  | { readonly rule: "ascii-without"; readonly first: number }
  | { readonly rule: "most"; readonly bytes: number };

const LANES_BY: Readonly<Partial<Record<TransformName, readonly LaneKeep[]>>> = {
  trim: [{ rule: "trimmed" }],
  lower: [{ rule: "ascii-without", first: 0x41 }],
  upper: [{ rule: "ascii-without", first: 0x61 }],
  "empty-to-null": [{ rule: "some" }],
  date: [{ rule: "day" }],
  timestamp: [{ rule: "second" }],
  string: [],
};

/** What `keptTexts` gives, for vectors; undefined where a condition is beyond them. */
export function laneKeeps(
  transforms: readonly TransformName[],
  type: string | undefined,
): readonly LaneKeep[] | undefined {
  const all = [...transforms.map((word) => LANES_BY[word]), type === undefined ? [] : laneByType(type)];
  const known = all.filter((one) => one !== undefined);
  return known.length === all.length ? known.flat() : undefined;
}

function laneByType(declared: string): readonly LaneKeep[] | undefined {
  const length = /^string\((\d+)\)$/.exec(declared)?.[1];
  if (length !== undefined) return [{ rule: "most", bytes: Math.min(Number(length), MOST_BYTES) }];
  switch (declared) {
    case "string":
      return [];
    case "date":
      return [{ rule: "day" }];
    case "timestamp":
    case "timestamptz":
      return [{ rule: "second" }];
    default:
      return undefined;
  }
}

/** No cell is longer. */
const MOST_BYTES = 2 ** 30;

/** The conditions under which these transforms, and then the type, leave a text as it is. */
export function keptTexts(
  transforms: readonly TransformName[],
  type: string | undefined,
): readonly Keeps[] | undefined {
  const all = [...transforms.map((word) => KEPT_BY[word]), type === undefined ? ALWAYS : keptByType(type)];
  const known = all.filter((one) => one !== undefined);
  return known.length === all.length ? known.filter((one) => one !== ALWAYS) : undefined;
}

const BACKSLASH = 0x5c;
const ALWAYS: Keeps = () => true;

const KEPT_BY: Readonly<Record<TransformName, Keeps | undefined>> = {
  trim: isTrimmed,
  lower: (bytes, _view, from, to) => isAsciiWithout(bytes, from, to, 0x41),
  upper: (bytes, _view, from, to) => isAsciiWithout(bytes, from, to, 0x61),
  "collapse-spaces": isCollapsed,
  "empty-to-null": (_bytes, _view, from, to) => to > from,
  date: isDay,
  time: isMinute,
  timestamp: isUtcSecond,
  integer: undefined,
  number: undefined,
  decimal: undefined,
  boolean: undefined,
  string: ALWAYS,
};

function keptByType(declared: string): Keeps | undefined {
  const length = /^string\((\d+)\)$/.exec(declared)?.[1];
  // A character takes a byte or more.
  if (length !== undefined) return (_bytes, _view, from, to) => to - from <= Number(length);
  switch (declared) {
    case "string":
      return ALWAYS;
    case "date":
      return isDay;
    case "time":
      return isMinute;
    case "timestamp":
    case "timestamptz":
      return isUtcSecond;
    case "uuid":
      return isUuid;
    default:
      return undefined;
  }
}

/**
 * No space at both ends, and no escape that stands for something else there: visible ASCII, or a character of two bytes from
 * U+00C0 on, among which is no space.
 */
function isTrimmed(bytes: Uint8Array, _view: DataView, from: number, to: number): boolean {
  if (from === to) return true;
  if (!isVisible(bytes[from]) && !isLead(bytes[from])) return false;
  if (!isVisible(bytes[to - 1]) && !(to - from >= 2 && isLead(bytes[to - 2]))) return false;
  if (bytes[from] === BACKSLASH) return false;
  for (let at = Math.max(from, to - 6); at < to; at += 1) if (bytes[at] === BACKSLASH) return false;
  return true;
}

function isVisible(byte = 0): boolean {
  return byte > 0x20 && byte < 0x80;
}

/** The first byte of a character from U+00C0 to U+07FF. */
function isLead(byte = 0): boolean {
  return byte >= 0xc3 && byte <= 0xdf;
}

/** Only ASCII, no escape, and none of the 26 letters from `first` on. */
function isAsciiWithout(bytes: Uint8Array, from: number, to: number, first: number): boolean {
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x80 || byte === BACKSLASH || (byte - first) >>> 0 < 26) return false;
  }
  return true;
}

function isCollapsed(bytes: Uint8Array, _view: DataView, from: number, to: number): boolean {
  let before = 0x20;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x80 || byte === BACKSLASH || (byte === 0x20 && before === 0x20)) return false;
    before = byte;
  }
  return from === to || before !== 0x20;
}

function isDay(_bytes: Uint8Array, view: DataView, from: number, to: number): boolean {
  return to - from === 10 && isDate(view, from);
}

/** hh:mm */
function isMinute(bytes: Uint8Array, _view: DataView, from: number, to: number): boolean {
  if (to - from !== 5 || bytes[from + 2] !== 0x3a) return false;
  const [a, b, c, d] = [0, 1, 3, 4].map((at) => (bytes[from + at] ?? 0) - 0x30);
  const isHour = isUpTo(a, 2) && isUpTo(b, a === 2 ? 3 : 9);
  return isHour && isUpTo(c, 5) && isUpTo(d, 9);
}

function isUpTo(digit = -1, most: number): boolean {
  return digit >= 0 && digit <= most;
}

/** A moment in UTC to the second, as RFC 3339 has it. */
function isUtcSecond(_bytes: Uint8Array, view: DataView, from: number, to: number): boolean {
  // With an offset or a fraction it is longer.
  return to - from === 20 && dateTimeEnd(view, from, to) === to;
}

const uuid = new Uint32Array(4);

function isUuid(_bytes: Uint8Array, view: DataView, from: number, to: number): boolean {
  return to - from === 36 && readUuid(view, from, uuid, 0);
}
