import fc from "fast-check";
import t from "tap";
import { typeReader } from "../../tools/migration/mapping/canonical-types.ts";
import { TRANSFORM_FUNCTIONS } from "../../tools/migration/mapping/transforms.ts";
import { TRANSFORMS } from "../../tools/migration/model/field-words.ts";
import { type Keeps, keptTexts } from "../../tools/migration/ranges/kept-cells.ts";

const TYPES = [
  "string",
  "string(3)",
  "integer",
  "bigint",
  "number",
  "decimal",
  "decimal(5,2)",
  "boolean",
  "date",
].concat(["time", "timestamp", "timestamptz", "uuid", "bytes", "json", "string[]"]);

const digit = fc.constantFrom(..."0123456789");
const shaped = (form: string): fc.Arbitrary<string> =>
  fc.tuple(...[...form].map((unit) => (unit === "9" ? digit : fc.constant(unit)))).map((units) => units.join(""));
const piece = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "B", "1", " ", "-"), maxLength: 8 }),
  fc.constantFrom(" ", "\n", "\u000b", "\t", '"', "\\", "\u00a0", "\ufeff", "ß", "İ", "😂", "\0", "\u007f", ""),
);
const anyText = fc.oneof(
  fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join("")),
  ...["2999-99-99", "2024-0-29", "99:99", "99:99:00", "2024-0-29T99:99:99Z", "2024-02-29T9:09:09Z"].map(shaped),
  shaped("2024-02-28T09:09:09+02:00"),
  fc.constantFrom("0000-01-01T00:00:00Z", "2024-01-01T00:00:60Z", "2024-01-01T00:00:00.1Z", "2024-01-01t00:00:00Z"),
  fc.uuid(),
  fc.uuid().map((uuid) => uuid.toUpperCase()),
);

function keeps(all: readonly Keeps[] | undefined, text: string): boolean {
  const bytes = Buffer.from(`x${JSON.stringify(text)}y`, "utf8");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return all?.every((one) => one(bytes, view, 2, bytes.length - 2)) === true;
}

t.test("no character that is trimmed is said to stay at an end, and most others are", (t) => {
  const trimmed = keptTexts(["trim"], undefined);
  let kept = 0;
  for (let unit = 0; unit < 0x10000; unit += 1) {
    if (unit >= 0xd800 && unit < 0xe000) continue;
    for (const text of [`${String.fromCharCode(unit)}a`, `a${String.fromCharCode(unit)}`, String.fromCharCode(unit)]) {
      if (!keeps(trimmed, text)) continue;
      kept += 1;
      if (text.trim() !== text) t.fail(`U+${unit.toString(16)}`);
    }
  }
  t.ok(kept > 3 * 1900, `${kept} stay`);
  t.end();
});

t.test("law: a text that a transform is said to keep is kept by it", async (t) => {
  const kept = new Set<string>();
  await fc.assert(
    fc.property(anyText, (text) => {
      for (const word of TRANSFORMS) {
        if (!keeps(keptTexts([word], undefined), text)) continue;
        kept.add(word);
        if (TRANSFORM_FUNCTIONS[word](text) !== text) throw new Error(`${word} changes it`);
      }
      for (const type of TYPES) {
        if (!keeps(keptTexts([], type), text)) continue;
        kept.add(`type ${type}`);
        for (const form of ["cells", "json", "text"] as const) {
          if (typeReader(type, form)(text) !== text) throw new Error(`${type} of ${form} changes it`);
        }
      }
    }),
    { numRuns: 5000 },
  );
  const words = ["collapse-spaces", "date", "empty-to-null", "lower", "string", "time", "timestamp", "trim", "upper"];
  const types = [
    "type date",
    "type string",
    "type string(3)",
    "type time",
    "type timestamp",
    "type timestamptz",
    "type uuid",
  ];
  t.strictSame([...kept].sort(), [...words, ...types].sort(), "each that can keep a text was seen to");
});

t.test("all transforms and the type have to keep a text", async (t) => {
  t.equal(keeps(keptTexts(["trim", "lower"], "string(3)"), "abc"), true);
  t.equal(keeps(keptTexts(["trim", "lower"], "string(3)"), "abC"), false);
  t.equal(keeps(keptTexts(["trim", "lower"], "string(3)"), "abcd"), false);
  t.equal(keptTexts(["trim", "boolean"], undefined), undefined);
});
