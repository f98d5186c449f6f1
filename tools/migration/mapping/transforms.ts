import type { TransformName } from "../model/field-words.ts";
import type { JsonValue } from "../model/json.ts";

/** Marks a value that a transformation could not read; never a JSON value. */
export const FAILED = Symbol("failed");

/** A pure function of one value; `FAILED` where it cannot be read. */
export type Transform = (value: JsonValue) => JsonValue | typeof FAILED;

/** Every transformation by name. None depends on locale or clock. */
export const TRANSFORM_FUNCTIONS: Readonly<Record<TransformName, Transform>> = {
  trim: onText((text) => text.trim()),
  lower: onText((text) => text.toLowerCase()),
  upper: onText((text) => text.toUpperCase()),
  "collapse-spaces": onText((text) => text.replace(/\s+/gu, " ").trim()),
  "empty-to-null": (value) => (value === "" ? null : value),
  date: onText(toDate),
  time: onText(toTime),
  timestamp: onText(toTimestamp),
  integer: toInteger,
  number: toNumber,
  decimal: toDecimal,
  boolean: toBoolean,
  string: toText,
};

function onText(change: (text: string) => string | typeof FAILED): Transform {
  return (value) => (typeof value === "string" ? change(value) : FAILED);
}

/** ISO or German date to ISO; a day that the calendar does not have fails. */
function toDate(text: string): string | typeof FAILED {
  const iso = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (iso !== null) return calendarDate(iso[1], iso[2], iso[3]);
  const german = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(text);
  if (german === null) return FAILED;
  return calendarDate(german[3], german[2]?.padStart(2, "0"), german[1]?.padStart(2, "0"));
}

function calendarDate(year = "", month = "", day = ""): string | typeof FAILED {
  const text = `${year}-${month}-${day}`;
  return Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= daysIn(year, month)
    ? text
    : FAILED;
}

function daysIn(year: string, month: string): number {
  const y = Number(year);
  const leap = (y % 4 === 0 && y % 100 !== 0) || y % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return days[Number(month) - 1] ?? 0;
}

/** Hours and minutes; seconds other than 00 would be lost, so they fail. */
function toTime(text: string): string | typeof FAILED {
  const match = /^([01]?\d|2[0-3]):([0-5]\d)(?::00)?$/.exec(text);
  return match === null ? FAILED : `${(match[1] ?? "").padStart(2, "0")}:${match[2] ?? ""}`;
}

/** RFC 3339 with any offset to RFC 3339 in UTC; milliseconds stay where they were given. */
function toTimestamp(text: string): string | typeof FAILED {
  const match = /^(\d{4})-(\d{2})-(\d{2})[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,3})?([Zz]|[+-]\d{2}:\d{2})$/.exec(text);
  if (match === null || calendarDate(match[1], match[2], match[3]) === FAILED) return FAILED;
  const date = new Date(text.replace(" ", "T").toUpperCase());
  if (Number.isNaN(date.getTime())) return FAILED;
  const utc = date.toISOString();
  return match[4] === undefined ? utc.replace(".000Z", "Z") : utc;
}

function toInteger(value: JsonValue): JsonValue | typeof FAILED {
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : FAILED;
  if (typeof value !== "string" || !/^-?(0|[1-9]\d*)$/.test(value)) return FAILED;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : FAILED;
}

function toNumber(value: JsonValue): JsonValue | typeof FAILED {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || !/^-?(0|[1-9]\d*)([.,]\d+)?$/.test(value)) return FAILED;
  const number = Number(value.replace(",", "."));
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? FAILED : number;
}

/** Decimal text, with a point and without a superfluous sign; a number only where its text is exact. */
function toDecimal(value: JsonValue): JsonValue | typeof FAILED {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string" || !/^-?(0|[1-9]\d*)([.,]\d+)?$/.test(text)) return FAILED;
  return text.replace(",", ".");
}

const TRUE_WORDS = new Set<JsonValue>([true, 1, "1", "true", "yes", "ja", "j", "y"]);
const FALSE_WORDS = new Set<JsonValue>([false, 0, "0", "false", "no", "nein", "n"]);

function toBoolean(value: JsonValue): JsonValue | typeof FAILED {
  const word = typeof value === "string" ? value.toLowerCase() : value;
  return TRUE_WORDS.has(word) ? true : FALSE_WORDS.has(word) ? false : FAILED;
}

function toText(value: JsonValue): JsonValue | typeof FAILED {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : FAILED;
}
