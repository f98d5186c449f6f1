/** Fewest digits of a text that could hold a phone number. */
export const PHONE_DIGITS = 7;

/** Fewest letters and digits of an IBAN. */
export const IBAN_LENGTH = 15;
