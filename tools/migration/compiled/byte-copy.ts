/**
 * Copies `[from, to)` to `at` and gives the end there. Eight bytes go as one double: no eight bytes of valid UTF-8 are a
 * NaN, whose bits might change on the way (byte 7 would be 0xff, or 0x7f behind the first byte of a character).
 */
export function copyText(from: DataView, begin: number, end: number, to: DataView, at: number): number {
  const length = end - begin;
  if (length >= 8) {
    const last = length - 8;
    for (let done = 0; done < last; done += 8) to.setFloat64(at + done, from.getFloat64(begin + done, true), true);
    to.setFloat64(at + last, from.getFloat64(begin + last, true), true);
    return at + length;
  }
  for (let done = 0; done < length; done += 1) to.setUint8(at + done, from.getUint8(begin + done));
  return at + length;
}

const HEX = "0123456789abcdef";
/** The two digits of a byte as they lie in memory, read as one little-endian number. */
const DIGITS = Uint16Array.from(
  { length: 256 },
  (_, byte) => HEX.charCodeAt(byte >>> 4) | (HEX.charCodeAt(byte & 15) << 8),
);
const DASH = 0x2d;

/** Writes the 36 bytes of the UUID whose four words are at `wordAt`; gives the end. */
export function putUuid(to: DataView, at: number, words: Uint32Array, wordAt: number): number {
  const b = words[wordAt + 1] ?? 0;
  const c = words[wordAt + 2] ?? 0;
  putWord(to, at, words[wordAt] ?? 0);
  to.setUint8(at + 8, DASH);
  to.setUint32(at + 9, fourDigits(b >>> 16), true);
  to.setUint8(at + 13, DASH);
  to.setUint32(at + 14, fourDigits(b & 0xffff), true);
  to.setUint8(at + 18, DASH);
  to.setUint32(at + 19, fourDigits(c >>> 16), true);
  to.setUint8(at + 23, DASH);
  to.setUint32(at + 24, fourDigits(c & 0xffff), true);
  putWord(to, at + 28, words[wordAt + 3] ?? 0);
  return at + 36;
}

function putWord(to: DataView, at: number, word: number): void {
  to.setUint32(at, fourDigits(word >>> 16), true);
  to.setUint32(at + 4, fourDigits(word & 0xffff), true);
}

function fourDigits(half: number): number {
  return (DIGITS[half >>> 8] ?? 0) | ((DIGITS[half & 0xff] ?? 0) << 16);
}

/** Statements that write `text` to the DataView `o` from `p` on, and move `p` behind it. */
export function putLiteral(text: string): string {
  const bytes = Buffer.from(text, "utf8");
  const width = bytes.length >= 8 ? 8 : bytes.length >= 4 ? 4 : 1;
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += width) {
    parts.push(putPiece(bytes, Math.min(at, bytes.length - width), width));
  }
  return `${parts.join(" ")} p += ${bytes.length};`;
}

function putPiece(bytes: Buffer, at: number, width: number): string {
  if (width === 1) return `o.setUint8(p + ${at}, ${bytes[at]});`;
  if (width === 4) return `o.setInt32(p + ${at}, ${bytes.readInt32LE(at)}, true);`;
  const double = bytes.readDoubleLE(at);
  if (Number.isFinite(double) && double !== 0) return `o.setFloat64(p + ${at}, ${double}, true);`;
  return `${putPiece(bytes, at, 4)} ${putPiece(bytes, at + 4, 4)}`;
}
