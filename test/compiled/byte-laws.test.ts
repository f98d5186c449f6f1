import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import t from "tap";
import { piiDetectors } from "../../tools/migration/checks/pii-detectors.ts";
import { dateTimeEnd, isDate, readUuid, timeEnd } from "../../tools/migration/compiled/byte-formats.ts";
import { isMultiple, numberEnd } from "../../tools/migration/compiled/byte-numbers.ts";
import { isSurelyImpersonal } from "../../tools/migration/compiled/byte-pii.ts";
import { contentOrder, lengthFits, stringEnd, textEnd } from "../../tools/migration/compiled/byte-strings.ts";
import { buildAutomaton, START_STATE } from "../../tools/migration/compiled/pattern-automaton.ts";
import { parsePattern } from "../../tools/migration/compiled/pattern-syntax.ts";
import { Unsupported } from "../../tools/migration/compiled/unsupported.ts";
import { createAjv } from "../../tools/migration/config/schema-compiler.ts";
import { stringifyChecked } from "../../tools/migration/integrity/canonical.ts";
import { parseStrict } from "../../tools/migration/integrity/strict-parse.ts";
import { UUID } from "../../tools/migration/model/module.ts";
import { anyUuid } from "../helpers/arbitraries.ts";
import { anyDate, anyTime, PATTERNS } from "../helpers/texts.ts";

const RUNS = { numRuns: 3000 };

function viewOf(text: string): DataView {
  const bytes = new TextEncoder().encode(text);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Texts near a valid one: one character replaced, added or left out. */
function near(valid: fc.Arbitrary<string>, characters: string): fc.Arbitrary<string> {
  return fc
    .tuple(valid, fc.nat(40), fc.constantFrom("", ...characters), fc.nat(1))
    .map(([text, at, character, removed]) => text.slice(0, at) + character + text.slice(at + removed));
}

const decimal = fc
  .tuple(fc.boolean(), fc.nat(99_999_999), fc.stringMatching(/^[0-9]{0,9}$/))
  .map(([negative, whole, rest]) => `${negative ? "-" : ""}${whole}${rest === "" ? "" : "."}${rest}`);
const spelled = fc.oneof(
  fc.constantFrom(
    "0",
    "-0",
    "-0.5",
    "0.0",
    "-0.0",
    "1e+21",
    "1e21",
    "-1e-7",
    "9007199254740991",
    "9007199254740993",
    "00",
  ),
  decimal,
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.maxSafeInteger().map(String),
  fc.bigInt({ min: -(10n ** 22n), max: 10n ** 22n }).map(String),
  fc.integer({ min: -30, max: 30 }).map((power) => String(10 ** power)),
  fc.stringMatching(/^0\.0{3,8}[0-9]{1,10}$/),
);

t.test("a number is read where it is canonical and strict, with its value", async () => {
  const value = new Float64Array(1);
  await fc.assert(
    fc.property(fc.oneof(spelled, near(spelled, "0123456789.-+eE")), (text) => {
      const bytes = new TextEncoder().encode(text);
      const parsed = parseStrict(text);
      const canonical = parsed.ok && typeof parsed.value === "number" && stringifyChecked(parsed.value) === text;
      const read = numberEnd(bytes, 0, bytes.length, value) === bytes.length;
      // The other way round holds as well: nothing canonical is refused.
      if (read !== canonical) throw new Error(`${text}: ${read}`);
      if (read && parsed.ok && parsed.value !== value[0]) throw new Error(`${text} read as ${value[0]}`);
    }),
    { numRuns: 20_000 },
  );
});

t.test("multipleOf is never looser than the validator", async () => {
  for (const step of [5, 0.01, 0.1, 3, 1e-7]) {
    const accepts = createAjv().compile({ type: "number", multipleOf: step });
    await fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })), (value) => {
        const numbers = [value, value * step, value / 100];
        if (numbers.some((number) => isMultiple(number / step) && accepts(number) !== true)) throw new Error("looser");
      }),
      RUNS,
    );
  }
});

t.test("a UUID is read where it is lower-case", async () => {
  const words = new Uint32Array(6);
  await fc.assert(
    fc.property(fc.oneof(anyUuid, near(anyUuid, "0fgF-`:/@\x7fé")), (text) => {
      const view = viewOf(text);
      if (view.byteLength < 36) return;
      const read = readUuid(view, 0, words, 1);
      if (read !== UUID.test(text.slice(0, 36))) throw new Error(text);
      const hex = Array.from(words.subarray(1, 5), (word) => word.toString(16).padStart(8, "0")).join("");
      if (read && hex !== text.slice(0, 36).replaceAll("-", "")) throw new Error(`${text} read as ${hex}`);
    }),
    { numRuns: 20_000 },
  );
});

const ajv = createAjv();
const isFormat = (name: string) => ajv.compile({ type: "string", format: name });

t.test("dates are those of the format, in every month of many years", async () => {
  const accepts = isFormat("date");
  const two = (value: number): string => String(value).padStart(2, "0");
  for (const year of ["0000", "0001", "0004", "0100", "1900", "2000", "2023", "2024", "2100", "2400", "9999", "20:0"]) {
    for (let month = 0; month < 20; month++) {
      for (let day = 0; day < 40; day++) {
        const text = `${year}-${two(month)}-${two(day)}`;
        if (isDate(viewOf(text), 0) !== accepts(text)) throw new Error(text);
      }
    }
  }
  await fc.assert(
    fc.property(near(anyDate, "0123456789-/:é"), (text) => {
      if (Buffer.byteLength(text) === 10 && isDate(viewOf(text), 0) !== accepts(text)) throw new Error(text);
    }),
    RUNS,
  );
});

t.test("times are at most those of the formats", async () => {
  const times = fc.oneof(anyTime, fc.constantFrom("23:59:60Z", "00:00:59.99999999999999999999Z", "24:00:00Z"));
  const both = fc.tuple(anyDate, fc.constantFrom("T", "t", " "), times).map((parts) => parts.join(""));
  for (const [name, end, texts] of [
    ["time", timeEnd, times],
    ["date-time", dateTimeEnd, both],
  ] as const) {
    const accepts = isFormat(name);
    let seen = 0;
    await fc.assert(
      fc.property(fc.oneof(texts, near(texts, "0123456789:.,+-zZtT")), (text) => {
        const view = viewOf(text);
        if (end(view, 0, view.byteLength) !== view.byteLength) return;
        seen += 1;
        if (!accepts(text)) throw new Error(text);
      }),
      RUNS,
    );
    if (seen < 200) throw new Error(`only ${seen} of ${name}`);
  }
});

t.test("an automaton accepts the ASCII texts that its pattern matches", async (t) => {
  let built = 0;
  for (const source of [...PATTERNS, "^(a|b|)c{0,2}$", "^[^a-y]*[a-c-]$", "^(a?b){2,}$", "^[\\d.\\]]+$", "^a\\$$"]) {
    const pattern = supported(source);
    if (pattern === undefined) continue;
    built += 1;
    const { next, accepts } = buildAutomaton(pattern);
    const regExp = new RegExp(source, "u");
    const texts = fc.oneof(
      fc.stringMatching(regExp),
      near(fc.stringMatching(regExp), "abc019@. K-\t"),
      fc.string({ unit: fc.constantFrom(..."abcdxyz01K-:.@ $_]") }),
    );
    await fc.assert(
      fc.property(texts, (text) => {
        if (/[^ -~]|["\\]/.test(text)) return;
        let state = START_STATE;
        for (const byte of Buffer.from(text)) state = next[state | byte] ?? 0;
        if ((accepts[state >> 8] === 1) !== regExp.test(text)) throw new Error(`${source}: ${JSON.stringify(text)}`);
      }),
      RUNS,
    );
  }
  t.ok(built >= 14, `${built} patterns are supported`);
});

function supported(source: string): ReturnType<typeof parsePattern> | undefined {
  try {
    return parsePattern(source);
  } catch (error) {
    if (error instanceof Unsupported) return undefined;
    throw error;
  }
}

t.test("no detector fires on a text that is surely impersonal", async (t) => {
  const detectors = piiDetectors(["DE", "US", "AT"]);
  const personal = fc.constantFrom(
    "DE89370400440532013000",
    "DE89 3704 0044 0532 0130 00",
    "NO9386011117947",
    "+49 30 901820",
    "030/901820",
    "(212) 555-0123",
    "4111-1111-1111-1111",
    "jane@example.org",
    "no93 8601 1117 947",
  );
  const filler = fc.constantFrom("", " ", "x", "\n", "\\", '"', "\u0001", "é", "-", "7", "Nr. ", "\u00a0", "/");
  let impersonal = 0;
  await fc.assert(
    fc.property(
      fc.array(fc.oneof(filler, personal, near(personal, "\n xé0"), fc.string()), { maxLength: 4 }),
      (parts) => {
        const text = parts.join("");
        const content = Buffer.from(JSON.stringify(text).slice(1, -1));
        if (!isSurelyImpersonal(content, 0, content.length)) return;
        impersonal += 1;
        const fired = detectors.find((detector) => detector.found(text));
        if (fired !== undefined) throw new Error(`${fired.name} on ${JSON.stringify(text)}`);
      },
    ),
    RUNS,
  );
  t.ok(impersonal > 300, `${impersonal} texts were impersonal`);
});

t.test("strings end, are counted and ordered as their decoded texts", async () => {
  const unit = fc.constantFrom(
    "a",
    "b",
    '"',
    "\\",
    "\n",
    "\u0001",
    "\u001f",
    "/",
    "\x7f",
    "é",
    "\ufb33",
    "\u{1f602}",
    "u0",
  );
  const texts = fc.string({ unit, maxLength: 8 });
  await fc.assert(
    fc.property(
      texts,
      texts,
      near(
        texts.map((text) => JSON.stringify(text)),
        '"\\u01fFbn/',
      ),
      (a, b, raw) => {
        const [left, right, bytes] = [JSON.stringify(a), JSON.stringify(b), raw].map((text) => Buffer.from(text));
        if (left === undefined || right === undefined || bytes === undefined || /\p{Surrogate}/u.test(raw)) return;
        if (stringEnd(left, 1, left.length) !== left.length - 1) throw new Error(`end of ${a}`);
        const parsed = parseStrict(raw);
        const canonical = parsed.ok && typeof parsed.value === "string" && stringifyChecked(parsed.value) === raw;
        const ends = bytes[0] === 0x22 && stringEnd(bytes, 1, bytes.length) === bytes.length - 1;
        if (ends !== canonical) throw new Error(`${raw} ends: ${ends}`);
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        for (const end of [bytes.length, bytes.length - 1]) {
          if (textEnd(bytes, view, 1, end) !== stringEnd(bytes, 1, end)) throw new Error(`${raw} ends elsewhere`);
        }
        const length = Array.from(a).length;
        for (const count of [length - 1, length, length + 1]) {
          const fits = lengthFits(left, 1, left.length - 1, { least: count, most: count });
          if (fits !== (count === length)) throw new Error(`length of ${a}`);
        }
        const span = (line: Buffer) => ({ from: 1, to: line.length - 1 });
        const order = contentOrder(left, span(left), right, span(right));
        if (!Number.isNaN(order) && Math.sign(order) !== (a < b ? -1 : a > b ? 1 : 0)) throw new Error(`${a} and ${b}`);
      },
    ),
    { numRuns: 20_000 },
  );
});
