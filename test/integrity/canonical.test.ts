import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import t from "tap";
import { canonicalize, stringifyChecked } from "../../tools/migration/integrity/canonical.ts";
import { compareCodeUnits, compareUtf8 } from "../../tools/migration/integrity/order.ts";
import { parseStrict } from "../../tools/migration/integrity/strict-parse.ts";
import { findValueProblem, type ValueReason } from "../../tools/migration/integrity/strict-value.ts";
import { MigrationError } from "../../tools/migration/model/errors.ts";
import { anyJson } from "../helpers/arbitraries.ts";
import { es6Numbers } from "../helpers/es6-numbers.ts";

const vectors = "../shared/vectors/jcs/testdata";
const skip = existsSync(vectors) ? false : `${vectors} is not here`;

t.test("the vectors of RFC 8785 come out byte by byte", { skip }, async (t) => {
  for (const file of readdirSync(`${vectors}/input`)) {
    const parsed = parseStrict(readFileSync(`${vectors}/input/${file}`, "utf8"));
    if (!parsed.ok) throw new Error(`${file}: ${parsed.message}`);
    const text = canonicalize(parsed.value);
    t.equal(text, readFileSync(`${vectors}/output/${file}`, "utf8"), file);
    const hex = readFileSync(`${vectors}/outhex/${file.replace(".json", ".txt")}`, "utf8").replace(/\s/g, "");
    t.equal(Buffer.from(text).toString("hex"), hex, `${file} in hex`);
  }
});

t.test("100 000 numbers have their ES6 text (RFC 8785, appendix B)", async (t) => {
  const hash = createHash("sha256");
  let refused = 0;
  for (const [hex, value] of es6Numbers(100_000)) {
    const accepted = findValueProblem(value) === undefined;
    if (!accepted) refused++;
    // Integers from 2^53 to 1e21 are refused by the profile; the formatter underneath is the same one.
    hash.update(`${hex},${accepted ? canonicalize(value) : stringifyChecked(value)}\n`);
  }
  t.equal(hash.digest("hex"), "22776e6d4b49fa294a0d0f349268e5c28808fe7e0cb2bcbe28f63894e494d4c7");
  t.ok(refused > 0 && refused < 2000, `${refused} refused`);
});

t.test("numbers are accepted up to the borders of the profile", async (t) => {
  t.equal(
    canonicalize([0, -0, 2 ** 53 - 1, 1 - 2 ** 53, 1e21, -1e21, 5e-324]),
    `[0,0,9007199254740991,-9007199254740991,1e+21,-1e+21,5e-324]`,
  );
  for (const value of [2 ** 53, -(2 ** 53), 2 ** 53 + 2, 999999999999999900000]) {
    t.equal(findValueProblem(value)?.reason, "NUMBER_RANGE", String(value));
  }
});

class Point {
  x = 1;
}

const sparse: unknown[] = [1];
sparse[2] = 3;

const refusals: readonly (readonly [name: string, value: unknown, reason: ValueReason, path: string])[] = [
  ["a lone high surrogate", { a: ["\ud800"] }, "LONE_SURROGATE", "/a/0"],
  ["a lone low surrogate", "x\udc00", "LONE_SURROGATE", ""],
  ["a lone surrogate in a key", { "\udfff": 1 }, "LONE_SURROGATE", "/\udfff"],
  ["NaN", [1, Number.NaN], "NOT_FINITE", "/1"],
  ["an infinity", { "a/b": { "c~d": Number.NEGATIVE_INFINITY } }, "NOT_FINITE", "/a~1b/c~0d"],
  ["undefined", undefined, "UNDEFINED", ""],
  ["a property that is undefined", { a: undefined }, "UNDEFINED", "/a"],
  ["a function", { a: () => 1 }, "NOT_JSON", "/a"],
  ["a symbol", [Symbol("s")], "NOT_JSON", "/0"],
  ["a bigint", 1n, "NOT_JSON", ""],
  ["a hole", sparse, "HOLE", "/1"],
  ["a Map", new Map(), "NOT_JSON", ""],
  ["a Set", new Set(), "NOT_JSON", ""],
  ["a Date", { d: new Date(0) }, "NOT_JSON", "/d"],
  ["a Buffer", Buffer.from("a"), "NOT_JSON", ""],
  ["a typed array", new Uint8Array(1), "NOT_JSON", ""],
  ["a boxed string", Object("a"), "NOT_JSON", ""],
  ["a boxed number", Object(1), "NOT_JSON", ""],
  ["a regular expression", /a/, "NOT_JSON", ""],
  ["an instance of a class", new Point(), "NOT_JSON", ""],
  ["an array of another class", new (class extends Array {})(), "NOT_JSON", ""],
  ["an object of another realm", runInNewContext("({})"), "NOT_JSON", ""],
  ["an object with a method toJSON", { toJSON: () => 1 }, "NOT_JSON", ""],
  ["an array with a method toJSON", Object.assign([1], { toJSON: () => 1 }), "NOT_JSON", ""],
  ["an array with a named property", Object.assign([1], { a: 1 }), "NOT_JSON", ""],
  ["an array with a symbol as key", Object.assign([1], { [Symbol("s")]: 1 }), "NOT_JSON", ""],
  ["a symbol as key", { [Symbol("s")]: 1 }, "NOT_JSON", ""],
  ["an accessor", Object.defineProperty({}, "a", { get: () => 1, enumerable: true }), "NOT_JSON", "/a"],
  ["an accessor in an array", Object.defineProperty([1], "0", { get: () => 1 }), "NOT_JSON", "/0"],
  ["a hidden property", Object.defineProperty({}, "a", { value: 1 }), "NOT_JSON", "/a"],
];

t.test("what is not JSON is refused with its path and kind", async (t) => {
  for (const [name, value, reason, path] of refusals) {
    const found = findValueProblem(value);
    t.equal(found?.reason, reason, name);
    t.equal(found?.path, path, name);
    t.throws(() => canonicalize(value), { code: "VALUE_INVALID" }, name);
  }
});

t.test("the message names path and kind, never the value", async (t) => {
  try {
    canonicalize({ contact: { mail: "someone@example.org\ud800" } });
    t.fail("accepted");
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    t.match(error.message, "/contact/mail");
    t.match(error.message, "lone surrogate");
    t.notMatch(error.message, /someone/);
    t.strictSame(error.problems, ["/contact/mail: LONE_SURROGATE"]);
  }
});

t.test("inherited toJSON is refused", async (t) => {
  Object.defineProperty(Object.prototype, "toJSON", { value: () => 1, configurable: true });
  try {
    t.equal(findValueProblem({ a: 1 })?.reason, "NOT_JSON");
    t.equal(findValueProblem([])?.reason, "NOT_JSON");
  } finally {
    Reflect.deleteProperty(Object.prototype, "toJSON");
  }
});

t.test("toJSON as a key for data, __proto__ as a key and a null prototype are JSON", async (t) => {
  t.equal(canonicalize({ toJSON: "x" }), '{"toJSON":"x"}');
  t.equal(canonicalize(JSON.parse('{"b":1,"__proto__":{"a":2}}')), '{"__proto__":{"a":2},"b":1}');
  t.equal(canonicalize(Object.assign(Object.create(null), { a: 1 })), '{"a":1}');
});

function nest(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

function wide(keys: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: keys }, (_, index) => [`k${index}`, index]));
}

t.test("nesting, keys and cycles end the check early", async (t) => {
  t.equal(findValueProblem(nest(128)), undefined);
  t.equal(findValueProblem(nest(129))?.reason, "NESTING");
  t.equal(findValueProblem(nest(100_000))?.reason, "NESTING");
  t.equal(findValueProblem(wide(65_536)), undefined);
  t.equal(findValueProblem({ w: wide(65_537) })?.reason, "NESTING");
  const cycle: { a: unknown[] } = { a: [] };
  cycle.a.push(cycle);
  t.match(findValueProblem(cycle), { reason: "CYCLE", path: "/a/0" });
  const twice = { a: 1 };
  t.equal(canonicalize([twice, twice]), '[{"a":1},{"a":1}]', "the same object twice is no cycle");
});

// Written from RFC 8785 alone: keys by UTF-16 code units, scalars as ECMAScript writes them.
function reference(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(reference).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) =>
    Buffer.from(a, "utf16le").swap16().compare(Buffer.from(b, "utf16le").swap16()),
  );
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${reference(item)}`).join(",")}}`;
}

t.test("law: canonical text is what RFC 8785 says, and canonicalising again changes nothing", async () => {
  await fc.assert(
    fc.property(anyJson, (value) => {
      const text = canonicalize(value);
      return text === reference(value) && canonicalize(JSON.parse(text)) === text;
    }),
    { numRuns: 2000 },
  );
});

t.test("law: compareUtf8 is the order of the bytes", async (t) => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom("a", "\u{10000}", "\u{1f602}", "\ue000", "\uffff", "\ud7ff", "é") }),
  );
  await fc.assert(
    fc.property(text, text, text, (stem, a, b) => {
      return compareUtf8(stem + a, stem + b) === Buffer.compare(Buffer.from(stem + a), Buffer.from(stem + b));
    }),
    { numRuns: 5000 },
  );
  t.equal(compareUtf8("\u{1f602}", "\ufb33"), 1, "UTF-8 puts the higher code point last");
  t.equal(compareCodeUnits("\u{1f602}", "\ufb33"), -1, "UTF-16 puts the surrogate first");
  t.equal(compareCodeUnits("a", "a"), 0);
  t.equal(compareCodeUnits("a", "B"), 1);
});
