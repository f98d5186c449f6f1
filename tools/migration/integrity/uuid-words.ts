const NO_DIGIT = 16;
const DIGITS = new Uint8Array(128).fill(NO_DIGIT);
for (let digit = 0; digit < 16; digit++) DIGITS[digit.toString(16).charCodeAt(0)] = digit;

const DASHES = [8, 13, 18, 23];

// Where the 32 digits stand in the 36 characters.
const PLACES = Uint8Array.from({ length: 36 }, (_, at) => at).filter((at) => !DASHES.includes(at));

/** Puts the 16 bytes of a lower-case UUID into four words; false where the text is anything else. */
export function parseUuid(uuid: string, words: Uint32Array): boolean {
  if (uuid.length !== 36) return false;
  for (const at of DASHES) if (uuid.charCodeAt(at) !== 0x2d) return false;
  let seen = 0;
  for (let word = 0; word < 4; word++) {
    let value = 0;
    for (let digit = 8 * word; digit < 8 * word + 8; digit++) {
      const nibble = DIGITS[uuid.charCodeAt(PLACES[digit] ?? 0)] ?? NO_DIGIT;
      seen |= nibble;
      value = (value << 4) | nibble;
    }
    words[word] = value;
  }
  return seen < NO_DIGIT;
}

const BYTE_HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** The 36 lower-case characters of the UUID in four words. */
export function uuidText(words: Uint32Array): string {
  const [a = 0, b = 0, c = 0, d = 0] = [words[0], words[1], words[2], words[3]];
  return `${high(a)}${low(a)}-${high(b)}-${low(b)}-${high(c)}-${low(c)}${high(d)}${low(d)}`;
}

// The four digits of the upper and the lower half of a word, by table: formatting a number takes ten times as long.
function high(word: number): string {
  return low(word >>> 16);
}

function low(word: number): string {
  return `${BYTE_HEX[(word >>> 8) & 0xff]}${BYTE_HEX[word & 0xff]}`;
}

/** Order of two ids given as words: negative, 0 or positive. */
export function compareWords(a: Uint32Array, aAt: number, b: Uint32Array, bAt: number): number {
  for (let word = 0; word < 4; word += 1) {
    const difference = (a[aAt + word] ?? 0) - (b[bAt + word] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
