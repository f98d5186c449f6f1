import type { CellForm } from "../model/cell-form.ts";
import { FAILED, TRANSFORM_FUNCTIONS } from "./transforms.ts";

const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(\.\d{1,6})?)?$/;
const TIMESTAMP =
  /^(\d{4}-\d{2}-\d{2})([T ])((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(\.\d{1,6})?(Z|[+-]\d{2}(?::?\d{2})?)?$/;

/** A day of the calendar. */
export function readDate(value: unknown): string | typeof FAILED {
  return typeof value === "string" && TRANSFORM_FUNCTIONS.date(value) === value ? value : FAILED;
}

/** A time of day, up to microseconds. */
export function readTime(value: unknown): string | typeof FAILED {
  const match = typeof value === "string" ? TIME.exec(value) : null;
  return match === null ? FAILED : withoutZeros(match[0], match[1]);
}

/** A timestamp with or without offset, up to microseconds; the offset stays as it is. */
export function readTimestamp(value: unknown, form: CellForm): string | typeof FAILED {
  const parts = partsOf(value, form);
  return parts === undefined ? FAILED : `${parts.date}T${parts.time}${parts.fraction}${parts.offset}`;
}

/** A timestamp with offset as one in UTC, up to microseconds. */
export function readZoned(value: unknown, form: CellForm): string | typeof FAILED {
  const parts = partsOf(value, form);
  if (parts === undefined || parts.offset === "") return FAILED;
  const { date, time, fraction, offset } = parts;
  if (offset === "Z") return `${date}T${time}${fraction}Z`;
  const utc = new Date(0);
  utc.setUTCFullYear(Number(date.slice(0, 4)), Number(date.slice(5, 7)) - 1, Number(date.slice(8)));
  const minutes = Number(`${offset[0] ?? ""}1`) * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4)));
  utc.setUTCHours(Number(time.slice(0, 2)), Number(time.slice(3, 5)) - minutes, Number(time.slice(6)));
  const year = utc.getUTCFullYear();
  return year < 0 || year > 9999 ? FAILED : `${utc.toISOString().slice(0, 19)}${fraction}Z`;
}

interface Parts {
  readonly date: string;
  readonly time: string;
  /** With its point, without zeros at the end; empty where there is none. */
  readonly fraction: string;
  /** `Z`, `+hh:mm` or empty. */
  readonly offset: string;
}

function partsOf(value: unknown, form: CellForm): Parts | undefined {
  const match = typeof value === "string" ? TIMESTAMP.exec(value) : null;
  if (match === null) return undefined;
  const [, date = "", separator, time = "", fraction = "", offset = ""] = match;
  if (form === "json" && (separator === " " || !/^(Z|[+-]\d{2}:\d{2})?$/.test(offset))) return undefined;
  if (TRANSFORM_FUNCTIONS.date(date) === FAILED) return undefined;
  const whole = /^([+-]\d{2}):?(\d{2})?$/.exec(offset);
  const [, hours = "", minutes = "00"] = whole ?? [];
  if (whole !== null && (Number(hours.slice(1)) > 23 || Number(minutes) > 59)) return undefined;
  return {
    date,
    time,
    fraction: fraction.replace(/\.?0+$/, ""),
    offset: whole === null ? offset : `${hours}:${minutes}`,
  };
}

function withoutZeros(text: string, fraction: string | undefined): string {
  return fraction === undefined ? text : text.replace(/\.?0+$/, "");
}
