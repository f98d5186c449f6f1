import { DIGIT_PAIRS, HEX_PAIRS, NO_PAIR } from "./byte-tables.ts";

const DASH = 0x2d;
const DASHES = 0x2d2d2d2d;
const COLON = 0x3a;
const DAYS: Uint8Array = Uint8Array.of(0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31);

/** Reads the 36 bytes of a lower-case UUID at `at` into four words from `to`; false where they are anything else. */
export function readUuid(view: DataView, at: number, words: Uint32Array, to: number): boolean {
  // Each of the four words from byte 8 on holds one dash, at a place of its own; the digits around it are put together.
  const i = view.getInt32(at + 8, true);
  const j = view.getInt32(at + 12, true);
  const k = view.getInt32(at + 16, true);
  const l = view.getInt32(at + 20, true);
  if (((i & 0xff) | (j & 0xff00) | (k & 0xff0000) | (l & 0xff000000)) !== DASHES) return false;
  const a = hexWord(view.getInt32(at, true));
  const b = hexWord(view.getInt32(at + 4, true));
  const c = hexWord((i >>> 8) | (j << 24));
  const d = hexWord((j >>> 16) | (k << 16));
  const e = hexWord((k >>> 24) | (l << 8));
  const f = hexWord(view.getInt32(at + 24, true));
  const g = hexWord(view.getInt32(at + 28, true));
  const h = hexWord(view.getInt32(at + 32, true));
  if ((a | b | c | d | e | f | g | h) > 0xffff) return false;
  words[to] = (a << 16) | b;
  words[to + 1] = (c << 16) | d;
  words[to + 2] = (e << 16) | f;
  words[to + 3] = (g << 16) | h;
  return true;
}

// The 16 bits of four hex digits, read as one little-endian word; a number above 0xffff where they are none.
function hexWord(text: number): number {
  const high = HEX_PAIRS[text & 0xffff] ?? NO_PAIR;
  const low = HEX_PAIRS[text >>> 16] ?? NO_PAIR;
  return (high << 8) | low | ((low & NO_PAIR) << 8);
}

/** True where the ten bytes at `at` are a day of the calendar, as the format `date` has it. */
export function isDate(view: DataView, at: number): boolean {
  const century = pair(view, at);
  const year = pair(view, at + 2);
  const month = pair(view, at + 5);
  const day = pair(view, at + 8);
  if (view.getUint8(at + 4) !== DASH || view.getUint8(at + 7) !== DASH) return false;
  if ((century | year) >= NO_PAIR || month > 12 || day === 0) return false;
  if (day > (DAYS[month] ?? 0)) return false;
  if (month !== 2 || day < 29) return true;
  return (year === 0 ? century : year) % 4 === 0;
}

/**
 * Where the time at `at` ends (RFC 3339: hh:mm:ss, a fraction if any, Z or an offset); -1 where it is anything
 * else. Leap seconds and the looser spellings of the format `time` are left to the authority.
 */
export function timeEnd(view: DataView, at: number, end: number): number {
  if (at + 9 > end || view.getUint8(at + 2) !== COLON || view.getUint8(at + 5) !== COLON) return -1;
  if (pair(view, at) > 23 || pair(view, at + 3) > 59 || pair(view, at + 6) > 59) return -1;
  let here = at + 8;
  if (view.getUint8(here) === 0x2e) {
    const first = here + 1;
    here = first;
    while (here < end && (view.getUint8(here) - 0x30) >>> 0 < 10) here++;
    // With more digits 59.999… is rounded to 60, which the format takes for a leap second.
    if (here === first || here > first + 9 || here >= end) return -1;
  }
  const zone = view.getUint8(here);
  if (zone === 0x5a) return here + 1;
  if ((zone !== 0x2b && zone !== DASH) || here + 6 > end || view.getUint8(here + 3) !== COLON) return -1;
  return pair(view, here + 1) <= 23 && pair(view, here + 4) <= 59 ? here + 6 : -1;
}

/** Where the date and time at `at`, parted by T, end; -1 where it is anything else. */
export function dateTimeEnd(view: DataView, at: number, end: number): number {
  if (at + 20 > end || view.getUint8(at + 10) !== 0x54 || !isDate(view, at)) return -1;
  return timeEnd(view, at + 11, end);
}

function pair(view: DataView, at: number): number {
  return DIGIT_PAIRS[view.getUint16(at, true)] ?? NO_PAIR;
}
