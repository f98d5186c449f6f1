import { MAX_SAFE } from "../integrity/limits.ts";
import { parseStrict } from "../integrity/strict-parse.ts";
import type { CellForm } from "../model/cell-form.ts";
import type { FieldType } from "../model/field-words.ts";
import type { JsonValue } from "../model/json.ts";
import { readDate, readTime, readTimestamp, readZoned } from "./canonical-times.ts";
import { FAILED } from "./transforms.ts";

/** Brings a value into the canonical form of a type (FORMATS.md, types); `FAILED` where it is none or would change. */
export type TypeReader = (value: unknown) => JsonValue | typeof FAILED;

/**
 * The reader of a declared type such as `integer`, `string(40)` (code points), `decimal(10,2)` or `date[]`. Where values
 * have the types of JSON only the form is made canonical; cells of a database and text are read as the type says.
 */
export function typeReader(declared: string, form: CellForm): TypeReader {
  if (declared.endsWith("[]")) return arrayReader(typeReader(declared.slice(0, -2), form), form);
  const [name = "", first, second] = declared.split(/[(),]/).filter((part) => part !== "");
  const read = READERS[name as FieldType];
  if (name === "decimal" && first !== undefined) return decimalReader(Number(first), Number(second ?? 0), form);
  if (name !== "string" || first === undefined) return (value) => read(value, form);
  const most = Number(first);
  return (value) => {
    const text = read(value, form);
    return typeof text === "string" && (text.length <= most || Array.from(text).length <= most) ? text : FAILED;
  };
}

type FormReader = (value: unknown, form: CellForm) => JsonValue | typeof FAILED;

const READERS: Readonly<Record<FieldType, FormReader>> = {
  string: readString,
  integer: readInteger,
  bigint: readBigint,
  number: readNumber,
  decimal: readDecimal,
  boolean: readBoolean,
  date: (value) => readDate(value),
  time: (value) => readTime(value),
  timestamp: readTimestamp,
  timestamptz: readZoned,
  uuid: readUuid,
  bytes: readBytes,
  json: readJson,
};

const INTEGER = /^-?(0|[1-9]\d*)$/;
const NUMBER = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d{1,4}))?$/;
const DECIMAL = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?$/;

function readString(value: unknown, form: CellForm): JsonValue | typeof FAILED {
  if (typeof value === "string") return value;
  // A column without a type holds texts that look like numbers as numbers.
  return form === "cells" ? (digits(value) ?? FAILED) : FAILED;
}

function readInteger(value: unknown, form: CellForm): JsonValue | typeof FAILED {
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : FAILED;
  if (form === "json") return FAILED;
  const text = typeof value === "bigint" ? value.toString() : value;
  if (typeof text !== "string" || text.length > 17 || !INTEGER.test(text) || text === "-0") return FAILED;
  const number = Number(text);
  return Math.abs(number) <= MAX_SAFE ? number : FAILED;
}

function readBigint(value: unknown): JsonValue | typeof FAILED {
  if (typeof value === "string") return INTEGER.test(value) && value !== "-0" ? value : FAILED;
  return typeof value === "bigint" || Number.isSafeInteger(value) ? String(value) : FAILED;
}

/** A binary number: text is taken where no digit of it would be lost. */
function readNumber(value: unknown, form: CellForm): JsonValue | typeof FAILED {
  if (typeof value === "number") return Number.isFinite(value) ? value : FAILED;
  if (form === "json") return FAILED;
  const text = typeof value === "bigint" ? value.toString() : value;
  if (typeof text !== "string") return FAILED;
  const number = Number(text);
  const isRounded = Number.isInteger(number) && Math.abs(number) > MAX_SAFE && Math.abs(number) < 1e21;
  return NUMBER.test(text) && !isRounded && sameNumber(text) === sameNumber(String(number)) ? number : FAILED;
}

function readDecimal(value: unknown, form: CellForm): JsonValue | typeof FAILED {
  const text = typeof value === "string" ? value : form === "json" ? undefined : digits(value);
  return text !== undefined && DECIMAL.test(text) ? text : FAILED;
}

/** Exactly `scale` digits after the point, so that one number has one text wherever it comes from. */
function decimalReader(precision: number, scale: number, form: CellForm): TypeReader {
  return (value) => {
    const text = readDecimal(value, form);
    const match = typeof text === "string" ? DECIMAL.exec(text) : null;
    if (match === null) return FAILED;
    const [, sign = "", whole = "", fraction = ""] = match;
    if (/[^0]/.test(fraction.slice(scale)) || (whole === "0" ? 0 : whole.length) > precision - scale) return FAILED;
    const padded = fraction.slice(0, scale).padEnd(scale, "0");
    const isZero = whole === "0" && !/[^0]/.test(padded);
    return `${isZero ? "" : sign}${whole}${scale === 0 ? "" : `.${padded}`}`;
  };
}

/** A number or bigint as decimal text; undefined where it has none without an exponent. */
function digits(value: unknown): string | undefined {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  const text = String(value);
  return text.includes("e") ? undefined : text;
}

/** Sign, digits and exponent of the text of a number, so that all texts of one value are equal. */
function sameNumber(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = NUMBER.exec(text) ?? [];
  const all = (whole + fraction).replace(/^0+/, "");
  const digits = all.replace(/0+$/, "");
  return digits === "" ? "0" : `${sign}${digits}e${Number(exponent) - fraction.length + all.length - digits.length}`;
}

const WORDS: Readonly<Record<string, boolean>> = { "0": false, "1": true, f: false, t: true, false: false, true: true };

function readBoolean(value: unknown, form: CellForm): JsonValue | typeof FAILED {
  if (typeof value === "boolean") return value;
  if (form === "json" || !["string", "number", "bigint"].includes(typeof value)) return FAILED;
  const word = String(value).toLowerCase();
  return Object.hasOwn(WORDS, word) ? (WORDS[word] ?? FAILED) : FAILED;
}

const ANY_UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function readUuid(value: unknown, form: CellForm): JsonValue | typeof FAILED {
  if (value instanceof Uint8Array && value.length === 16 && form === "cells") {
    return Buffer.from(value)
      .toString("hex")
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }
  if (typeof value !== "string") return FAILED;
  const text = form === "json" ? value : value.toLowerCase();
  return ANY_UUID.test(text) ? text : FAILED;
}

/** Base64 of RFC 4648 with padding. Text in a column is not bytes: it may look like Base64 by accident. */
function readBytes(value: unknown, form: CellForm): JsonValue | typeof FAILED {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.length).toString("base64");
  return typeof value === "string" && form !== "cells" && isBase64(value) ? value : FAILED;
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

function readJson(value: unknown, form: CellForm): JsonValue | typeof FAILED {
  if (form === "json") return value as JsonValue;
  if (typeof value === "bigint") return readInteger(value, form);
  if (typeof value === "number" || typeof value === "boolean") return value;
  const parsed = typeof value === "string" ? parseStrict(value) : undefined;
  return parsed?.ok === true ? parsed.value : FAILED;
}

/** An array as it is, or the one that a text of JSON holds; anything else is no array. */
export function readList(value: unknown, form: CellForm): unknown {
  return typeof value === "string" && form !== "json" ? readJson(value, form) : value;
}

/** Each element by itself; an element may be null. */
function arrayReader(read: TypeReader, form: CellForm): TypeReader {
  return (value) => {
    const list = readList(value, form);
    if (!Array.isArray(list)) return FAILED;
    const elements = list.map((element: unknown) => (element === null ? null : read(element)));
    return elements.includes(FAILED) ? FAILED : elements.filter((element) => element !== FAILED);
  };
}
