import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { candidateNames, candor, readJson, shell, treeOf, writeProjectFile } from "../helpers/cli-project.ts";
import { peopleModule, SOURCE, smallProject, writeSmallProject } from "../helpers/small-project.ts";

const NOTHING: readonly string[] = [];

t.test(
  "everything that is wrong with the configuration is told at once, with place, expectation and next step",
  async (t) => {
    const root = smallProject(t, {
      files: {
        "migration/waivers.json": `[{"code":"REFERENCE_MISING","owner":"a","reason":"b","expires":"2026-02-30","why":1}]`,
        "migration/live.json": `{"pointer":7}`,
        "modules/people/module.json": `{"format":"candor-module/1",\n"format":"candor-module/1"}`,
        "modules/people/schema.json": `\ufeff{}`,
        "modules/dogs/module.json": `{"format":"candor-module/1","fields":{"code":{},},}`,
        "modules/dogs/schema.json": new Uint8Array([0x7b, 0xff, 0x7d]),
      },
    });
    const before = treeOf(root);
    for (const command of [["dry-run"], ["migrate"], ["scan-all"], ["registry", "check"], ["restore"], ["prune"]]) {
      const run = candor(root, command);
      t.equal(run.code, 2, command.join(" "));
      t.equal(run.stdout, "");
      t.match(run.stderr, /^error CONFIG_INVALID: The configuration has 8 problems\.$/m);
      t.match(run.stderr, "- migration/waivers.json at /0/why: expected no other property, got an unknown key");
      t.match(
        run.stderr,
        /- migration\/waivers\.json at \/0\/code: expected one of .*, got "REFERENCE_MISING"; did you mean "REFERENCE_MISSING"\?/,
      );
      t.match(run.stderr, `- migration/waivers.json at /0/expires: expected match format "date", got "2026-02-30"`);
      t.match(run.stderr, "- migration/live.json at /pointer: expected string, got 7");
      t.match(run.stderr, /- modules\/people\/module\.json at line 2, column \d+: expected strict JSON, got .*key/);
      t.match(run.stderr, /- modules\/people\/schema\.json at line 1, column 1: expected strict JSON/);
      t.match(run.stderr, /- modules\/dogs\/module\.json at line 1, column \d+: expected strict JSON/);
      t.match(run.stderr, "- modules/dogs/schema.json: expected UTF-8, got bytes that are not UTF-8");
      t.match(run.stderr, /^ {2}next: Mend the files named above/m);
    }
    t.strictSame(treeOf(root), before, "nothing was written");
  },
);

t.test("unknown keys and wrong types are all named", async (t) => {
  const root = smallProject(t, {
    files: {
      "migration/migration.json": `{"format":"candor-migration/1","modules":["people","dogs"],"source":{"kind":"module","path":"data/db.js","pth":1},"extra":1,"more":2}`,
    },
  });
  const run = candor(root, ["migrate"]);
  t.equal(run.code, 2);
  for (const key of ["/extra", "/more", "/source/pth"]) {
    t.match(run.stderr, `migration/migration.json at ${key}: expected no other property, got an unknown key`);
  }
  const files = {
    "modules/people/module.json": peopleModule({
      fields: {
        code: { transform: ["shout"] },
        name: {},
        age: { type: "int" },
        data: {},
        nobody: {},
        __id: { fom: "x" },
      },
      invariants: [{ name: "i", rule: "less", fields: ["age"], message: "m" }],
      allowEmpty: "no",
    }),
  };
  writeSmallProject(root, { files });
  const module = candor(root, ["migrate"]);
  t.equal(module.code, 2);
  t.match(module.stderr, /people\/module\.json at \/fields\/code\/transform\/0: expected one of .*, got "shout"/);
  t.match(module.stderr, /people\/module\.json at \/fields\/age\/type: expected text matching .*, got "int"/);
  t.match(module.stderr, "people/module.json at /fields/__id/fom: expected no other property, got an unknown key");
  t.match(module.stderr, `people/module.json at /allowEmpty: expected boolean, got "no"`);
  const fields = { code: {}, name: {}, age: {}, data: {}, nobody: {} };
  const invariants = [{ name: "i", rule: "less", fields: ["age"], message: "m" }];
  writeSmallProject(root, { files: { "modules/people/module.json": peopleModule({ fields, invariants }) } });
  const fit = candor(root, ["dry-run"]);
  t.equal(fit.code, 2);
  t.match(
    fit.stderr,
    "at /fields/nobody: expected a property of schema.json, got a field that the schema does not know",
  );
  t.match(fit.stderr, "at /fields/schemaVersion: expected a rule for this property of schema.json, got none");
  t.match(fit.stderr, "at /invariants/i: expected two fields, got 1");
  t.notOk(existsSync(join(root, "storage_candidate")));
  t.notOk(existsSync(join(root, "storage_reports")));
});

t.test("wrong configuration of any kind leaves v1 where it is", async (t) => {
  const root = smallProject(t);
  t.equal(candor(root, ["migrate"]).code, 0);
  const good = treeOf(join(root, "storage_candidate"));
  const refused = (
    name: string,
    change: () => void,
    error: RegExp,
    options: Parameters<typeof candor>[2] = {},
  ): void => {
    writeSmallProject(root);
    change();
    const run = candor(root, ["migrate"], options);
    t.equal(run.code, 2, `${name} ${run.code === 2 ? "" : run.stderr}`);
    t.match(run.stderr, error, name);
    t.match(run.stderr, /^ {2}next: /m, name);
    t.strictSame(treeOf(join(root, "storage_candidate")), good, `${name}: v1 is untouched`);
  };
  const write = (file: string, text: string) => () => writeProjectFile(root, file, text);
  refused(
    "missing registry",
    () => rmSync(join(root, "migration/mapping/dogs.json")),
    /^error REGISTRY_MISSING: No registry for module dogs\.\n {2}- expected migration\/mapping\/dogs\.json.*\n {2}next: .*registry generate dogs/m,
  );
  refused(
    "source that throws",
    write(SOURCE, `\nthrow new Error("Frau geheim@example.com");`),
    /^error SOURCE_INVALID: The source data\/db\.js cannot be loaded: Error at db\.js:2\.$/m,
  );
  refused(
    "source of wrong syntax",
    write(SOURCE, `export const db = {;`),
    /^error SOURCE_INVALID: .*cannot be loaded: SyntaxError\.$/m,
  );
  refused(
    "source that imports what is not there",
    write(SOURCE, `import "./none.js";`),
    /cannot be loaded: Error \(ERR_MODULE_NOT_FOUND\)/,
  );
  refused(
    "missing collection",
    write(SOURCE, `export const db = { people: [] };`),
    /^error SOURCE_INVALID: The source lacks a collection\.\n {2}- data\/db\.js: expected db\["dogs"\] to be an array, got nothing/m,
  );
  refused("no db", write(SOURCE, `export const other = {};`), /^error SOURCE_INVALID: .*does not export `db`/m);
  refused(
    "no source",
    () => rmSync(join(root, SOURCE)),
    /^error SOURCE_INVALID: The source data\/db\.js does not exist/m,
  );
  refused("damaged lock", write("migration/mapping/registry.lock.json", `{"registries":`), /^error REGISTRY_INVALID/m);
  rmSync(join(root, "migration/mapping/registry.lock.json"));
  refused(
    "mapper that is none",
    () => {
      writeProjectFile(root, "modules/people/module.json", peopleModule({ mapper: { file: "mapper.cjs" } }));
      writeProjectFile(root, "modules/people/mapper.cjs", "module.exports = 7;");
    },
    /^error CONFIG_INVALID: The mapper modules\/people\/mapper\.cjs cannot be loaded/m,
  );
  refused("run id", () => {}, /^error USAGE: MIGRATE_RUN_ID must be/m, { env: { MIGRATE_RUN_ID: "../x y" } });
  refused(
    "drill of an unknown module",
    () => {},
    /^error USAGE: Unknown module kurse\.\n {2}next: The modules are: people dogs\./m,
    { env: { MIGRATE_FAIL_AFTER_MODULE: "kurse" } },
  );
  mkdirSync(join(root, "storage"));
  symlinkSync("../storage_candidate/v1", join(root, "storage/current"));
  refused(
    "live pointer",
    () => {},
    /^error LIVE_POINTER: The live pointer storage\/current resolves into storage_candidate\/v1/m,
  );
  rmSync(join(root, "storage/current"));
  symlinkSync("../storage_candidate/v1/people", join(root, "storage/current"));
  refused("live pointer into a part", () => {}, /^error LIVE_POINTER/m);
});

t.test("a source that fails while it is read leaves no v1 and says where", async (t) => {
  const root = smallProject(t);
  t.equal(candor(root, ["migrate"]).code, 0);
  const broken = `(function* () { yield { id: "P-1", code: "ONE" }; throw new TypeError("geheim@example.com"); })()`;
  writeSmallProject(root, { people: broken });
  for (const command of ["dry-run", "migrate"]) {
    const run = candor(root, [command]);
    t.equal(run.code, 1, command);
    t.match(
      run.stderr,
      /^error SOURCE_READ: Reading the collection people failed after 1 records: TypeError at db\.js:2\.$/m,
    );
    t.notMatch(run.stderr, "geheim");
    t.match(run.stderr, /^ {2}next: /m);
  }
  t.strictSame(candidateNames(root), [".previous"]);
});

t.test("a damaged registry is a finding, and is never written over", async (t) => {
  const root = smallProject(t);
  const entry = (legacyId: string, end: string): string =>
    `{"legacyId":"${legacyId}","targetUuid":"00000000-0000-8000-8000-00000000000${end}","version":1}`;
  const text = `[${entry("P-2", "2")},${entry("P-1", "1")},${entry("P-1", "3")},{"legacyId":7}]`;
  writeProjectFile(root, "migration/mapping/people.json", text);
  const check = candor(root, ["registry", "check", "people", "--json"]);
  t.equal(check.code, 16);
  const codes = JSON.parse(check.stdout).byCode;
  t.match(codes, { REGISTRY_UNSORTED: 1, REGISTRY_LEGACY_ID_DUPLICATE: 1, REGISTRY_ENTRY_MALFORMED: 3 });
  for (const verb of ["generate", "freeze", "propose"]) {
    const run = candor(root, ["registry", verb, "people"]);
    t.equal(run.code, 2, verb);
    t.match(run.stderr, /^error REGISTRY_INVALID: The registry migration\/mapping\/people\.json has \d faults/m);
    t.match(run.stderr, /next: .*registry check people/);
  }
  writeProjectFile(root, "migration/mapping/people.json", "[{");
  t.equal(candor(root, ["registry", "check", "people"]).code, 2);
});

t.test("wrong use is told on stderr with exit code 2", async (t) => {
  const root = smallProject(t);
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /Usage: candor/],
    [["no-such-command"], /unknown command 'no-such-command'/],
    [["dry-run", "--no-such-option"], /unknown option '--no-such-option'/],
    [["dry-run", "extra"], /too many arguments/],
    [["registry"], /Usage: candor registry/],
    [["scan-module"], /missing required argument 'modules'/],
    [["scan-module", "nobody", "people"], /^error USAGE: Unknown module nobody\.$/m],
    [
      ["registry", "check", "nobody", "none"],
      /^error USAGE: Unknown modules nobody, none\.\n {2}next: The modules are: people dogs\.$/m,
    ],
    [["dry-run", "--root", join(root, "nowhere")], /^error CONFIG_MISSING: No migration\/migration\.json/m],
  ];
  for (const [args, error] of wrong) {
    const run = candor(root, args);
    const name = `candor ${args.join(" ")}`;
    t.equal(run.code, 2, name);
    t.equal(run.stdout, "", name);
    t.match(run.stderr, error, name);
  }
  const scan = candor(root, ["scan-all", "--input", "no/such/folder"]);
  t.equal(scan.code, 17);
  t.match(
    scan.stderr,
    /^error UNVERIFIABLE: There is no candidate at no\/such\/folder\.\n {2}next: There is no such folder/m,
  );
  t.equal(candor(root, ["verify-checksums"]).code, 17);
  t.strictSame(
    Object.keys(treeOf(root)).filter((path) => path.startsWith("storage")),
    NOTHING,
  );
});

t.test("a part of a candidate that cannot be read makes the verdict incomplete, never clean", async (t) => {
  const root = smallProject(t);
  t.equal(candor(root, ["migrate"]).code, 0);
  const copy = join(root, "storage_candidate/copy");
  cpSync(join(root, "storage_candidate/v1"), copy, { recursive: true });
  rmSync(join(copy, "people/data.jsonl"));
  // A link to itself cannot be followed by anyone, root included.
  symlinkSync("data.jsonl", join(copy, "people/data.jsonl"));
  const loop = candor(root, ["verify-checksums", "--input", "storage_candidate/copy"]);
  t.equal(loop.code, 16, "a link does not belong in a candidate");
  t.match(loop.stdout, /^BLOCKER FILE_TYPE .*people\/data\.jsonl/m);
  writeProjectFile(root, "afile", "");
  const parent = candor(root, ["scan-all", "--input", "afile/v1"]);
  t.equal(parent.code, 17, parent.stderr);
});

t.test("a reader that closes its end ends the output, not the work", async (t) => {
  const root = smallProject(t);
  const run = shell(
    root,
    `node "$CLI" migrate 2>&1 | true; node "$CLI" report | true; node "$CLI" scan-all --json | head -1`,
  );
  t.equal(run.code, 0);
  t.equal(run.stdout, "{\n");
  t.equal(run.stderr.includes("EPIPE"), false, run.stderr);
  t.notMatch(run.stderr, /^\s+at /m);
  t.equal(readJson(root, "storage_reports/latest-migrate/summary.json").totalBlockers, 0);
});

const noFull = existsSync("/dev/full") ? false : "there is no /dev/full";

t.test(
  "output that finds no room does not end the work, and a lost result is no success",
  { skip: noFull },
  async (t) => {
    const root = smallProject(t);
    const build = shell(root, `node "$CLI" migrate 2>/dev/full`);
    t.match(build, { code: 0, stdout: /^migrate: 0 BLOCKER/ }, "progress is not the work");
    const lost = shell(root, `node "$CLI" get people P-1 > /dev/full`);
    t.match(lost, { code: 1, stderr: /^error IO: The output could not be written \(ENOSPC\).*\n {2}next: .* report/m });
    t.notMatch(lost.stderr, /^\s+at /m);
    rmSync(join(root, "storage_candidate/v1/people/data.jsonl"));
    t.equal(shell(root, `node "$CLI" scan-all > /dev/full`).code, 16, "a verdict stays what it is");
  },
);

t.test("a path of the source whose links lead nowhere is a source that cannot be read", async (t) => {
  const root = smallProject(t);
  for (const name of ["loop.db", "loop.csv", "loop"]) symlinkSync(name, join(root, name));
  writeProjectFile(root, "csv/whole.csv", "id\n1\n");
  symlinkSync("people.csv", join(root, "csv/people.csv"));
  for (const from of ["sqlite:loop.db", "csv:loop", "csv:csv"]) {
    const run = candor(root, ["init", "--root", "new", "--from", from]);
    t.match(run, { code: 2, stderr: /^error SOURCE_INVALID: The source \S+ cannot be read \(ELOOP\)/m }, from);
  }
  symlinkSync("people.json", join(root, "csv/people.json"));
  for (const source of [
    { kind: "sqlite", path: "loop.db" },
    { kind: "module", path: "loop" },
    { kind: "csv", path: "loop" },
    { kind: "json", path: "csv" },
  ]) {
    const migration = readJson(root, "migration/migration.json");
    writeProjectFile(root, "migration/migration.json", JSON.stringify({ ...migration, source }));
    t.match(candor(root, ["dry-run"]), { code: 2, stderr: /^error SOURCE_INVALID: .*(\n.*)*ELOOP/m }, source.kind);
  }
});
