import * as fc from "fast-check";
import t from "tap";
import { compileWriter } from "../../tools/migration/compiled/writer.ts";
import { canonicalize } from "../../tools/migration/integrity/canonical.ts";
import type { JsonValue } from "../../tools/migration/model/json.ts";
import { anyJson } from "../helpers/arbitraries.ts";
import { anyModule, moduleOf } from "../helpers/schemas.ts";

function reference(entity: unknown): string | undefined {
  try {
    return canonicalize(entity);
  } catch {
    return undefined;
  }
}

const odd: fc.Arbitrary<unknown> = fc.oneof(
  anyJson,
  fc.constantFrom<unknown>(
    undefined,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -0,
    2 ** 53,
    1e21,
    1e20,
    "\ud800",
    "\udc00a",
  ),
  fc.constantFrom<unknown>(
    10n,
    new Date(0),
    new Map(),
    Symbol("s"),
    () => 1,
    [undefined],
    { a: undefined },
    "\x7f\u2028",
  ),
);

t.test("a writer writes what canonicalize writes, for every plain entity", async () => {
  const modules = anyModule.chain(({ module, entity }) => fc.tuple(fc.constant(module), entity));
  await fc.assert(
    fc.property(modules, ([module, entity]) => {
      const text = compileWriter(module).write(entity);
      if (text !== canonicalize(entity)) throw new Error(`${text} for ${canonicalize(entity)}`);
    }),
    { numRuns: 300 },
  );
});

const writer = compileWriter(
  moduleOf({ type: "object", properties: { b: {}, a: {}, 10: {}, 9: {}, 'q"': {}, toString: {}, id: {} } }),
);

t.test("a writer writes what canonicalize writes or leaves it to it", async () => {
  const name = fc.constantFrom("a", "b", "10", "9", 'q"', "toString", "id", "unknown", "__proto__", "constructor");
  let written = 0;
  await fc.assert(
    fc.property(fc.array(fc.tuple(name, odd), { maxLength: 4 }), (entries) => {
      const entity = Object.fromEntries(entries) as Record<string, JsonValue>;
      const text = writer.write(entity);
      if (text === undefined) return;
      written += 1;
      if (text !== reference(entity)) throw new Error(`${text} instead of ${reference(entity)}`);
    }),
    { numRuns: 5000 },
  );
  if (written < 1000) throw new Error(`only ${written} were written`);
});

t.test("a writer leaves nesting at the limit to canonicalize", async (t) => {
  const nested = (depth: number): JsonValue => (depth === 0 ? 1 : [nested(depth - 1)]);
  t.equal(writer.write({ a: nested(127) }), canonicalize({ a: nested(127) }));
  t.equal(writer.write({ a: nested(128) }), undefined);
});

t.test("a writer refuses objects that are not plain", async (t) => {
  class Entity {
    readonly a = 1;
  }
  const plain: Record<string, JsonValue> = Object.assign(Object.create(null), { a: 1 });
  t.equal(writer.write(plain), '{"a":1}');
  t.equal(writer.write(Object.assign(new Entity())), undefined);
  t.equal(writer.write(Object.create({ a: 1 })), undefined, "an inherited key");
  t.equal(compileWriter(moduleOf(JSON.parse('{"properties":{"__proto__":{}}}'))).write({}), undefined);
  t.equal(writer.write({}), "{}");
});
