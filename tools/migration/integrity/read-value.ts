import type { JsonObject, JsonValue } from "../model/json.ts";
import { pointerToken } from "./json-pointer.ts";
import { MAX_DEPTH, MAX_KEYS } from "./limits.ts";
import { readNumber } from "./read-number.ts";
import { readString } from "./read-string.ts";
import type { TextCursor } from "./text-cursor.ts";

/** Reads one JSON value inside `depth` containers; undefined where the cursor has recorded a fault. */
export function readValue(cursor: TextCursor, depth: number): JsonValue | undefined {
  const unit = cursor.skipSpace();
  switch (unit) {
    case 0x22:
      return readString(cursor);
    case 0x7b:
      return nested(cursor, depth, readObject);
    case 0x5b:
      return nested(cursor, depth, readArray);
    case 0x74:
      return readWord(cursor, "true", true);
    case 0x66:
      return readWord(cursor, "false", false);
    case 0x6e:
      return readWord(cursor, "null", null);
    default:
      return unit === 0x2d || (unit >= 0x30 && unit <= 0x39) ? readNumber(cursor) : cursor.unexpected("a JSON value");
  }
}

function nested(
  cursor: TextCursor,
  depth: number,
  read: (cursor: TextCursor, depth: number) => JsonValue | undefined,
): JsonValue | undefined {
  if (depth < MAX_DEPTH) return read(cursor, depth + 1);
  return cursor.fail("NESTING", cursor.at, `expected at most ${MAX_DEPTH} levels of nesting, got more`);
}

function readWord(cursor: TextCursor, word: string, value: JsonValue): JsonValue | undefined {
  if (!cursor.text.startsWith(word, cursor.at)) return cursor.unexpected(`the word ${word}`);
  cursor.at += word.length;
  return value;
}

function readArray(cursor: TextCursor, depth: number): JsonValue | undefined {
  const values: JsonValue[] = [];
  cursor.at++;
  if (cursor.skipSpace() === 0x5d) {
    cursor.at++;
    return values;
  }
  for (;;) {
    const value = readValue(cursor, depth);
    if (value === undefined) return inside(cursor, values.length);
    values.push(value);
    const unit = cursor.skipSpace();
    if (unit !== 0x2c && unit !== 0x5d) return cursor.unexpected("',' or ']'");
    cursor.at++;
    if (unit === 0x5d) return values;
  }
}

function readObject(cursor: TextCursor, depth: number): JsonObject | undefined {
  const target: Record<string, JsonValue> = {};
  cursor.at++;
  if (cursor.skipSpace() === 0x7d) {
    cursor.at++;
    return target;
  }
  for (let count = 1; ; count++) {
    const key = readKey(cursor, target, count);
    if (key === undefined) return undefined;
    const value = readValue(cursor, depth);
    if (value === undefined) return inside(cursor, key);
    setOwn(target, key, value);
    const unit = cursor.skipSpace();
    if (unit !== 0x2c && unit !== 0x7d) return cursor.unexpected("',' or '}'");
    cursor.at++;
    if (unit === 0x7d) return target;
  }
}

function readKey(cursor: TextCursor, target: object, count: number): string | undefined {
  if (cursor.skipSpace() !== 0x22) return cursor.unexpected("a key in quotes");
  const start = cursor.at;
  const key = readString(cursor);
  if (key === undefined) return undefined;
  if (Object.hasOwn(target, key)) {
    inside(cursor, key);
    return cursor.fail("DUPLICATE_KEY", start, "expected every key once in an object, got one twice");
  }
  if (count > MAX_KEYS)
    return cursor.fail("NESTING", start, `expected at most ${MAX_KEYS} keys in an object, got more`);
  if (cursor.skipSpace() !== 0x3a) return cursor.unexpected("':'");
  cursor.at++;
  return key;
}

// Assignment to `__proto__` would set the prototype instead of making a key.
function setOwn(target: Record<string, JsonValue>, key: string, value: JsonValue): void {
  if (key !== "__proto__") target[key] = value;
  else Object.defineProperty(target, key, { value, configurable: true, enumerable: true, writable: true });
}

function inside(cursor: TextCursor, key: string | number): undefined {
  cursor.path = pointerToken(key) + cursor.path;
  return undefined;
}
