import type { TextCursor } from "./text-cursor.ts";
import { isWellFormed } from "./well-formed.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

/** Reads one string with the cursor at its opening quote (RFC 8259, section 7); refuses lone surrogates. */
export function readString(cursor: TextCursor): string | undefined {
  cursor.at++;
  const plain = readRun(cursor);
  if (plain === undefined) return undefined;
  if (cursor.text.charCodeAt(cursor.at) === QUOTE) {
    cursor.at++;
    return plain;
  }
  return readEscaped(cursor, plain);
}

// Reads up to the next quote or backslash; one slice, no work per character beyond the comparison.
function readRun(cursor: TextCursor): string | undefined {
  const { text, at: start } = cursor;
  let at = start;
  let seen = 0;
  for (;;) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE || unit === BACKSLASH) break;
    if (!(unit >= 0x20)) {
      cursor.at = at;
      return cursor.unexpected("a closing quote or an escape");
    }
    seen |= unit;
    at++;
  }
  cursor.at = at;
  const run = text.slice(start, at);
  if (seen < 0xd800 || isWellFormed(run)) return run;
  return cursor.fail("SURROGATE", start + loneSurrogate(run), "expected a pair of surrogates, got one alone");
}

function loneSurrogate(run: string): number {
  return run.search(/[\ud800-\udfff]/u);
}

function readEscaped(cursor: TextCursor, plain: string): string | undefined {
  let value = plain;
  while (cursor.text.charCodeAt(cursor.at) !== QUOTE) {
    const escaped = readEscape(cursor);
    if (escaped === undefined) return undefined;
    const run = readRun(cursor);
    if (run === undefined) return undefined;
    value += escaped + run;
  }
  cursor.at++;
  return value;
}

function readEscape(cursor: TextCursor): string | undefined {
  const start = cursor.at;
  const letter = cursor.text.charAt(start + 1);
  if (letter !== "u") {
    const meaning = ESCAPES.get(letter);
    cursor.at += meaning === undefined ? 1 : 2;
    return meaning ?? cursor.unexpected("an escape of RFC 8259");
  }
  const unit = readHex(cursor);
  if (unit === undefined) return undefined;
  if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
  return readLowSurrogate(cursor, unit, start);
}

function readLowSurrogate(cursor: TextCursor, high: number, start: number): string | undefined {
  if (high < 0xdc00 && cursor.text.startsWith("\\u", cursor.at)) {
    const low = readHex(cursor);
    if (low === undefined) return undefined;
    if (low >= 0xdc00 && low <= 0xdfff) return String.fromCharCode(high, low);
  }
  return cursor.fail("SURROGATE", start, "expected a pair of surrogates, got one alone");
}

// Reads the escape of six characters at the cursor.
function readHex(cursor: TextCursor): number | undefined {
  const digits = cursor.text.slice(cursor.at + 2, cursor.at + 6);
  if (!/^[0-9A-Fa-f]{4}$/.test(digits)) {
    return cursor.fail("JSON", cursor.at, "expected four hex digits behind the escape, got something else");
  }
  cursor.at += 6;
  return Number.parseInt(digits, 16);
}
