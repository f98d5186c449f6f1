import * as fc from "fast-check";

const pad = (value: number, size = 2): string => String(value).padStart(size, "0");

/** A day of the calendar, the ends of months and leap years often among them. */
export const anyDate: fc.Arbitrary<string> = fc
  .oneof(
    fc.constantFrom([2000, 2, 29], [1900, 2, 28], [2024, 2, 29], [4, 12, 31], [9999, 4, 30]),
    fc.tuple(fc.nat(9999), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 })),
  )
  .map(([year = 0, month = 0, day = 0]) => `${pad(year, 4)}-${pad(month)}-${pad(day)}`);

/** A time of day with a zone. */
export const anyTime: fc.Arbitrary<string> = fc
  .tuple(
    fc.tuple(fc.nat(23), fc.nat(59), fc.nat(59)).map((parts) => parts.map((part) => pad(part)).join(":")),
    fc.constantFrom("", ".5", ".123", ".999999"),
    fc.constantFrom("Z", "+02:00", "-11:30"),
  )
  .map((parts) => parts.join(""));

/** Patterns within and beyond what is compiled. */
export const PATTERNS: readonly string[] = [
  "^K-[0-9]{4}$",
  "^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$",
  "^(ab|a)(c|bcd)*$",
  "^([01][0-9]|2[0-3]):[0-5][0-9]$",
  "^[ä-ü]+$",
  "^x?y+z{2,3}$",
  "a.c",
  "^a|b$",
  "^[0-9]{1,8}(\\.[0-9]{1,2})?$",
  "^.{0,5}$",
  '^[^"]*$',
  "^(?:[A-Z][a-z-]*_?){2}\\$$",
  "^\\w\\s\\d$",
  "^[+0][0-9 ]{5,24}$",
  "^[+]49 30 [0-9]{6}$",
  "^[a-z]@[a-z]{2}\\.de$",
];
