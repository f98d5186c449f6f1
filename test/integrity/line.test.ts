import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import t from "tap";
import { canonicalize } from "../../tools/migration/integrity/canonical.ts";
import { type LineReason, parseLine } from "../../tools/migration/integrity/line.ts";
import { type ParseReason, parseStrict } from "../../tools/migration/integrity/strict-parse.ts";
import { anyJson, anyJsonObject } from "../helpers/arbitraries.ts";

function nested(depth: number): string {
  return `${'[{"a":'.repeat(depth / 2)}${depth % 2 === 1 ? "[]" : "1"}${"}]".repeat(depth / 2)}`;
}

function wide(keys: number): string {
  return `{${Array.from({ length: keys }, (_, index) => `"k${String(index).padStart(5, "0")}":0`).join(",")}}`;
}

const refusedTexts: readonly (readonly [text: string, reason: ParseReason, offset: number, path: string])[] = [
  ["", "JSON", 0, ""],
  [" \t\r\n", "JSON", 4, ""],
  ["\ufeff{}", "JSON", 0, ""],
  ["{} x", "JSON", 3, ""],
  ["{}{}", "JSON", 2, ""],
  ["[1,]", "JSON", 3, "/1"],
  ['{"a":1,}', "JSON", 7, ""],
  ['{"a" 1}', "JSON", 5, ""],
  ["{a:1}", "JSON", 1, ""],
  ["['a']", "JSON", 1, "/0"],
  ["[1 2]", "JSON", 3, ""],
  ["[", "JSON", 1, "/0"],
  ['{"a":{"b":tru}}', "JSON", 10, "/a/b"],
  ["nul", "JSON", 0, ""],
  ["NaN", "JSON", 0, ""],
  ["Infinity", "JSON", 0, ""],
  ["\u00a01", "JSON", 0, ""],
  ["+1", "JSON", 0, ""],
  ["01", "JSON", 1, ""],
  ["-", "JSON", 1, ""],
  ["-01", "JSON", 2, ""],
  [".5", "JSON", 0, ""],
  ["1.", "JSON", 2, ""],
  ["1.e5", "JSON", 2, ""],
  ["1e", "JSON", 2, ""],
  ["1e+", "JSON", 3, ""],
  ["0x10", "JSON", 1, ""],
  ['"', "JSON", 1, ""],
  ['"a\u0001b"', "JSON", 2, ""],
  ['"a\nb"', "JSON", 2, ""],
  ['"a\u001fb"', "JSON", 2, ""],
  ['"\\x41"', "JSON", 2, ""],
  ['"\\', "JSON", 2, ""],
  ['"\\u12g4"', "JSON", 1, ""],
  ['"\\u12', "JSON", 1, ""],
  ['{"x":{"a":1,"a":2}}', "DUPLICATE_KEY", 12, "/x/a"],
  ['{"a":1,"\\u0061":2}', "DUPLICATE_KEY", 7, "/a"],
  ['{"__proto__":1,"__proto__":2}', "DUPLICATE_KEY", 15, "/__proto__"],
  ["[-0]", "NUMBER", 1, "/0"],
  ["-0.0", "NUMBER", 0, ""],
  ["-1e-400", "NUMBER", 0, ""],
  ['{"n":9007199254740992}', "NUMBER", 5, "/n"],
  ["-9007199254740992", "NUMBER", 0, ""],
  ["9007199254740993", "NUMBER", 0, ""],
  ["1000000000000000000000", "NUMBER", 0, ""],
  ["1e400", "NUMBER", 0, ""],
  [`1${"0".repeat(400)}`, "NUMBER", 0, ""],
  ['"ab\\ud800"', "SURROGATE", 3, ""],
  ['"\\udc00"', "SURROGATE", 1, ""],
  ['"\\ud800\\ud800"', "SURROGATE", 1, ""],
  ['"\\udc00\\udc00"', "SURROGATE", 1, ""],
  ['"\\ud800x"', "SURROGATE", 1, ""],
  ['"ab\ud800c"', "SURROGATE", 3, ""],
  ['"\\ud83d\ude02"', "SURROGATE", 1, ""],
  ['{"\udfff":1}', "SURROGATE", 2, ""],
  [nested(129), "NESTING", 384, `${"/0/a".repeat(64)}`],
  ["[".repeat(100_000), "NESTING", 128, "/0".repeat(128)],
  [wide(65_537), "NESTING", 1 + 65_536 * 11, ""],
];

t.test("a text is refused with reason, offset and path", async (t) => {
  for (const [text, reason, offset, path] of refusedTexts) {
    const result = parseStrict(text);
    const name = JSON.stringify(text.slice(0, 40));
    if (result.ok) t.fail(`${name} is accepted`);
    else
      t.strictSame([result.reason, result.offset, result.path], [reason, offset, path], `${name}: ${result.message}`);
  }
});

t.test("what RFC 8259 and the profile allow is read as JSON.parse reads it", async (t) => {
  const texts = [
    "0",
    "1.0",
    "-1.5E-3",
    "1e21",
    "1E+2",
    "1e20",
    "9007199254740991",
    "-9007199254740991",
    "5e-324",
    "0.0",
    "1e-400",
  ];
  texts.push(
    ' {"a" :\t[ ] , "b":\r\n{ } } ',
    '"\\u0022\\/\\b\\f\\n\\r\\t\\\\\\u00E9"',
    '"\\uD83D\\ude02"',
    '"\u{1f602}\u2028"',
    "null",
  );
  texts.push(nested(128), wide(65_536), '{"10":1,"9":2,"":3}');
  for (const [at, text] of texts.entries()) {
    const result = parseStrict(text);
    t.ok(result.ok && isDeepStrictEqual(result.value, JSON.parse(text)), `text ${at}`);
  }
});

t.test("__proto__ is a key like any other", async (t) => {
  const result = parseStrict('{"__proto__":{"polluted":true},"a":{"__proto__":1}}');
  if (!result.ok) throw new Error(result.message);
  t.equal(canonicalize(result.value), '{"__proto__":{"polluted":true},"a":{"__proto__":1}}');
  t.equal(Object.getPrototypeOf(result.value), Object.prototype);
  t.notOk("polluted" in {});
});

t.test("the message tells kinds, never content", async (t) => {
  for (const text of [
    '{"name":Meier}',
    '{"name":"Meier" Huber}',
    '"Meier\\ud800"',
    '"Meier\u0000"',
    '{"n":79123456799007199254740992}',
  ]) {
    const result = parseStrict(text);
    t.ok(!result.ok && !/Meier|Huber|79/.test(result.message), JSON.stringify(result));
  }
});

t.test("law: every accepted text means what JSON.parse says, and every fault of the grammar is one there", async () => {
  const token = fc.constantFrom(
    ..."{}[]:,",
    '"a"',
    '"\\u0061"',
    '"b"',
    '"__proto__"',
    "1",
    "-0",
    "-",
    ".5",
    "e3",
    "0",
    " ",
    "\n",
    "true",
    "null",
    '"',
    "\\",
    '"\\ud83d',
    '\\ude02"',
    "\ufeff",
  );
  const text = fc.oneof(
    fc.array(token, { maxLength: 12 }).map((tokens) => tokens.join("")),
    anyJson.map((value) => JSON.stringify(value, null, 1)),
    fc.tuple(anyJson, fc.nat(), fc.string({ maxLength: 2 })).map(([value, at, put]) => {
      const json = JSON.stringify(value);
      return json.slice(0, at % (json.length + 1)) + put + json.slice((at % (json.length + 1)) + 1);
    }),
  );
  await fc.assert(fc.property(text, agreesWithJsonParse), { numRuns: 10_000 });
});

function agreesWithJsonParse(text: string): boolean {
  const result = parseStrict(text);
  try {
    const value: unknown = JSON.parse(text);
    return result.ok ? isDeepStrictEqual(result.value, value) : result.reason !== "JSON";
  } catch {
    return !result.ok;
  }
}

function lineOf(text: string): Buffer {
  return Buffer.from(text, "utf8");
}

const refusedLines: readonly (readonly [line: Buffer, reason: LineReason, offset: number])[] = [
  [lineOf(""), "JSON", 0],
  [lineOf("\ufeff{}"), "JSON", 0],
  [lineOf('{"é":x}'), "JSON", 6],
  [lineOf("{}\r"), "NOT_CANONICAL", 2],
  [lineOf("{}\n"), "NOT_CANONICAL", 2],
  [lineOf("[1]"), "NOT_OBJECT", 0],
  [lineOf("null"), "NOT_OBJECT", 0],
  [lineOf('{"a": 1}'), "NOT_CANONICAL", 5],
  [lineOf('{"b":1,"a":2}'), "NOT_CANONICAL", 2],
  [lineOf('{"9":2,"10":1}'), "NOT_CANONICAL", 2],
  [lineOf('{"a":1.0}'), "NOT_CANONICAL", 6],
  [lineOf('{"a":1e21}'), "NOT_CANONICAL", 7],
  [lineOf('{"a":1E+21}'), "NOT_CANONICAL", 6],
  [lineOf('{"a":1e20}'), "NOT_CANONICAL", 6],
  [lineOf('{"a":"\\u0022"}'), "NOT_CANONICAL", 7],
  [lineOf('{"a":"\\/"}'), "NOT_CANONICAL", 6],
  [lineOf('{"a":"\\u000a"}'), "NOT_CANONICAL", 7],
  [lineOf('{"a":"\\u001F"}'), "NOT_CANONICAL", 11],
  [lineOf('{"a":"\\u00e9"}'), "NOT_CANONICAL", 6],
  [lineOf('{"a":"\u0001"}'), "JSON", 6],
  [lineOf('{"a":1,"\\u0061":2}'), "DUPLICATE_KEY", 7],
  [lineOf('{"ü":-0}'), "NUMBER", 6],
  [lineOf('{"a":9007199254740992}'), "NUMBER", 5],
  [lineOf('{"a":"\\ud800"}'), "SURROGATE", 6],
  [Buffer.from([0x7b, 0x22, 0xc3, 0xa9, 0xff, 0x22]), "UTF8", 4],
  [Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), "UTF8", 1],
  [Buffer.from([0x22, 0xc0, 0x80, 0x22]), "UTF8", 1],
  [Buffer.from([0x22, 0xf4, 0x90, 0x80, 0x80]), "UTF8", 1],
  [Buffer.from([0x22, 0xe2, 0x82]), "UTF8", 1],
  [Buffer.concat([lineOf('{"€\u{1f602}'), Buffer.of(0xff)]), "UTF8", 9],
];

t.test("a line is refused with reason and byte offset", async (t) => {
  for (const [line, reason, offset] of refusedLines) {
    const result = parseLine(line);
    if (result.ok) t.fail(`${line} is accepted`);
    else
      t.strictSame(
        [result.reason, result.offset, result.value !== undefined],
        [reason, offset, reason === "NOT_CANONICAL"],
        JSON.stringify(String(line)),
      );
  }
});

t.test("canonical lines are accepted, from any kind of byte array", async (t) => {
  for (const text of [
    "{}",
    '{"10":1,"9":2}',
    '{"\u{1f602}":1,"\ufb33":2}',
    '{"a":1e+21}',
    '{"a":"\\u001f\\b\x7f/"}',
    '{"__proto__":1}',
  ]) {
    const bytes = new Uint8Array(lineOf(`xx${text}yy`)).subarray(2, -2);
    t.strictSame(parseLine(bytes), { ok: true, value: JSON.parse(text) }, text);
  }
});

t.test("a line may have 16 MiB and not one byte more", async (t) => {
  const fits = Buffer.alloc(16 * 1024 * 1024, "a");
  fits.write('{"a":"');
  fits.write('"}', fits.length - 2);
  t.ok(parseLine(fits).ok);
  t.match(parseLine(Buffer.concat([fits, Buffer.from(" ")])), { ok: false, reason: "TOO_LONG", offset: fits.length });
});

t.test("law: a line is accepted exactly where its bytes are the canonical form of what they say", async () => {
  await fc.assert(
    fc.property(anyJsonObject, fc.nat(), fc.nat(255), (value, place, byte) => {
      const line = lineOf(canonicalize(value));
      const accepted = parseLine(line);
      if (!accepted.ok || canonicalize(accepted.value) !== canonicalize(value)) return false;
      const mutated = Buffer.from(line);
      mutated[place % line.length] = byte;
      const result = parseLine(mutated);
      return result.ok ? lineOf(canonicalize(result.value)).equals(mutated) : !mutated.equals(line);
    }),
    { numRuns: 10_000 },
  );
});
