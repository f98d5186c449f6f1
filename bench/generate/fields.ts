import type { Field, FieldKind, Json, MakeContext, Value } from "./field.ts";
import type { Random } from "./random.ts";
import { NOTES } from "./words.ts";

type Make = (random: Random, index: number, context: MakeContext) => Value;
type Words = readonly [string, ...string[]];

const PRIVATE = { pii: 2, residency: "local" };
const DAYS = 28;

/** A code such as `K-00001A`: letters among the digits, so that no detector takes it for a telephone number. */
export function code(letter: string): Field {
  const pattern = `^${letter}-[0-9A-Z]{6}$`;
  const make: Make = (_random, index) => `${letter}-${index.toString(36).toUpperCase().padStart(6, "0")}`;
  return text("code", make, { pattern, pii: 0 }, { transform: ["trim", "upper"] });
}

/** One of some words, with a number behind it where `numbered`. */
export function words(name: string, list: Words, numbered = false): Field {
  const make: Make = (random) => (numbered ? `${random.pick(list)} ${1 + random.below(199)}` : random.pick(list));
  return text(name, make, { minLength: 1, maxLength: 80, ...PRIVATE }, { transform: ["trim"] });
}

/** One of a fixed list. */
export function choice(name: string, list: Words): Field {
  return text(name, (random) => random.pick(list), { enum: list, pii: 1 }, {});
}

/** A mail address that no two records share. */
export function mail(): Field {
  const pattern = "^[^@\\s]+@[^@\\s]+\\.[a-z]{2,}$";
  const make: Make = (random, index) => `kontakt.${index}@hunde-${random.below(1000)}.example`;
  return text("email", make, { pattern, maxLength: 254, ...PRIVATE }, { transform: ["trim", "lower"] });
}

/** Five digits. */
export function postcode(): Field {
  return text("plz", (random) => String(10000 + random.below(89999)), { pattern: "^[0-9]{5}$", ...PRIVATE }, {});
}

/** A moment of RFC 3339 in UTC. */
export function moment(name: string): Field {
  const make: Make = (random) =>
    `${day(random)}T${two(random.below(24))}:${two(random.below(60))}:${two(random.below(60))}Z`;
  return { ...text(name, make, { format: "date-time", pii: 0 }, {}), sqlType: "TIMESTAMP" };
}

/** A calendar day. */
export function date(name: string): Field {
  return { ...text(name, day, { format: "date", pii: 1 }, { type: "date" }), sqlType: "DATE" };
}

/** Free text of `least` to `most` characters. */
export function notes(least: number, most: number): Field {
  const make: Make = (random) => {
    const length = least + random.below(most - least + 1);
    const begin = random.below(NOTES.length - length);
    return NOTES.slice(begin, begin + length);
  };
  return text("notizen", make, { minLength: 1, maxLength: 5000, ...PRIVATE }, {});
}

/** A number with one decimal, never a whole one, so that every writer gives it the same text. */
export function tenths(name: string, most: number): Field {
  const make: Make = (random) => random.below(most - 1) + (1 + random.below(9)) / 10;
  const schema = { type: "number", minimum: 0, maximum: most, pii: 1 };
  return field(name, "number", {
    make,
    schema,
    rule: { type: "number" },
    sqlType: "DOUBLE",
    sqlHolds: `${name} between 0 and ${most}`,
  });
}

/** True or false; 0 or 1 in the source. */
export function flag(name: string): Field {
  const rule = { transform: ["boolean"], type: "boolean" };
  const schema = { type: "boolean", ...PRIVATE };
  return field(name, "boolean", {
    make: (random) => random.below(2) === 1,
    schema,
    rule,
    sqlType: "BOOLEAN",
    sqlHolds: `${name} is not null`,
  });
}

/** A legacy id of another module. */
export function reference(name: string, target: string): Field {
  const make: Make = (random, _index, context) => random.below(context.targetCount(target));
  const schema = { type: "string", format: "uuid", ref: target, ...PRIVATE };
  return {
    ...field(name, "reference", {
      make,
      schema,
      rule: { ref: target },
      sqlType: "UUID",
      sqlHolds: `${name} is not null`,
    }),
    target,
  };
}

/** Some legacy ids of another module. */
export function references(name: string, target: string, most: number): Field {
  const make: Make = (random, _index, context) => {
    const length = 1 + random.below(most);
    return Array.from({ length }, () => random.below(context.targetCount(target)));
  };
  const items = { type: "string", format: "uuid", ref: target };
  const schema = { type: "array", maxItems: most, items, ...PRIVATE };
  return {
    ...field(name, "references", {
      make,
      schema,
      rule: { ref: target },
      sqlType: "UUID[]",
      sqlHolds: `len(${name}) between 1 and ${most}`,
    }),
    target,
  };
}

/** The two counters that every entity has. */
export function counters(): readonly Field[] {
  return [counter("schemaVersion", 1), counter("version", 0)];
}

function counter(name: string, value: number): Field {
  const schema = { type: "integer", minimum: value, pii: 0 };
  return field(name, "constant", {
    make: () => value,
    schema,
    rule: { value },
    sqlType: "BIGINT",
    sqlHolds: `${name} >= ${value}`,
  });
}

function text(name: string, make: Make, schema: Schema, rule: Schema): Field {
  return field(name, "text", {
    make,
    schema: { type: "string", ...schema },
    rule,
    sqlType: "VARCHAR",
    sqlHolds: textHolds(name, schema),
  });
}

type Schema = { readonly [key: string]: Json };

function textHolds(name: string, schema: Schema): string {
  const { pattern, minLength, maxLength } = schema;
  if (Array.isArray(schema["enum"]))
    return `${name} in (${schema["enum"].map((word) => `'${String(word)}'`).join(", ")})`;
  const parts = [`${name} is not null`];
  if (typeof pattern === "string") parts.push(`regexp_matches(${name}, '${pattern}')`);
  if (typeof maxLength === "number") parts.push(`length(${name}) between ${Number(minLength ?? 0)} and ${maxLength}`);
  return parts.join(" and ");
}

function field(name: string, kind: FieldKind, rest: Omit<Field, "name" | "kind">): Field {
  return { name, kind, ...rest };
}

function day(random: Random): string {
  return `${2015 + random.below(10)}-${two(1 + random.below(12))}-${two(1 + random.below(DAYS))}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
