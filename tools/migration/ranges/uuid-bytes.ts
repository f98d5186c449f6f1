/** Value of a lower-case hex digit by its byte; 255 for any other byte. */
const NIBBLE = new Uint8Array(256).fill(255);
for (let value = 0; value < 16; value += 1) NIBBLE[value.toString(16).charCodeAt(0)] = value;

const DASH = 0x2d;

/** The value of four hex digits; 0x10000 or more where one of them is none. */
function hex4(bytes: Uint8Array, at: number): number {
  const a = NIBBLE[bytes[at] ?? 0] ?? 255;
  const b = NIBBLE[bytes[at + 1] ?? 0] ?? 255;
  const c = NIBBLE[bytes[at + 2] ?? 0] ?? 255;
  const d = NIBBLE[bytes[at + 3] ?? 0] ?? 255;
  return (a | b | c | d) > 15 ? 0x10000 : (a << 12) | (b << 8) | (c << 4) | d;
}

/**
 * Reads the 36 bytes of a lower-case UUID into four big-endian words; false where they are none. Eight digits become
 * one word, so that ids compare and sort by words.
 */
export function readUuid(bytes: Uint8Array, at: number, words: Uint32Array, wordAt: number): boolean {
  if (bytes[at + 8] !== DASH || bytes[at + 13] !== DASH || bytes[at + 18] !== DASH || bytes[at + 23] !== DASH)
    return false;
  const a = hex4(bytes, at);
  const b = hex4(bytes, at + 4);
  const c = hex4(bytes, at + 9);
  const d = hex4(bytes, at + 14);
  const e = hex4(bytes, at + 19);
  const f = hex4(bytes, at + 24);
  const g = hex4(bytes, at + 28);
  const h = hex4(bytes, at + 32);
  words[wordAt] = (a << 16) | b;
  words[wordAt + 1] = (c << 16) | d;
  words[wordAt + 2] = (e << 16) | f;
  words[wordAt + 3] = (g << 16) | h;
  return (a | b | c | d | e | f | g | h) < 0x10000;
}

/** Order of two ids given as words: negative, 0 or positive. */
export function compareWords(a: Uint32Array, aAt: number, b: Uint32Array, bAt: number): number {
  for (let word = 0; word < 4; word += 1) {
    const difference = (a[aAt + word] ?? 0) - (b[bAt + word] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
