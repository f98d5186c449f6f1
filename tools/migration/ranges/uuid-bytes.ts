/** Value of a lower-case hex digit by its byte; 255 for any other byte. */
const NIBBLE = new Uint8Array(256).fill(255);
for (let value = 0; value < 16; value += 1) NIBBLE[value.toString(16).charCodeAt(0)] = value;

const DASH = 0x2d;
/** Where the 32 digits of a UUID text are among its 36 bytes. */
const DIGITS = Uint8Array.from({ length: 36 }, (_, at) => at).filter((at) => ![8, 13, 18, 23].includes(at));

/**
 * Reads the 36 bytes of a lower-case UUID into four big-endian words; false where they are none. Eight digits become
 * one word, so that ids compare and sort by words.
 */
export function readUuid(bytes: Uint8Array, at: number, words: Uint32Array, wordAt: number): boolean {
  if (bytes[at + 8] !== DASH || bytes[at + 13] !== DASH || bytes[at + 18] !== DASH || bytes[at + 23] !== DASH)
    return false;
  let digit = 0;
  let bad = 0;
  for (let word = 0; word < 4; word += 1) {
    let value = 0;
    for (let end = digit + 8; digit < end; digit += 1) {
      const nibble = NIBBLE[bytes[at + (DIGITS[digit] ?? 0)] ?? 0] ?? 255;
      bad |= nibble;
      value = (value << 4) | (nibble & 15);
    }
    words[wordAt + word] = value >>> 0;
  }
  return bad < 16;
}

/** Order of two ids given as words: negative, 0 or positive. */
export function compareWords(a: Uint32Array, aAt: number, b: Uint32Array, bAt: number): number {
  for (let word = 0; word < 4; word += 1) {
    const difference = (a[aAt + word] ?? 0) - (b[bAt + word] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
