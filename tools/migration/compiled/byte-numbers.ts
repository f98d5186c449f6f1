import { MAX_SAFE } from "../integrity/limits.ts";
import { textAt } from "./byte-strings.ts";

const TENS: Float64Array = Float64Array.from({ length: 16 }, (_, power) => Number(`1e${power}`));

// More digits than any number that is written in its shortest form: -d.dddddddddddddddde-ddd has 24 characters.
const LONGEST = 32;

/**
 * Reads the canonical number (RFC 8785, section 3.2.2.3) at `at` into `value[0]` and gives where it ends; -1 where
 * there is none, or one that the strict profile refuses (FORMATS.md, section 2).
 */
export function numberEnd(bytes: Uint8Array, at: number, end: number, value: Float64Array): number {
  const negative = at < end && bytes[at] === 0x2d;
  const first = negative ? at + 1 : at;
  let here = first;
  let digits = 0;
  while (here < end && isDigit(bytes[here] ?? 0)) digits = digits * 10 + (bytes[here++] ?? 0) - 0x30;
  const whole = here - first;
  if (whole === 0 || (whole > 1 && bytes[first] === 0x30)) return -1;
  const next = here < end ? (bytes[here] ?? 0) : 0;
  if (whole > 15 || next === 0x65) return anyNumberEnd(bytes, at, end, value);
  if (next === 0x2e) return fractionEnd(bytes, { at, first, dot: here, end, digits }, value);
  if (negative && digits === 0) return -1;
  value[0] = negative ? -digits : digits;
  return here;
}

interface Fraction {
  readonly at: number;
  readonly first: number;
  readonly dot: number;
  readonly end: number;
  readonly digits: number;
}

/**
 * Up to 15 digits are kept by a double, so the shortest spelling of the number is the text itself unless it ends in
 * 0 or is below 1e-6, where an exponent is written. The division is exact to the last bit: both sides are below 2^53.
 */
function fractionEnd(bytes: Uint8Array, { at, first, dot, end, digits }: Fraction, value: Float64Array): number {
  let here = dot + 1;
  let all = digits;
  while (here < end && isDigit(bytes[here] ?? 0)) all = all * 10 + (bytes[here++] ?? 0) - 0x30;
  const places = here - dot - 1;
  if (places === 0 || bytes[here - 1] === 0x30) return -1;
  if (here - first > 16 || (here < end && bytes[here] === 0x65)) return anyNumberEnd(bytes, at, end, value);
  const size = all / (TENS[places] ?? 1);
  if (size < 1e-6) return -1;
  value[0] = first === at ? size : -size;
  return here;
}

function anyNumberEnd(bytes: Uint8Array, at: number, end: number, value: Float64Array): number {
  let here = at;
  let whole = true;
  for (; here < end && here - at < LONGEST; here++) {
    const byte = bytes[here] ?? 0;
    if (byte === 0x2e || byte === 0x65) whole = false;
    else if (!isDigit(byte) && byte !== 0x2d && byte !== 0x2b) break;
  }
  const text = textAt(bytes, at, here);
  const number = Number(text);
  if (String(number) !== text || (whole && Math.abs(number) > MAX_SAFE)) return -1;
  value[0] = number;
  return here;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
