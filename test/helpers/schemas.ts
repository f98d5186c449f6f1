import * as fc from "fast-check";
import { walkSchema } from "../../tools/migration/config/schema-walk.ts";
import type { JsonObject, JsonValue } from "../../tools/migration/model/json.ts";
import type { InvariantDefinition, ModuleDefinition } from "../../tools/migration/model/module.ts";
import { anyJson, anyJsonObject, anyUuid } from "./arbitraries.ts";
import { anyDate, anyTime, PATTERNS } from "./texts.ts";

/** A schema and values that satisfy it. */
export interface Spec {
  readonly schema: JsonObject;
  readonly value: fc.Arbitrary<JsonValue>;
}

/** A module definition out of a schema; what a matcher does not look at is left empty. */
export function moduleOf(schema: JsonObject, invariants: readonly InvariantDefinition[] = []): ModuleDefinition {
  return {
    name: "things",
    collection: "things",
    query: undefined,
    form: "json",
    legacyKey: ["id"],
    schemaVersion: 1,
    allowEmpty: false,
    fields: [],
    drop: new Set(),
    mapper: undefined,
    invariants,
    schema,
    ...walkSchema(schema),
    digests: { definition: "", schema: "" },
  };
}

const word = fc.constantFrom(
  "",
  "a",
  "Straße",
  "Zürich",
  "two words",
  "\u{1f602}",
  'with "quotes"',
  "back\\slash",
  "\u2028",
);
const control = fc.constantFrom(
  "\0",
  "\b",
  "\t",
  "\n",
  "\v",
  "\f",
  "\r",
  "\x1f",
  "\x7f",
  '"',
  "\\",
  "/",
  "a",
  "é",
  "u",
);
const text = fc.oneof(
  { weight: 6, arbitrary: fc.string({ maxLength: 12 }) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 8 }) },
  { weight: 1, arbitrary: fc.string({ unit: control, maxLength: 8 }) },
  { weight: 1, arbitrary: word },
);
const codePoints = (value: JsonValue): number => (typeof value === "string" ? Array.from(value).length : 0);
const plainString: fc.Arbitrary<Spec> = fc
  .tuple(fc.nat(3), fc.constantFrom(undefined, 3, 8, 40))
  .map(([least, most]) => ({
    schema: { type: "string", minLength: least, ...(most === undefined ? {} : { maxLength: most }) },
    value: text.filter((value) => codePoints(value) >= least && codePoints(value) <= (most ?? 99)),
  }));

const patterned: fc.Arbitrary<Spec> = fc.constantFrom(...PATTERNS).map((pattern) => ({
  schema: { type: "string", pattern },
  value: fc.stringMatching(new RegExp(pattern, "u")),
}));

const formatted: fc.Arbitrary<Spec> = fc.constantFrom<Spec>(
  { schema: { type: "string", format: "uuid" }, value: anyUuid },
  { schema: { type: "string", format: "uuid", ref: "others" }, value: anyUuid },
  { schema: { type: "string", ref: "others" }, value: anyUuid },
  { schema: { type: "string", format: "date" }, value: anyDate },
  { schema: { type: "string", format: "time" }, value: anyTime },
  {
    schema: { type: "string", format: "date-time" },
    value: fc.tuple(anyDate, anyTime).map((parts) => parts.join("T")),
  },
  { schema: { type: "string", format: "ipv4" }, value: fc.ipV4() },
  { schema: { type: "string", format: "email" }, value: fc.constantFrom("a@b.de", "first.last@example.org") },
);

const numeric: fc.Arbitrary<Spec> = fc.constantFrom<Spec>(
  { schema: { type: "integer" }, value: fc.maxSafeInteger() },
  { schema: { type: "integer", minimum: -3, maximum: 12 }, value: fc.integer({ min: -3, max: 12 }) },
  { schema: { type: "integer", multipleOf: 5 }, value: fc.integer({ min: -99, max: 99 }).map((value) => value * 5) },
  {
    schema: { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1e6 },
    value: fc.integer({ min: 1, max: 99_999_999 }).map((cents) => cents / 100),
  },
  {
    schema: { type: "number" },
    value: fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .filter((value) => (Math.abs(value) < 2 ** 53 || Math.abs(value) >= 1e21) && !Object.is(value, -0)),
  },
);

const choice: fc.Arbitrary<Spec> = fc
  .constantFrom<readonly JsonValue[]>(["a", "ab", "überweisung", 'q"'], [1, 12, 1.5, -1], [true, null, "true"], ["x"])
  .map((values) => ({
    schema: values.length === 1 && values[0] !== undefined ? { const: values[0] } : { enum: values },
    value: fc.constantFrom(...values),
  }));

const scalar: fc.Arbitrary<Spec> = fc.oneof(
  plainString,
  patterned,
  formatted,
  numeric,
  choice,
  fc.constant<Spec>({ schema: { type: "boolean" }, value: fc.boolean() }),
);

const nullable: fc.Arbitrary<Spec> = fc.oneof(plainString, patterned, formatted, numeric).map((spec) => ({
  schema: { ...spec.schema, type: [String(spec.schema["type"]), "null"] },
  value: fc.option(spec.value, { nil: null }),
}));

const union: fc.Arbitrary<Spec> = fc.constant<Spec>({
  schema: { type: ["string", "integer", "boolean"], minLength: 1, minimum: 0 },
  value: fc.oneof(fc.constantFrom("1", "true", "é"), fc.nat(), fc.boolean()),
});

const list: fc.Arbitrary<Spec> = fc
  .tuple(fc.oneof(scalar, nullable), fc.boolean(), fc.nat(2))
  .map(([item, unique, least]) => {
    const limits = unique ? { uniqueItems: true } : { minItems: least, maxItems: 6 };
    const value = fc.array(item.value, { minLength: unique ? 0 : least, maxLength: 5 });
    return { schema: { type: "array", items: item.schema, ...limits }, value: unique ? value.map(different) : value };
  });

function different(values: readonly JsonValue[]): JsonValue {
  return [...new Set(values)];
}

// What is not compiled, but asked of the authority by itself.
const delegated: fc.Arbitrary<Spec> = fc.constantFrom<Spec>(
  { schema: {}, value: anyJson },
  { schema: { type: "object" }, value: anyJsonObject },
  {
    schema: { anyOf: [{ type: "string", maxLength: 3 }, { type: "integer", minimum: 5 }, { $ref: "#/$defs/shared" }] },
    value: fc.oneof(fc.constantFrom("a", "éé"), fc.integer({ min: 5, max: 9 }), fc.constant([])),
  },
  {
    schema: { type: "array", prefixItems: [{ type: "integer" }], items: false, minItems: 1 },
    value: fc.constantFrom([1], [2]),
  },
);

const NAMES = ["10", "9", "a", "b", "ab", "name", "größe", 'q"', "back\\slash", "toString", "\u{1f602}", "", "z z"];

const objectOf = (part: fc.Arbitrary<Spec>): fc.Arbitrary<Spec> =>
  fc
    .uniqueArray(fc.tuple(fc.constantFrom(...NAMES), part, fc.boolean()), {
      selector: ([name]) => name,
      maxLength: 6,
    })
    .map((fields) => objectSpec(fields));

function objectSpec(fields: readonly (readonly [string, Spec, boolean])[]): Spec {
  const required = fields.filter(([, , needed]) => needed).map(([name]) => name);
  return {
    schema: {
      type: "object",
      additionalProperties: false,
      required,
      properties: Object.fromEntries(fields.map(([name, spec]) => [name, spec.schema])),
    },
    value: fc.record(Object.fromEntries(fields.map(([name, spec]) => [name, spec.value])), { requiredKeys: required }),
  };
}

const nested = objectOf(fc.oneof(scalar, nullable));
const part: fc.Arbitrary<Spec> = fc.oneof(
  { weight: 8, arbitrary: scalar },
  { weight: 2, arbitrary: nullable },
  { weight: 1, arbitrary: union },
  { weight: 2, arbitrary: list },
  { weight: 1, arbitrary: nested },
  { weight: 1, arbitrary: delegated },
);

const classed: fc.Arbitrary<Spec> = fc
  .tuple(part, fc.constantFrom(0, 1, 2))
  .map(([spec, pii]) => ({ ...spec, schema: { ...spec.schema, pii } }));

const RULES = [
  "less",
  "lessOrEqual",
  "equal",
  "notEqual",
  "atLeastOneOf",
  "exactlyOneOf",
  "atMostOneOf",
  "requires",
] as const;

const invariant = fc
  .tuple(fc.constantFrom(...RULES), fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 2, maxLength: 2 }))
  .map(([rule, fields]) => ({
    name: rule,
    rule,
    fields,
    value: undefined,
    message: rule,
    severity: "BLOCKER" as const,
  }));

const limit = fc
  .tuple(
    fc.constantFrom("minimum" as const, "maximum" as const),
    fc.constantFrom(...NAMES),
    fc.constantFrom<JsonValue>(0, 10, "b", "2010-01-01", "ü", true),
  )
  .map(([rule, name, value]) => ({
    name: rule,
    rule,
    fields: [name],
    value,
    message: rule,
    severity: "BLOCKER" as const,
  }));

/** A module with a schema of the compiled subset, and entities that mostly satisfy all of it but the invariants. */
export interface GeneratedModule {
  readonly module: ModuleDefinition;
  readonly entity: fc.Arbitrary<JsonObject>;
}

const ID: Spec = { schema: { type: "string", format: "uuid", pii: 0 }, value: anyUuid };
const VERSION: Spec = { schema: { type: "integer", minimum: 1, pii: 0 }, value: fc.constant(1) };

/** Any module of the compiled subset; `share` of them have invariants. */
export const anyModule: fc.Arbitrary<GeneratedModule> = fc
  .tuple(
    fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), classed, fc.boolean(), fc.boolean()), {
      selector: ([name]) => name,
      minLength: 1,
      maxLength: 9,
    }),
    fc.array(fc.oneof(invariant, limit), { maxLength: 2 }),
  )
  .map(([fields, rules]) => {
    const own = fields.map(([name, spec, needed]) => [name, spec, needed] as const);
    const { schema, value } = objectSpec([["id", ID, true], ["schemaVersion", VERSION, true], ...own]);
    const known = new Set(own.map(([name]) => name));
    const invariants = rules.filter((rule) => rule.fields.every((name) => known.has(name)));
    const shared = fields.filter(([, , , isShared]) => isShared).map(([name]) => name);
    return { module: moduleOf(withDefinitions(schema, shared), invariants), entity: value as fc.Arbitrary<JsonObject> };
  });

// Puts the schemas of some properties under `$defs` and leaves a `$ref` behind.
function withDefinitions(schema: JsonObject, names: readonly string[]): JsonObject {
  const properties = schema["properties"] as JsonObject;
  const moved = names.map((name, index) => [name, `part${index}`] as const);
  const references = moved.map(([name, key]) => [name, { $ref: `#/$defs/${key}` }]);
  const definitions = moved.map(([name, key]) => [key, properties[name] ?? {}]);
  return {
    ...schema,
    $defs: { shared: { type: "array", maxItems: 0 }, ...Object.fromEntries(definitions) },
    properties: { ...properties, ...Object.fromEntries(references) },
  };
}
