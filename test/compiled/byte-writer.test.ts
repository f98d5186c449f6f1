import fc from "fast-check";
import t from "tap";
import { compileByteWriter } from "../../tools/migration/compiled/byte-writer.ts";
import { canonicalize } from "../../tools/migration/integrity/canonical.ts";
import { findValueProblem } from "../../tools/migration/integrity/strict-value.ts";
import type { JsonValue } from "../../tools/migration/model/json.ts";
import type { FieldDefinition, ModuleDefinition } from "../../tools/migration/model/module.ts";

const NAMES = ["name", "größe", "10", "9", 'a"b', "𝄞", "z"];
const ID = "00000000-0000-8000-8000-000000000001";

function moduleWith(names: readonly string[]): ModuleDefinition {
  const rest = { from: [], default: undefined, value: undefined, type: undefined, transform: [], ref: undefined };
  const fields = names.map((name): FieldDefinition => ({ name, ...rest, nulls: "omit" }));
  return {
    name: "m",
    collection: "m",
    query: undefined,
    form: "json",
    legacyKey: ["k"],
    schemaVersion: 1,
    allowEmpty: false,
    fields,
    drop: new Set(),
    mapper: undefined,
    invariants: [],
    schema: {},
    references: [],
    piiFields: [],
    digests: { definition: "", schema: "" },
  };
}

const texts = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom("a", "é", "€", "😂", '"', "\\", "\n", "\u0007", "\u007f", "\ud800", "\udc00", "\uffff"),
  }),
);
const values: fc.Arbitrary<JsonValue> = fc.oneof(
  texts,
  fc.double(),
  fc.integer(),
  fc.constantFrom(2 ** 53, -(2 ** 53), 2 ** 53 - 1, 1e21, 1e-7, -0, 0, 5e-324, 1.7976931348623157e308),
  fc.boolean(),
  fc.constant(null),
  fc.array(texts, { maxLength: 3 }),
  fc.dictionary(texts, fc.oneof(texts, fc.integer()), { maxKeys: 3 }),
);

t.test("law: an entity is written as canonicalize writes it, or given up", async (t) => {
  const writer = compileByteWriter(moduleWith(NAMES));
  if (writer === undefined) throw new Error("not compiled");
  let written = 0;
  await fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), values), { selector: ([name]) => name }),
      (pairs) => {
        const entity: Record<string, JsonValue> = { id: ID, ...Object.fromEntries(pairs) };
        const bytes = Buffer.alloc(7 + writer.room(entity), 0xff);
        const end = writer.write(entity, bytes, 7);
        if (end < 0) return;
        written += 1;
        if (findValueProblem(entity) !== undefined) throw new Error("wrote what JSON cannot carry");
        t.equal(bytes.toString("utf8", 7, end), canonicalize(entity));
        t.ok(end <= bytes.length);
      },
    ),
    { numRuns: 2000 },
  );
  t.ok(written > 800, `${written} of 2000 were written`);
});

t.test("plain data is never given up, escapes included", async (t) => {
  const writer = compileByteWriter(moduleWith(NAMES));
  const entity = { id: ID, name: 'Änne "Zoë"\n😂', größe: 1.5, "10": true, "9": [1, { a: "ß" }] };
  const bytes = Buffer.alloc(4096);
  const end = writer?.write(entity, bytes, 0) ?? -1;
  t.equal(bytes.toString("utf8", 0, end), canonicalize(entity));
});

t.test("a module whose fields are not ordinary has no byte writer", async (t) => {
  t.equal(compileByteWriter(moduleWith(["toString"])), undefined);
  t.equal(compileByteWriter(moduleWith(["\ud800"])), undefined);
  t.equal(compileByteWriter({ ...moduleWith([]), mapper: { file: "m.cjs", source: "", reads: [] } }), undefined);
});
