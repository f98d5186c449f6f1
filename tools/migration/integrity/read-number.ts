import { MAX_SAFE } from "./limits.ts";
import type { TextCursor } from "./text-cursor.ts";

/** Reads one number token (RFC 8259, section 6); refuses what another reader could not keep exactly. */
export function readNumber(cursor: TextCursor): number | undefined {
  const start = cursor.at;
  if (cursor.text.charCodeAt(cursor.at) === 0x2d) cursor.at++;
  if (!readInteger(cursor)) return undefined;
  const end = cursor.at;
  if (!readFraction(cursor) || !readExponent(cursor)) return undefined;
  const value = Number(cursor.text.slice(start, cursor.at));
  if (Object.is(value, -0)) return cursor.fail("NUMBER", start, "expected a number other than -0, got -0");
  if (!Number.isFinite(value)) return cursor.fail("NUMBER", start, "expected a finite number, got one beyond 1.8e308");
  if (cursor.at === end && Math.abs(value) > MAX_SAFE) {
    return cursor.fail("NUMBER", start, "expected an integer within 2^53 - 1, got a larger one");
  }
  return value;
}

function readInteger(cursor: TextCursor): boolean {
  const zero = cursor.text.charCodeAt(cursor.at) === 0x30;
  if (!readDigits(cursor, zero ? 1 : Number.POSITIVE_INFINITY)) return false;
  if (!zero || !isDigit(cursor.text.charCodeAt(cursor.at))) return true;
  cursor.unexpected("no digit behind a leading zero");
  return false;
}

function readFraction(cursor: TextCursor): boolean {
  if (cursor.text.charCodeAt(cursor.at) !== 0x2e) return true;
  cursor.at++;
  return readDigits(cursor, Number.POSITIVE_INFINITY);
}

function readExponent(cursor: TextCursor): boolean {
  if ((cursor.text.charCodeAt(cursor.at) | 0x20) !== 0x65) return true;
  cursor.at++;
  const sign = cursor.text.charCodeAt(cursor.at);
  if (sign === 0x2b || sign === 0x2d) cursor.at++;
  return readDigits(cursor, Number.POSITIVE_INFINITY);
}

function readDigits(cursor: TextCursor, most: number): boolean {
  const start = cursor.at;
  while (cursor.at - start < most && isDigit(cursor.text.charCodeAt(cursor.at))) cursor.at++;
  if (cursor.at > start) return true;
  cursor.unexpected("a digit");
  return false;
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}
