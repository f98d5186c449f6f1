import t from "tap";
import { typeReader } from "../../tools/migration/mapping/canonical-types.ts";
import { compileField } from "../../tools/migration/mapping/field-mapper.ts";
import { RecordSlots } from "../../tools/migration/mapping/record-slots.ts";
import { FAILED, TRANSFORM_FUNCTIONS } from "../../tools/migration/mapping/transforms.ts";
import type { TransformName } from "../../tools/migration/model/field-words.ts";
import { type Finding, finding } from "../../tools/migration/model/finding.ts";
import type { JsonValue } from "../../tools/migration/model/json.ts";
import type { FieldDefinition } from "../../tools/migration/model/module.ts";

type Row = readonly [TransformName, JsonValue, JsonValue | typeof FAILED];

const TABLE: readonly Row[] = [
  ["trim", " a b\t\n", "a b"],
  ["trim", "\u00a0x\ufeff", "x"],
  ["trim", 7, FAILED],
  ["trim", true, FAILED],
  ["lower", "ÄÖÜ İI", "äöü i̇i"],
  ["lower", 1, FAILED],
  ["upper", "straße ı", "STRASSE I"],
  ["upper", ["a"], FAILED],
  ["collapse-spaces", "  a \n\t b\u00a0c ", "a b c"],
  ["collapse-spaces", {}, FAILED],
  ["empty-to-null", "", null],
  ["empty-to-null", " ", " "],
  ["empty-to-null", 0, 0],
  ["empty-to-null", false, false],
  ["date", "2024-02-29", "2024-02-29"],
  ["date", "29.2.2024", "2024-02-29"],
  ["date", "01.12.1999", "1999-12-01"],
  ["date", "2023-02-29", FAILED],
  ["date", "1900-02-29", FAILED],
  ["date", "2000-02-29", "2000-02-29"],
  ["date", "31.04.2024", FAILED],
  ["date", "2024-13-01", FAILED],
  ["date", "2024-00-10", FAILED],
  ["date", "2024-01-00", FAILED],
  ["date", "24-01-01", FAILED],
  ["date", "2024/01/01", FAILED],
  ["date", "2024-1-1", FAILED],
  ["date", "2024-01-01T00:00:00Z", FAILED],
  ["date", "1.1.24", FAILED],
  ["date", "", FAILED],
  ["date", 20240101, FAILED],
  ["date", "٢٠٢٤-٠١-٠١", FAILED],
  ["time", "9:05", "09:05"],
  ["time", "23:59", "23:59"],
  ["time", "00:00:00", "00:00"],
  ["time", "24:00", FAILED],
  ["time", "12:60", FAILED],
  ["time", "9", FAILED],
  ["time", "9 Uhr", FAILED],
  ["time", "09:30:15", FAILED],
  ["timestamp", "2025-06-10T16:53:00+02:00", "2025-06-10T14:53:00Z"],
  ["timestamp", "2025-06-10 16:53:00z", "2025-06-10T16:53:00Z"],
  ["timestamp", "2024-12-31T23:30:00-01:00", "2025-01-01T00:30:00Z"],
  ["timestamp", "2025-01-01T00:00:00.5Z", "2025-01-01T00:00:00.500Z"],
  ["timestamp", "2025-01-01T00:00:00.000Z", "2025-01-01T00:00:00.000Z"],
  ["timestamp", "2025-01-01T00:00:00", FAILED],
  ["timestamp", "2025-02-30T00:00:00Z", FAILED],
  ["timestamp", "2025-01-01T25:00:00Z", FAILED],
  ["timestamp", "2025-01-01T00:61:00Z", FAILED],
  ["timestamp", "2025-01-01", FAILED],
  ["timestamp", "2025-01-01T00:00:00.1234567Z", FAILED],
  ["timestamp", 1735689600, FAILED],
  ["timestamp", "2025-01-01T00:00:00+25:00", FAILED],
  ["integer", 7, 7],
  ["integer", "-7", -7],
  ["integer", "0", 0],
  ["integer", 7.5, FAILED],
  ["integer", "7.0", FAILED],
  ["integer", "007", FAILED],
  ["integer", "+7", FAILED],
  ["integer", "1e3", FAILED],
  ["integer", "0x10", FAILED],
  ["integer", " 7", FAILED],
  ["integer", "9007199254740991", 9007199254740991],
  ["integer", "9007199254740992", FAILED],
  ["integer", true, FAILED],
  ["integer", "", FAILED],
  ["number", 1.5, 1.5],
  ["number", "1,5", 1.5],
  ["number", "1.5", 1.5],
  ["number", "-0.25", -0.25],
  ["number", "1.234,5", FAILED],
  ["number", "1 000", FAILED],
  ["number", "NaN", FAILED],
  ["number", "Infinity", FAILED],
  ["number", "9007199254740993", FAILED],
  ["number", "", FAILED],
  ["decimal", "12,50", "12.50"],
  ["decimal", "12.50", "12.50"],
  ["decimal", 0.1, "0.1"],
  ["decimal", "-3", "-3"],
  ["decimal", 1e21, FAILED],
  ["decimal", 1e-7, FAILED],
  ["decimal", "1.", FAILED],
  ["decimal", ".5", FAILED],
  ["decimal", "01.5", FAILED],
  ["decimal", false, FAILED],
  ["boolean", true, true],
  ["boolean", "Ja", true],
  ["boolean", "NEIN", false],
  ["boolean", 1, true],
  ["boolean", 0, false],
  ["boolean", "1", true],
  ["boolean", 2, FAILED],
  ["boolean", "", FAILED],
  ["boolean", "maybe", FAILED],
  ["boolean", [], FAILED],
  ["string", "x", "x"],
  ["string", 4000, "4000"],
  ["string", 1.5, "1.5"],
  ["string", false, "false"],
  ["string", [], FAILED],
  ["string", {}, FAILED],
];

t.test("a transformation reads what it should and refuses the rest", async (t) => {
  for (const [name, value, expected] of TABLE) {
    t.strictSame(TRANSFORM_FUNCTIONS[name](value), expected, `${name} of ${JSON.stringify(value)}`);
  }
  t.strictSame([...new Set(TABLE.map(([name]) => name))].sort(), Object.keys(TRANSFORM_FUNCTIONS).sort());
});

/** Per canonical type: values that have its form, and values that have not. */
const TYPES: readonly (readonly [string, readonly JsonValue[], readonly JsonValue[]])[] = [
  ["string", ["", "x"], [1, true, [], {}]],
  ["string(3)", ["", "abc", "🐾🐾🐾"], ["abcd", "🐾🐾🐾🐾", 1]],
  ["integer", [0, -5, 9007199254740991], [1.5, "1", 9007199254740992]],
  ["number", [1.5, 0], ["1", true]],
  ["decimal", ["0", "-1.50", "123456789012345678901234567890.1"], [1.5, "1,5", "01", "+1", ".5", "1.", "1e3", ""]],
  ["decimal(5,2)", ["123.45", "0.05", "-999.99", "7"], ["1234.5", "1.234", "12.345"]],
  ["decimal(5)", ["12345"], ["123456", "1.5"]],
  ["decimal(2,2)", ["0.12"], ["1.12"]],
  ["boolean", [true, false], [0, "true"]],
  ["date", ["2024-02-29"], ["29.02.2024", "2023-02-29", "2024-2-9", 20240229]],
  ["time", ["00:00", "23:59:59", "12:00:00.123456"], ["24:00", "9:00", "12:60", "12:00:00.1234567"]],
  [
    "timestamp",
    ["2024-02-29T12:00:00Z", "2024-02-29T12:00:00.123456+02:00", "2024-02-29T12:00:00"],
    ["2024-02-29", "2023-02-29T12:00:00Z", "2024-02-29 12:00:00", "2024-02-29T24:00:00Z", 0],
  ],
  [
    "uuid",
    ["00000000-0000-8000-8000-000000000001"],
    ["00000000-0000-8000-8000-00000000000G", "ABCDEF00-0000-8000-8000-000000000001", ""],
  ],
  ["bytes", ["", "YQ==", "YWI=", "YWJj"], ["YQ", "YQ=", "Y===", "a-b_", 1]],
  ["json", ["x", 1, [], {}, true], []],
];

t.test("a canonical type takes its own form alone", async (t) => {
  for (const [type, good, bad] of TYPES) {
    const read = typeReader(type, "json");
    for (const value of good) t.not(read(value), FAILED, `${type} takes ${JSON.stringify(value)}`);
    for (const value of bad) t.equal(read(value), FAILED, `${type} refuses ${JSON.stringify(value)}`);
  }
});

const PLACE = { module: "m", record: 1 };

function mapField(rule: Partial<FieldDefinition>, record: object): { result: unknown; found: readonly Finding[] } {
  const field: FieldDefinition = {
    name: "f",
    from: ["f"],
    default: undefined,
    value: undefined,
    type: undefined,
    transform: [],
    ref: undefined,
    nulls: "omit",
    ...rule,
  };
  const found: Finding[] = [];
  const slots = new RecordSlots(field.from, new Set());
  slots.takeObject(record);
  const positions = field.from.map((_, at) => at);
  const mapped = compileField(
    field,
    positions,
    undefined,
  )(slots.values, (code, details) => {
    found.push(finding(code, { ...PLACE, ...details }));
  });
  return { result: mapped === FAILED ? { fault: true } : { value: mapped }, found };
}

t.test("the first present spelling counts, and two that differ are a fault", async (t) => {
  const from = ["new", "old"];
  t.strictSame(mapField({ from }, { old: 1 }).result, { value: 1 });
  t.strictSame(mapField({ from }, { new: 2 }).result, { value: 2 });
  t.strictSame(mapField({ from }, { new: 3, old: 3 }), { result: { value: 3 }, found: [] });
  t.strictSame(
    mapField({ from }, { new: null, old: 4 }).result,
    { value: 4 },
    "null is not a spelling that is present",
  );
  t.strictSame(mapField({ from }, { new: undefined, old: 5 }).result, { value: 5 });
  const { result, found } = mapField({ from }, { new: "geheim", old: "anders" });
  t.strictSame(result, { fault: true });
  t.match(found, [
    {
      code: "MAPPING_AMBIGUOUS",
      module: "m",
      record: 1,
      field: "old",
      expected: "the same value as in new",
      got: "another value",
    },
  ]);
  t.notMatch(JSON.stringify(found), /geheim|anders/);
  t.match(
    mapField({ from }, { new: 1, old: NaN }).found,
    [{ code: "SOURCE_VALUE_INVALID", field: "old" }],
    "a bad second spelling is seen",
  );
});

t.test("nulls are left out or kept, and defaults stand in for what is absent", async (t) => {
  const absent = { value: undefined };
  t.strictSame(mapField({}, {}).result, absent);
  t.strictSame(mapField({}, { f: null }).result, absent);
  t.match(mapField({ nulls: "keep" }, { f: null }).result, { value: null });
  t.strictSame(mapField({ nulls: "keep" }, {}).result, absent);
  t.strictSame(mapField({ default: 0 }, { f: null }).result, { value: 0 });
  t.match(mapField({ default: 0, nulls: "keep" }, { f: null }).result, { value: null });
  t.strictSame(mapField({ default: 1 }, { f: 0 }).result, { value: 0 }, "0 is a value");
  t.strictSame(mapField({ default: "x", transform: ["trim", "empty-to-null"] }, { f: " " }).result, { value: "x" });
  t.match(mapField({ nulls: "keep", transform: ["empty-to-null", "trim"] }, { f: "" }).result, { value: null });
  t.strictSame(mapField({ value: 7, from: [] }, { f: 1 }).result, { value: 7 });
  t.strictSame(mapField({}, Object.create({ f: 1 })).result, absent, "an inherited property is no field");
});

t.test("elements of an array are transformed one by one and named by their index", async (t) => {
  t.strictSame(mapField({ transform: ["trim"] }, { f: [" a", "b "] }).result, { value: ["a", "b"] });
  const { result, found } = mapField({ transform: ["date"] }, { f: ["2024-01-01", "x", "y"] });
  t.strictSame(result, { fault: true });
  t.match(found, [{ code: "MAPPING_TRANSFORM", field: "f/1", rule: "date", got: "string" }, { field: "f/2" }]);
  t.match(mapField({ type: "integer" }, { f: "1" }).found, [
    { code: "MAPPING_TYPE", field: "f", expected: "integer", got: "string" },
  ]);
  t.match(mapField({ ref: "people" }, { f: { id: 1 } }).found, [
    { code: "MAPPING_TYPE", expected: "a legacy id of people", got: "object" },
  ]);
  t.match(mapField({ ref: "people" }, { f: "P-1" }).found, [{ code: "REFERENCE_UNMAPPED" }]);
});
