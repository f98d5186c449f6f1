import { existsSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { candidateNames, candor, findingsOf, readJson, treeOf, writeProjectFile } from "../helpers/cli-project.ts";
import { type SmallProject, SOURCE, smallProject, sourceText, writeSmallProject } from "../helpers/small-project.ts";

const FIRST = "00000000-0000-8000-8000-000000000001";

/** A personal value that no output may hold. */
const SECRET = "geheim@example.com";

interface BadData {
  readonly name: string;
  readonly parts: SmallProject;
  /** The findings that both commands report, in order; each is matched. */
  readonly findings: readonly object[];
  /** What the person reads on stdout. */
  readonly says: RegExp;
}

const person = (rest: string): string => `[{ id: "P-1", code: "ONE", ${rest} }, { id: "P-2", code: "TWO" }]`;
const place = { module: "people", record: 1, legacyId: "P-1", id: FIRST };
const CASES: readonly BadData[] = [
  {
    name: "nesting of 200",
    parts: { people: person(`data: JSON.parse("[".repeat(200) + "]".repeat(200))`) },
    findings: [{ code: "SOURCE_VALUE_INVALID", ...place, rule: "NESTING", got: "nesting deeper than 128" }],
    says: /field data(\/0)+: .* got nesting deeper than 128$/m,
  },
  {
    name: "a line over 16 MiB",
    parts: { people: person(`data: "x".repeat(16 * 1024 * 1024)`) },
    findings: [{ code: "SOURCE_VALUE_INVALID", ...place, rule: "LINE_TOO_LONG", expected: "at most 16777216 bytes" }],
    says: /BLOCKER SOURCE_VALUE_INVALID people "P-1" \S+ record 1: .*expected at most 16777216 bytes/,
  },
  {
    name: "a key named __proto__ in a record",
    parts: {
      people: `[JSON.parse('{"id":"P-1","code":"ONE","__proto__":{"name":"${SECRET}"}}'), { id: "P-2", code: "TWO" }]`,
    },
    findings: [{ code: "SOURCE_FIELD_UNKNOWN", ...place, field: "__proto__" }],
    says: /^BLOCKER SOURCE_FIELD_UNKNOWN people "P-1" \S+ record 1 field __proto__: /m,
  },
  {
    name: "a record without a registry entry",
    parts: {
      people: `[{ id: "P-1", code: "ONE" }, { id: "P-2", code: "TWO" }, { id: "P-3", code: "NEW", name: "${SECRET}" }]`,
    },
    findings: [{ code: "REGISTRY_ENTRY_MISSING", module: "people", record: 3, legacyId: "P-3", field: "id" }],
    says: /^BLOCKER REGISTRY_ENTRY_MISSING people "P-3" record 3 field id: [\s\S]*^next: `.* registry propose`/m,
  },
  {
    name: "a reference to a legacy id that no registry holds",
    parts: { dogs: `[{ id: "D-1", code: "REX", ownerId: "P-9" }]` },
    findings: [
      {
        code: "REFERENCE_UNMAPPED",
        module: "dogs",
        record: 1,
        legacyId: "D-1",
        field: "ownerId",
        expected: "an entry in the registry of people",
      },
    ],
    says: /^BLOCKER REFERENCE_UNMAPPED dogs "D-1" \S+ record 1 field ownerId: /m,
  },
  {
    name: "a reference to an entity that is not there",
    parts: { people: `[{ id: "P-2", code: "TWO" }]` },
    findings: [
      { code: "REGISTRY_ENTRY_UNUSED", severity: "WARNING", module: "people", id: FIRST },
      { code: "REFERENCE_MISSING", module: "dogs", legacyId: "D-1", field: "ownerId" },
    ],
    says: /^BLOCKER REFERENCE_MISSING dogs "D-1" \S+ field ownerId/m,
  },
  {
    name: "two records with one id",
    parts: { people: `[{ id: "P-1", code: "ONE" }, { id: "P-2", code: "TWO" }, { id: "P-1", code: "TRE" }]` },
    findings: [{ code: "LEGACY_ID_DUPLICATE", module: "people", record: 3, legacyId: "P-1", id: FIRST, field: "id" }],
    says: /^BLOCKER LEGACY_ID_DUPLICATE people "P-1" \S+ record 3 field id: /m,
  },
  {
    name: "records that are none, and ids that are none",
    parts: {
      people: `[null, "${SECRET}", { code: "ONE" }, { id: { a: 1 }, code: "X" }, { id: "\\ud800", code: "X" }, { id: "P-1", code: "ONE" }, { id: "P-2", code: "TWO" }]`,
    },
    findings: [
      { code: "SOURCE_RECORD_TYPE", module: "people", record: 1, expected: "an object", got: "null" },
      { code: "SOURCE_RECORD_TYPE", record: 2, got: "string" },
      { code: "LEGACY_ID_MISSING", record: 3, field: "id", got: "nothing" },
      { code: "LEGACY_ID_TYPE", record: 4, field: "id", got: "object" },
      { code: "LEGACY_ID_TYPE", record: 5, field: "id", got: "string" },
    ],
    says: /^BLOCKER LEGACY_ID_MISSING people record 3 field id: /m,
  },
  {
    name: "an unknown field whose name is a lone surrogate",
    parts: { people: person(`"\\ud800": 1`) },
    findings: [{ code: "SOURCE_FIELD_UNKNOWN", ...place }],
    says: /^BLOCKER SOURCE_FIELD_UNKNOWN people "P-1"/m,
  },
  {
    name: "a wrong type against the schema",
    parts: { people: person(`name: 7, age: "${SECRET}"`) },
    findings: [
      { code: "SCHEMA_VIOLATION", ...place, field: "name", rule: "type", expected: "string", got: "number" },
      { code: "SCHEMA_VIOLATION", ...place, field: "age", rule: "type", expected: "number", got: "string" },
    ],
    says: /^BLOCKER SCHEMA_VIOLATION people "P-1" \S+ record 1 field age: .*\[type\] expected number, got string$/m,
  },
  {
    name: "a personal value in a field of class 0",
    parts: { people: `[{ id: "P-1", code: "mail ${SECRET}" }, { id: "P-2", code: "TWO" }]` },
    findings: [{ code: "PII_EMAIL", ...place, field: "code", rule: "mail" }],
    says: /^BLOCKER PII_EMAIL people "P-1" \S+ record 1 field code: /m,
  },
  {
    name: "an empty module that may not be empty",
    parts: { dogs: "[]" },
    findings: [
      { code: "SOURCE_MODULE_EMPTY", module: "dogs", expected: "at least one record", got: "none" },
      { code: "REGISTRY_ENTRY_UNUSED", severity: "WARNING" },
    ],
    says: /^BLOCKER SOURCE_MODULE_EMPTY dogs: /m,
  },
];

/** Source values that JSON cannot carry: as JavaScript, then the field, rule and kind that the finding names. */
const UNFIT: readonly (readonly [string, string, string, string])[] = [
  ["9007199254740993", "data", "NUMBER_RANGE", "an integer beyond 2^53 - 1"],
  ["NaN", "data", "NOT_FINITE", "NaN"],
  ["{ deep: [1, -Infinity] }", "data/deep/1", "NOT_FINITE", "an infinity"],
  ['"\\ud800"', "data", "LONE_SURROGATE", "a string with a lone surrogate"],
  ["new Date(0)", "data", "NOT_JSON", "an object of class Date"],
  ["{ a: undefined }", "data/a", "UNDEFINED", "undefined"],
  ["() => 1", "data", "NOT_JSON", "a function"],
  ["1n", "data", "NOT_JSON", "a bigint"],
  ["new Map()", "data", "NOT_JSON", "an object of class Map"],
  ["[1, , 2]", "data/1", "HOLE", "a hole in an array"],
  ["{ toJSON: () => 1 }", "data", "NOT_JSON", "an object with toJSON"],
];

t.test("a source value that JSON cannot carry is named by record, field and kind", async (t) => {
  const ids = UNFIT.map((_, index) => `P-${index + 11}`);
  const rows = UNFIT.map(([value], index) => `{ id: "${ids[index]}", code: "X", name: "${SECRET}", data: ${value} }`);
  const root = smallProject(t, { peopleIds: ids, people: `[${rows.join(", ")}]` });
  t.equal(candor(root, ["registry", "freeze"]).code, 0);
  const run = candor(root, ["dry-run"]);
  t.equal(run.code, 16, run.stderr);
  const expected = UNFIT.map(([, field, rule, got], index) => ({
    code: "SOURCE_VALUE_INVALID",
    module: "people",
    record: index + 1,
    legacyId: ids[index],
    field,
    rule,
    got,
  }));
  const found = findingsOf(root, "dry-run").filter(({ code }) => code !== "REFERENCE_UNMAPPED");
  t.equal(found.length, UNFIT.length);
  t.match(found, expected);
  t.match(
    run.stdout,
    /^BLOCKER SOURCE_VALUE_INVALID people "P-13" \S+ record 3 field data\/deep\/1: .* got an infinity$/m,
  );
  t.notMatch(run.stdout + JSON.stringify(found), SECRET);
});

t.test("bad data is told by module, record and field, and nothing of it is published", async (t) => {
  const root = smallProject(t);
  t.equal(candor(root, ["registry", "freeze"]).code, 0);
  t.equal(candor(root, ["migrate"]).code, 0);
  const good = treeOf(join(root, "storage_candidate/v1"));
  for (const { name, parts, findings, says } of CASES) {
    writeProjectFile(root, SOURCE, sourceText(parts));
    const dry = candor(root, ["dry-run"]);
    t.equal(dry.code, 16, `${name}: ${dry.code === 16 ? "16" : dry.stderr}`);
    t.match(dry.stdout, says, name);
    t.notMatch(dry.stdout + dry.stderr, SECRET);
    t.match(dry.stdout, /^next: /m);
    const found = findingsOf(root, "dry-run");
    t.equal(found.length, findings.length, `${name}: ${JSON.stringify(found)}`);
    t.match(found, findings, name);
    t.notMatch(JSON.stringify(found), SECRET);
  }
  t.strictSame(treeOf(join(root, "storage_candidate/v1")), good, "dry-run leaves the candidate alone");
});

t.test("migrate publishes nothing over bad data and keeps the last candidate", async (t) => {
  for (const name of [
    "a wrong type against the schema",
    "two records with one id",
    "a reference to an entity that is not there",
  ]) {
    await t.test(name, async (t) =>
      blocked(
        t,
        CASES.find((one) => one.name === name),
      ),
    );
  }
});

function blocked(t: Test, bad: BadData | undefined): void {
  const root = smallProject(t);
  t.equal(candor(root, ["registry", "freeze"]).code, 0);
  t.equal(candor(root, ["migrate"]).code, 0);
  const good = treeOf(join(root, "storage_candidate/v1"));
  writeProjectFile(root, SOURCE, sourceText(bad?.parts ?? {}));
  const run = candor(root, ["migrate"]);
  t.equal(run.code, 16, run.stderr);
  t.match(findingsOf(root, "migrate"), bad?.findings ?? []);
  t.strictSame(candidateNames(root), [".previous"]);
  t.strictSame(treeOf(join(root, "storage_candidate/.previous")), good);
  t.notOk("root" in readJson(root, "storage_reports/latest-migrate/summary.json"), "no root without a candidate");
}

t.test("values at the edge of what can be carried pass", async (t) => {
  // The longest line: 16 MiB with everything around the text.
  const around = Buffer.byteLength(`{"code":"ONE","data":"","id":"${FIRST}","name":"Ada","schemaVersion":1}`);
  const data = `"x".repeat(16 * 1024 * 1024 - ${around})`;
  const own = `JSON.parse('{"__proto__":{"a":1},"toJSON":"text","10":1,"9":2}')`;
  const root = smallProject(t, {
    people: `[{ id: "P-1", code: "ONE", name: "Ada", data: ${data} }, { id: "P-2", code: "TWO", age: 9007199254740991, data: ${own} }]`,
  });
  const run = candor(root, ["migrate"]);
  t.equal(run.code, 0, run.stderr);
  const scan = candor(root, ["scan-all"]);
  t.equal(scan.code, 0, scan.stdout);
  const second = "00000000-0000-8000-8000-000000000002";
  const line = `{"age":9007199254740991,"code":"TWO","data":{"10":1,"9":2,"__proto__":{"a":1},"toJSON":"text"},"id":"${second}","schemaVersion":1}`;
  t.equal(candor(root, ["verify-checksums"]).code, 0);
  const summary = readJson(root, "storage_candidate/v1/people/checksums/merkle.json");
  t.equal(summary.data.bytes, 16 * 1024 * 1024 + 1 + line.length + 1);
});

t.test("warnings fail a run only where that is asked for", async (t) => {
  const root = smallProject(t);
  t.equal(candor(root, ["dry-run"]).code, 0);
  t.match(findingsOf(root, "dry-run"), [{ code: "REGISTRY_NOT_FROZEN" }, { code: "REGISTRY_NOT_FROZEN" }]);
  t.equal(candor(root, ["dry-run", "--fail-on", "warning"]).code, 16);
  t.equal(candor(root, ["dry-run", "--fail-on", "nothing"]).code, 2);
  t.notOk(existsSync(join(root, "storage_candidate")));
  writeSmallProject(root);
});
