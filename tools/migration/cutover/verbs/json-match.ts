import { canonicalize } from "../../integrity/canonical.ts";
import { isJsonObject, type JsonValue } from "../../model/json.ts";
import type { JsonMatch } from "../plan/action.ts";
import { patternText } from "../plan/patterns.ts";
import { fill, type Values } from "./values.ts";

/** The value at a JSON Pointer (RFC 6901), own properties only; undefined where there is none. */
export function atPointer(value: JsonValue, pointer: string): JsonValue | undefined {
  let at: JsonValue | undefined = value;
  for (const token of pointer.split("/").slice(1)) {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(at)) at = /^(0|[1-9][0-9]*)$/.test(key) ? at[Number(key)] : undefined;
    else at = isJsonObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }
  return at;
}

/** What a match expects, in words. */
export function matchText(match: JsonMatch): string {
  const words = [
    match.equals === undefined ? "" : JSON.stringify(match.equals.value),
    match.min === undefined ? "" : `at least ${match.min}`,
    match.max === undefined ? "" : `at most ${match.max}`,
    match.match === undefined ? "" : `matching ${patternText(match.match)}`,
    match.not === undefined ? "" : `not ${JSON.stringify(match.not.value)}`,
  ];
  return words.filter((word) => word !== "").join(", ");
}

/** Whether a value fits, its pattern left aside. */
export function fits(value: JsonValue | undefined, match: JsonMatch, values: Values): boolean {
  const { equals, min, max, not } = match;
  if (equals !== undefined && !isSame(value, filled(equals.value, values))) return false;
  if (not !== undefined && (value === undefined || isSame(value, filled(not.value, values)))) return false;
  if (min === undefined && max === undefined) return value !== undefined || equals !== undefined;
  if (typeof value !== "number") return false;
  return value >= (min ?? Number.NEGATIVE_INFINITY) && value <= (max ?? Number.POSITIVE_INFINITY);
}

function filled(value: JsonValue, values: Values): JsonValue {
  return typeof value === "string" ? fill(value, values) : value;
}

function isSame(left: JsonValue | undefined, right: JsonValue): boolean {
  return left !== undefined && canonicalize(left) === canonicalize(right);
}
