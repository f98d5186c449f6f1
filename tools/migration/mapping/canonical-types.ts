import type { FieldType } from "../model/field-words.ts";
import type { JsonValue } from "../model/json.ts";
import { UUID } from "../model/module.ts";
import { FAILED, TRANSFORM_FUNCTIONS } from "./transforms.ts";

/** True where a value has the canonical form of a type. */
export type TypeCheck = (value: JsonValue) => boolean;

/** The check for a declared type such as `integer`, `string(40)` (code points) or `decimal(10,2)`. */
export function typeCheck(declared: string): TypeCheck {
  const [name = "", first, second] = declared.split(/[(),]/).filter((part) => part !== "");
  const check = CHECKS[name as FieldType];
  if (name === "decimal" && first !== undefined) return decimalCheck(Number(first), Number(second ?? 0));
  if (name === "string" && first !== undefined) return (value) => check(value) && codePoints(value) <= Number(first);
  return check;
}

const CHECKS: Readonly<Record<FieldType, TypeCheck>> = {
  string: (value) => typeof value === "string",
  integer: (value) => Number.isSafeInteger(value),
  number: (value) => typeof value === "number",
  decimal: (value) => typeof value === "string" && /^-?(0|[1-9]\d*)(\.\d+)?$/.test(value),
  boolean: (value) => typeof value === "boolean",
  date: unchangedBy("date"),
  time: (value) => typeof value === "string" && /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$/.test(value),
  timestamp: isTimestamp,
  uuid: (value) => typeof value === "string" && UUID.test(value),
  bytes: (value) => typeof value === "string" && isBase64(value),
  json: () => true,
};

function unchangedBy(name: "date"): TypeCheck {
  return (value) => typeof value === "string" && TRANSFORM_FUNCTIONS[name](value) === value;
}

/** RFC 3339, with or without zone, up to microseconds. */
function isTimestamp(value: JsonValue): boolean {
  if (typeof value !== "string") return false;
  const match = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})?$/.exec(value);
  return match !== null && TRANSFORM_FUNCTIONS.date(match[1] ?? "") !== FAILED;
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

function decimalCheck(precision: number, scale: number): TypeCheck {
  return (value) => {
    const match = typeof value === "string" ? /^-?(0|[1-9]\d*)(?:\.(\d+))?$/.exec(value) : null;
    if (match === null) return false;
    const whole = match[1] === "0" ? 0 : (match[1] ?? "").length;
    const fraction = (match[2] ?? "").length;
    return fraction <= scale && whole <= precision - scale;
  };
}

function codePoints(value: JsonValue): number {
  return typeof value === "string" ? Array.from(value).length : 0;
}
