const NO_DIGIT = 16;
const DIGITS = new Uint8Array(128).fill(NO_DIGIT);
for (let digit = 0; digit < 16; digit++) DIGITS[digit.toString(16).charCodeAt(0)] = digit;

// Where the eight digits of each word stand in the 36 characters.
const STARTS = [0, 9, 19, 28] as const;
const DASHES = [8, 13, 18, 23] as const;

/** Puts the 16 bytes of a lower-case UUID into four words; false where the text is anything else. */
export function parseUuid(uuid: string, words: Uint32Array): boolean {
  if (uuid.length !== 36 || !DASHES.every((at) => uuid.charCodeAt(at) === 0x2d)) return false;
  let bad = 0;
  for (let word = 0; word < 4; word++) {
    let at = STARTS[word] ?? 0;
    let value = 0;
    for (let digit = 0; digit < 8; digit++) {
      if (uuid.charCodeAt(at) === 0x2d) at++;
      const nibble = DIGITS[uuid.charCodeAt(at)] ?? NO_DIGIT;
      bad |= nibble;
      value = (value << 4) | nibble;
      at++;
    }
    words[word] = value;
  }
  return bad < NO_DIGIT;
}

/** The 36 lower-case characters of the UUID in four words. */
export function uuidText(words: Uint32Array): string {
  const hex = Array.from(words, (word) => word.toString(16).padStart(8, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
