import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import t from "tap";
import { candor, findingsOf, readJson, writeProjectFile } from "../helpers/cli-project.ts";
import { peopleModule, smallProject, writeSmallProject } from "../helpers/small-project.ts";

const text = { type: "string", minLength: 1 };
const count = { type: "integer", minimum: 0 };
const hash = { type: "string", pattern: "^[0-9a-f]{64}$" };
const counts = { type: "object", required: ["blockers", "warnings", "infos", "waived"], additionalProperties: count };
const object = (properties: object, optional: readonly string[] = []): object => ({
  type: "object",
  additionalProperties: false,
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});

const SUMMARY = object(
  {
    format: { const: "candor-summary/1" },
    command: text,
    runId: text,
    level: text,
    root: hash,
    report: { type: "string", pattern: "^storage_reports/latest-[a-z-]+$" },
    modules: {
      type: "object",
      additionalProperties: object({ read: count, written: count, rejected: count, size: count, root: hash }, [
        "read",
        "written",
        "rejected",
        "size",
        "root",
      ]),
    },
    unverified: { type: "array", items: text },
    totalBlockers: count,
    totalWarnings: count,
    totalInfos: count,
    totalWaived: count,
    byCheck: { type: "object", additionalProperties: counts },
    byModule: { type: "object", additionalProperties: { type: "object", additionalProperties: counts } },
    byCode: { type: "object", propertyNames: { pattern: "^[A-Z_]+$" }, additionalProperties: count },
  },
  ["root"],
);
const CHANGES = object({
  changes: { type: "array", items: object({ module: text, file: text, entries: count, added: { type: "integer" } }) },
});
const REPORTS = object({
  reports: {
    type: "array",
    minItems: 5,
    items: object(
      {
        command: text,
        runId: text,
        totalBlockers: count,
        totalWarnings: count,
        totalWaived: count,
        root: hash,
        folder: text,
      },
      ["root"],
    ),
  },
});
const ERROR = object({
  error: object({
    code: { type: "string", pattern: "^[A-Z_]+$" },
    message: text,
    problems: { type: "array", items: text },
    remedy: { type: ["string", "null"] },
  }),
});

const SHAPES: readonly (readonly [readonly string[], object])[] = [
  [["registry", "propose"], CHANGES],
  [["registry", "generate"], CHANGES],
  [["registry", "freeze"], CHANGES],
  [["registry", "check"], SUMMARY],
  [["dry-run"], SUMMARY],
  [["migrate"], SUMMARY],
  [["scan-all"], SUMMARY],
  [["scan-module", "people"], SUMMARY],
  [["scan-pii"], SUMMARY],
  [["scan-drift"], SUMMARY],
  [["verify-checksums"], SUMMARY],
  [["report"], REPORTS],
  [["prune"], object({ removed: { type: "array", items: object({ name: text, bytes: count }) } })],
];

t.test("--json gives one JSON document of a known shape on stdout, and nothing on stderr", async (t) => {
  const root = smallProject(t);
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
  const check = (name: string, shape: object, stdout: string): void => {
    const valid = ajv.compile(shape);
    t.ok(valid(JSON.parse(stdout)), `${name} ${JSON.stringify(valid.errors)}`);
  };
  for (const [args, shape] of SHAPES) {
    const run = candor(root, [...args, "--json"]);
    t.equal(run.code, 0, args.join(" "));
    t.equal(run.stderr, "", args.join(" "));
    check(args.join(" "), shape, run.stdout);
  }
  t.equal(candor(root, ["migrate"], { env: { MIGRATE_FAIL_AFTER_MODULE: "dogs" } }).code, 1);
  const restored = candor(root, ["restore", "--json"]);
  check("restore", object({ root: hash }), restored.stdout);
  const refused = candor(root, ["restore", "--json"]);
  t.equal(refused.code, 2);
  check("an error", ERROR, refused.stdout);
  t.equal(JSON.parse(refused.stdout).error.code, "CANDIDATE_MISSING");
  const report = readJson(root, "storage_reports/latest-dry-run/summary.json");
  check("summary.json", SUMMARY, JSON.stringify({ ...report, report: "storage_reports/latest-dry-run" }));
});

t.test("--quiet keeps the result and leaves the progress out", async (t) => {
  const root = smallProject(t);
  const loud = candor(root, ["dry-run"]);
  const quiet = candor(root, ["dry-run", "--quiet"]);
  t.equal(loud.stderr, "read people: 2\nread dogs: 1\n", "plain lines where there is no terminal");
  t.equal(quiet.stderr, "");
  t.equal(quiet.stdout, loud.stdout);
});

const COMMON = ["--root <dir>", "--json", "--quiet", "-h, --help"];
const VERDICT = [...COMMON, "--fail-on <severity>"];
const SCAN = [...VERDICT, "--input <dir>"];

const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  "dry-run": VERDICT,
  migrate: [...VERDICT, "MIGRATE_RUN_ID", "MIGRATE_FAIL_AFTER_MODULE"],
  "scan-all": [...SCAN, "--max-duration <time>", "--resume"],
  "scan-module": SCAN,
  "scan-pii": SCAN,
  "scan-drift": SCAN,
  "verify-checksums": [...SCAN, "--level <level>", "--max-duration <time>", "--resume"],
  "registry check": VERDICT,
  "registry generate": COMMON,
  "registry propose": COMMON,
  "registry freeze": [...COMMON, "--accept-changed"],
  restore: [...COMMON, "--swap"],
  prune: COMMON,
  report: COMMON,
};

t.test("help names every command, every option and every exit code", async (t) => {
  const root = smallProject(t);
  const main = candor(root, ["--help"]);
  t.equal(main.code, 0);
  t.equal(main.stderr, "");
  for (const code of [0, 1, 2, 16, 17, 30, 130]) t.match(main.stdout, new RegExp(`^ +${code}  \\S`, "m"));
  for (const [command, options] of Object.entries(OPTIONS)) {
    t.match(main.stdout, ` ${command.split(" ")[0]} `, command);
    const help = candor(root, [...command.split(" "), "--help"]);
    t.equal(help.code, 0, command);
    for (const option of options) t.ok(help.stdout.includes(option), `${command} ${option}`);
  }
});

interface Mapper {
  readonly name: string;
  readonly body: string;
  /** What the finding says it got. */
  readonly got: string;
}

const SECRET = "geheim@example.com";

const REFUSED: readonly Mapper[] = [
  { name: "the clock", body: "entity.age = Date.now(); return entity;", got: "the function threw Error" },
  { name: "a date of now", body: "entity.age = new Date().getTime(); return entity;", got: "the function threw Error" },
  { name: "randomness", body: "entity.age = Math.random(); return entity;", got: "the function threw Error" },
  { name: "the locale", body: `entity.age = "a".localeCompare("b"); return entity;`, got: "the function threw Error" },
  {
    name: "Intl",
    body: "entity.name = new Intl.NumberFormat().format(1); return entity;",
    got: "the function threw ReferenceError",
  },
  { name: "files", body: `return require("node:fs");`, got: "the function threw ReferenceError" },
  { name: "the process", body: "return process.env;", got: "the function threw ReferenceError" },
  {
    name: "a thrown record",
    body: "throw new TypeError(JSON.stringify(record));",
    got: "the function threw TypeError",
  },
  { name: "a thrown text", body: `throw record.name;`, got: "the function threw a value" },
  { name: "an endless loop", body: "for (;;) {}", got: "the function threw Error" },
  {
    name: "an endless chain of promises",
    body: "const again = () => Promise.resolve().then(again); again(); return entity;",
    got: "the function threw Error",
  },
  {
    name: "a thrown name",
    body: "const e = new Error(); e.name = record.name; throw e;",
    got: "the function threw a value",
  },
  {
    name: "the time zone",
    body: "entity.age = new Date(2026, 2, 14).getTime(); return entity;",
    got: "the function threw Error",
  },
  {
    name: "a time without zone",
    body: `entity.age = Date.parse("2026-03-14T10:00"); return entity;`,
    got: "the function threw Error",
  },
  {
    name: "the clock by a way round",
    body: "entity.age = new Date(0).constructor.now(); return entity;",
    got: "the function threw Error",
  },
  {
    name: "the host by its function",
    body: `entity.name = ref.constructor("return process.env.HOME")(); return entity;`,
    got: "the function threw EvalError",
  },
  { name: "a set", body: "entity.data = new Set([1]); return entity;", got: "the function threw TypeError" },
  { name: "a date for a text", body: "entity.data = new Date(0); return entity;", got: "the function threw TypeError" },
  { name: "minus zero", body: "entity.age = -0; return entity;", got: "the function threw TypeError" },
  {
    name: "memory",
    body: "globalThis.n = (globalThis.n ?? 0) + 1; entity.age = globalThis.n; return entity;",
    got: "two results for one record: the function remembers something",
  },
  {
    name: "another id",
    body: `return { ...entity, id: "00000000-0000-8000-8000-0000000000ff" };`,
    got: "the function changed the id",
  },
  { name: "nothing", body: "", got: "the function returned no object" },
  { name: "a list", body: "return [];", got: "the function returned something that is not an object" },
  { name: "NaN", body: "entity.age = NaN; return entity;", got: "the function threw TypeError" },
];

const withMapper = (body: string): Readonly<Record<string, string>> => ({
  "modules/people/module.json": peopleModule({
    fields: { code: {}, name: {}, schemaVersion: { value: 1 } },
    mapper: { file: "mapper.cjs", reads: ["born"] },
  }),
  "modules/people/mapper.cjs": `module.exports = function (record, entity, ref) { "use strict"; ${body} };\n`,
});
const ONE = `[{ id: "P-1", code: "ONE", name: "${SECRET}", born: 1990 }]`;

t.test("a mapper file gives the entity, from the record alone", async (t) => {
  const body = `return { ...entity, age: 2024 - record.born, data: { first: ref("people", "P-1"), none: ref("people", "x") === undefined } };`;
  const root = smallProject(t, { people: ONE, peopleIds: ["P-1"], files: withMapper(body) });
  const run = candor(root, ["migrate"]);
  t.equal(run.code, 0, run.stderr + run.stdout);
  const id = "00000000-0000-8000-8000-000000000001";
  t.strictSame(readJson(root, "storage_candidate/v1/people/data.jsonl"), {
    age: 34,
    code: "ONE",
    data: { first: id, none: true },
    id,
    name: SECRET,
    schemaVersion: 1,
  });
  t.match(readJson(root, "storage_candidate/v1/checksums/run.json").inputs.modules.people.mapper, /^[0-9a-f]{64}$/);
  writeProjectFile(root, "modules/people/mapper.cjs", "module.exports = (record, entity) => entity;\n");
  candor(root, ["scan-drift"]);
  t.match(
    findingsOf(root, "scan-drift"),
    [{ code: "INPUT_DRIFT", module: "people" }],
    "another mapper is another input",
  );
});

t.test("a mapper that depends on more than the record, fails or cheats is a finding without values", async (t) => {
  const root = smallProject(t, { people: ONE, peopleIds: ["P-1"] });
  for (const { name, body, got } of REFUSED) {
    writeSmallProject(root, { people: ONE, peopleIds: ["P-1"], files: withMapper(body) });
    const run = candor(root, ["dry-run"]);
    t.equal(run.code, 16, `${name} ${run.stderr}`);
    const found = findingsOf(root, "dry-run").filter(({ code }) => code === "MAPPING_MAPPER");
    t.match(found, [{ module: "people", record: 1, legacyId: "P-1", rule: "modules/people/mapper.cjs", got }], name);
    t.notMatch(run.stdout + run.stderr + JSON.stringify(found), SECRET);
  }
  t.ok(join(root, ""));
});

t.test("--version prints the version of the package", async (t) => {
  const ran = candor(t.testdir(), ["--version"]);
  t.equal(ran.code, 0);
  t.equal(ran.stdout, `${readJson("package.json").version}\n`);
});
