import { createRequire } from "node:module";
import type { CountryCode } from "libphonenumber-js/max";
import type { FindingCode } from "../model/finding-codes.ts";

/** A detector of personal values in free text; deterministic, and it never gives the value back. */
export interface PiiDetector {
  readonly code: FindingCode;
  readonly name: string;
  readonly found: (text: string) => boolean;
}

// The libraries take 80 ms to load, and most data never needs them: they come with the first text that bears a sign.
const require = createRequire(import.meta.url);
const phones = (): typeof import("libphonenumber-js/max") => require("libphonenumber-js/max");
const validators = (): typeof import("validator") => require("validator");

// Each detector first looks for a cheap sign, because asking a library about every text costs 9 us (mail) to
// 39 us (phone); the library then decides.
const MAIL = /[^\s<>"'(),;:[\]]+@[^\s<>"'(),;:[\]]+/gu;
const IBAN = /(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{1,4}){3,8}(?![A-Za-z0-9])/gu;
const CARD = /(?<![A-Za-z0-9])\d(?:[ -]?\d){12,18}(?![A-Za-z0-9])/gu;
const SEVEN_DIGITS = /(?:\d[^\dA-Za-z]{0,3}){7}/u;

/** The detectors; `regions` are the countries whose national phone numbers count (ISO 3166), beside international ones. */
export function piiDetectors(regions: readonly string[]): readonly PiiDetector[] {
  return [
    { code: "PII_EMAIL", name: "mail", found: (text) => text.includes("@") && some(text, MAIL, isMail) },
    { code: "PII_IBAN", name: "iban", found: (text) => some(text, IBAN, isIban) },
    { code: "PII_CARD", name: "card", found: (text) => some(text, CARD, (match) => validators().isCreditCard(match)) },
    { code: "PII_PHONE", name: "phone", found: (text) => SEVEN_DIGITS.test(text) && hasPhone(text, regions) },
  ];
}

function some(text: string, pattern: RegExp, decide: (match: string) => boolean): boolean {
  for (const match of text.matchAll(pattern)) if (decide(match[0])) return true;
  return false;
}

function isMail(text: string): boolean {
  return validators().isEmail(text.replace(/[.!?]+$/u, ""), { allow_utf8_local_part: true });
}

/** A match may run into the next word ("… 3000 bitte"), so shorter heads are tried down to the shortest IBAN (15). */
function isIban(match: string): boolean {
  const text = match.replaceAll(" ", "").toUpperCase();
  for (let length = text.length; length >= 15; length -= 1) {
    if (validators().isIBAN(text.slice(0, length))) return true;
  }
  return false;
}

function hasPhone(text: string, regions: readonly string[]): boolean {
  const { findPhoneNumbersInText, isSupportedCountry } = phones();
  if (findPhoneNumbersInText(text).some((found) => found.number.isValid())) return true;
  return regions
    .filter((region): region is CountryCode => isSupportedCountry(region))
    .some((country) =>
      findPhoneNumbersInText(text, country).some((found) => found.number.isValid() && isDialled(text, found.startsAt)),
    );
}

/** National numbers count only with their trunk 0: "R-2024-0001234" and "2024/2025" are no phone numbers. */
function isDialled(text: string, startsAt: number): boolean {
  const before = text[startsAt - 1];
  return /^\(?0/u.test(text.slice(startsAt)) && (before === undefined || !/[\p{L}\p{N}_/-]/u.test(before));
}
