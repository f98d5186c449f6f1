const LONGEST_PRINTED = 200;
const SEPARATORS = /[\s\p{Dash_Punctuation}/]/gu;
const LONG_NUMBER = /\p{Decimal_Number}{9}/u;

/** True for a text that may be shown: short, no mail address, and no number as long as that of a phone or an account. */
export function isPrintable(text: string): boolean {
  if (text.length > LONGEST_PRINTED || text.includes("@")) return false;
  return !LONG_NUMBER.test(text.replace(SEPARATORS, ""));
}

/** A key as it may be shown: who writes data may have made a personal value the name of a field. */
export function printableKey(key: string): string {
  return isPrintable(key) ? key : "(a long or personal name)";
}
