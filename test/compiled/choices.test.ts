import * as fc from "fast-check";
import t from "tap";
import { allowedChoices } from "../../tools/migration/compiled/choices.ts";
import type { Emission } from "../../tools/migration/compiled/emission.ts";
import { leafValidator } from "../../tools/migration/compiled/leaf-validator.ts";
import type { JsonObject, JsonValue } from "../../tools/migration/model/json.ts";

const value = fc.constantFrom<JsonValue>(null, true, false, "", "a", "1", 0, 1, 2, -1, 1.5, 3, 1e21);
const kind = fc.constantFrom("string", "number", "integer", "boolean", "null", "array", "object");
const bound = fc.option(fc.constantFrom(-1, 0, 1, 1.5, 2), { nil: undefined });

t.test("the values of an enum or const are those that the authority accepts", async (t) => {
  let asked = 0;
  const emission: Pick<Emission, "validator"> = {
    validator: (schema) => {
      asked += 1;
      return leafValidator(schema);
    },
  };
  const anyNode = fc.record(
    {
      type: fc.oneof(kind, fc.uniqueArray(kind, { minLength: 1, maxLength: 3 })),
      enum: fc.uniqueArray(value, { minLength: 1, maxLength: 6, comparator: "SameValue" }),
      const: value,
      minimum: bound,
      maximum: bound,
      exclusiveMinimum: bound,
      exclusiveMaximum: bound,
      maxLength: fc.constantFrom(0, 1),
      title: fc.constant("a choice"),
    },
    { requiredKeys: [] },
  );
  let refused = 0;
  await fc.assert(
    fc.property(anyNode, (parts) => {
      const node: JsonObject = JSON.parse(JSON.stringify(parts));
      const listed = node["const"] === undefined ? node["enum"] : [node["const"]];
      if (!Array.isArray(listed)) return;
      const accepts = leafValidator(node);
      const expected = listed.filter((one) => accepts(one));
      const got = allowedChoices(emission, node, listed);
      refused += listed.length - got.length;
      if (JSON.stringify(got) !== JSON.stringify(expected)) throw new Error(JSON.stringify({ node, got, expected }));
    }),
    { numRuns: 400 },
  );
  t.ok(asked > 20, `${asked} times the authority was asked`);
  t.ok(refused > 50, `${refused} values were refused`);
});
