const AT = 0x40;
const BACKSLASH = 0x5c;

/** Fewest digits of a text that could hold a phone number. */
export const PHONE_DIGITS = 7;

/** Fewest letters and digits of an IBAN. */
export const IBAN_LENGTH = 15;

/**
 * True where no detector of personal values can fire on the string content in `[from, to)`: no `@`; nowhere seven
 * digits without a letter between them (phone and card numbers); no word that begins like an IBAN (two letters, two
 * digits) in a text with enough letters and digits for one.
 */
export function isSurelyImpersonal(bytes: Uint8Array, from: number, to: number): boolean {
  let digits = 0;
  let alphanumerics = 0;
  let head = 0;
  let iban = false;
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === AT) return false;
    if (byte >= 0x30 && byte <= 0x39) {
      if (++digits >= PHONE_DIGITS) return false;
      alphanumerics++;
      if (head === 3) iban = true;
      head = head === 2 ? 3 : 4;
    } else if (((byte | 0x20) - 0x61) >>> 0 < 26) {
      digits = 0;
      alphanumerics++;
      head = head < 2 ? head + 1 : 4;
    } else {
      head = 0;
      // An escape stands for one control, quote or backslash; its letter and digits are no content.
      if (byte === BACKSLASH) at += bytes[at + 1] === 0x75 ? 5 : 1;
    }
  }
  return !(iban && alphanumerics >= IBAN_LENGTH);
}
