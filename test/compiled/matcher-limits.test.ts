import t, { type Test } from "tap";
import type { JsonObject, JsonValue } from "../../tools/migration/model/json.ts";
import type { InvariantDefinition } from "../../tools/migration/model/module.ts";
import { Authority, assertSound, compiled, lineOf } from "../helpers/line-authority.ts";
import { moduleOf } from "../helpers/schemas.ts";

const HEAD = { id: "0188f0e0-0000-7000-8000-0123456789ab", schemaVersion: 1 };

function schemaOf(properties: JsonObject): JsonObject {
  return {
    type: "object",
    additionalProperties: false,
    required: ["id", "schemaVersion"],
    properties: { id: { type: "string", format: "uuid" }, schemaVersion: { type: "integer" }, ...properties },
  };
}

/** Every entity must be accepted exactly where the authority finds nothing; `open` ones may be refused as well. */
function judgeAll(
  t: Pick<Test, "same">,
  schema: JsonObject,
  entities: readonly JsonObject[],
  invariants: readonly InvariantDefinition[] = [],
  isOpen: (entity: JsonObject) => boolean = () => false,
): void {
  const module = moduleOf(schema, invariants);
  const matcher = compiled(module);
  const authority = new Authority(module);
  const refused = entities.filter((entity) => {
    const line = lineOf(entity);
    if (assertSound(matcher, authority, line) || isOpen(entity)) return false;
    return authority.judge(line).faults.length === 0;
  });
  t.same(refused, [], "nothing sound is refused");
}

const KEYWORDS: readonly (readonly [JsonObject, readonly JsonValue[]])[] = [
  [
    { type: "string", minLength: 2 },
    ["", "a", "é", "\u{1f602}", "\n", "\u0001", "ab", "éé", "\n\u0001", '"\\', "aé\u{1f602}"],
  ],
  [
    { type: "string", maxLength: 2 },
    ["", "ab", "abc", "éé", "ééé", "\u{1f602}\u{1f602}", "\u0001\u0001", "\u0001\u0001\n"],
  ],
  [{ type: "number", minimum: 1.5, maximum: 3 }, [1.4, 1.49999999999, 1.5, 3, 3.00000001, -2, 1e300, 5e-324]],
  [{ type: "number", exclusiveMinimum: 1.5, exclusiveMaximum: 3 }, [1.5, 1.5000000000000002, 2.9999999999999996, 3]],
  [{ type: "integer", multipleOf: 4 }, [0, -4, 4, 2, 4.5, 9007199254740988]],
  [{ type: "number", multipleOf: 0.01 }, [0.01, 0.07, 1.1, 1.11, 1.115, 0.29]],
  [{ type: "integer" }, [1, 1.5, 1e21, 9007199254740991, -9007199254740991, 1e-7]],
  [{ type: ["integer", "null", "boolean"] }, [null, true, false, 0, -1, 0.5, "1"]],
  [{ type: "array", items: { type: "integer" }, minItems: 1, maxItems: 2 }, [[], [1], [1, 2], [1, 2, 3], [1.5], ["1"]]],
  [
    { type: "array", items: { type: ["string", "integer"] }, uniqueItems: true },
    [[], [1, "1"], [1, 1], ["a", "b", "a"]],
  ],
  [
    { type: "object", additionalProperties: false, properties: { a: { type: "null" } } },
    [{}, { a: null }, { b: null }],
  ],
  [{ enum: ["a", 1, 12, null, true] }, ["a", 1, 12, null, true, false, 2, 112, "", "b"]],
];

t.test("keywords are judged alike at and around their limits", async (t) => {
  for (const [schema, values] of KEYWORDS) {
    const entities = values.flatMap((x) => [
      { ...HEAD, x },
      { ...HEAD, x, y: x },
      { ...HEAD, a: x },
    ]);
    // 64-bit quotients too large for a surely exact test may be refused.
    judgeAll(t, schemaOf({ a: schema, x: schema, y: schema }), entities, [], (entity) =>
      JSON.stringify(entity).includes("9007199254740988"),
    );
  }
});

const OPERANDS: readonly (JsonValue | undefined)[] = [
  undefined,
  null,
  -1,
  0,
  2,
  2.5,
  "",
  "2",
  "a",
  "ab",
  "b",
  "2024-01-31",
  true,
  false,
  [],
  [1],
];
const ANY: JsonObject = {
  type: ["null", "number", "string", "boolean", "array"],
  items: { type: "integer" },
  pii: 1,
};

const PAIRS: readonly JsonObject[] = OPERANDS.flatMap((x) =>
  OPERANDS.map((y) => ({ ...HEAD, ...(x === undefined ? {} : { x }), ...(y === undefined ? {} : { y }) })),
);

function rule(name: InvariantDefinition["rule"], fields: readonly string[], value?: JsonValue): InvariantDefinition {
  return { name, rule: name, fields, value, message: name, severity: "BLOCKER" };
}

t.test("every rule judges every pair of operands alike", async (t) => {
  const two = [
    "less",
    "lessOrEqual",
    "equal",
    "notEqual",
    "atLeastOneOf",
    "exactlyOneOf",
    "atMostOneOf",
    "requires",
  ] as const;
  for (const name of two) judgeAll(t, schemaOf({ x: ANY, y: ANY }), PAIRS, [rule(name, ["x", "y"])]);
  for (const name of ["minimum", "maximum"] as const) {
    for (const limit of [2, "ab", "", true, null]) {
      judgeAll(t, schemaOf({ x: ANY, y: ANY }), PAIRS, [rule(name, ["x"], limit)]);
    }
  }
});

t.test("texts beyond ASCII are ordered alike or left to the authority", async (t) => {
  const texts = ["a", "é", "\ufb33", "\u{1f602}", "\n", '"', "\\", "aé", "a\u{1f602}", "a\ufb33"];
  const entities = texts.flatMap((x) => texts.map((y) => ({ ...HEAD, x, y })));
  for (const name of ["equal", "notEqual"] as const)
    judgeAll(t, schemaOf({ x: ANY, y: ANY }), entities, [rule(name, ["x", "y"])]);
  for (const name of ["less", "lessOrEqual"] as const) {
    judgeAll(t, schemaOf({ x: ANY, y: ANY }), entities, [rule(name, ["x", "y"])], () => true);
  }
});
