import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import t, { type Test } from "tap";
import { MigrationError } from "../../tools/migration/model/errors.ts";
import { init } from "../../tools/migration/operations/init.ts";
import { load } from "../../tools/migration/operations/load.ts";
import { migrate } from "../../tools/migration/operations/migrate.ts";
import { freezeRegistries } from "../../tools/migration/operations/registry-freeze.ts";
import { generateRegistries } from "../../tools/migration/operations/registry-write.ts";
import { verifyTarget } from "../../tools/migration/operations/verify-target.ts";
import { chinookSqlite, noChinook } from "../helpers/chinook.ts";
import { candor, findingsOf, readJson, startCandor, until } from "../helpers/cli-project.ts";
import { editJson } from "../helpers/edit-json.ts";
import { contextOf } from "../helpers/operations.ts";
import { mysqlDatabase, postgresDatabase, whyNot } from "../helpers/servers.ts";
import { candidateIsSound } from "../helpers/sound.ts";

t.setTimeout(240_000);

/** A database that can be loaded into, and a way to change it behind the tool's back. */
interface TestTarget {
  readonly place: string;
  readonly run: (sql: string) => Promise<void>;
  readonly quote: string;
}

const ENGINES: Readonly<
  Record<string, { skip: string | false; open: (t: Test, root: string) => Promise<TestTarget> }>
> = {
  sqlite: {
    skip: false,
    open: async (_t, root) => ({
      place: "sqlite:target.db",
      quote: '"',
      run: async (sql) => {
        const db = new Database(join(root, "target.db"));
        db.exec(sql);
        db.close();
      },
    }),
  },
  postgres: {
    skip: await whyNot("postgres"),
    open: async (t) => {
      const { url, session } = await postgresDatabase(t);
      return { place: url, quote: '"', run: (sql) => session.run("Changing", sql) };
    },
  },
  mysql: {
    skip: await whyNot("mysql"),
    open: async (t) => {
      const { url, session } = await mysqlDatabase(t);
      return { place: url, quote: "`", run: async (sql) => void (await session.query("Changing", sql)) };
    },
  },
};

/** Canonical types with values that engines are known to bend. */
const KINDS: Readonly<Record<string, { type?: string; schema: object; nulls?: "keep"; values: readonly unknown[] }>> = {
  text: {
    schema: { type: "string" },
    values: ["", " a\t\n\r\\N\\ 'q' \"q\" `q` ", "😀 ä\u2028", "\\N", "NULL", "\u0001\u001f\u007f", "a ", "A "],
  },
  whole: { type: "integer", schema: { type: "integer" }, values: [0, -1, 2 ** 53 - 1, -(2 ** 53 - 1)] },
  real: {
    type: "number",
    schema: { type: "number" },
    values: [0, 0.1, -1.5, 5e-324, 1.7976931348623157e308, 1e21, 3, 1e-7],
  },
  flag: { type: "boolean", schema: { type: "boolean" }, values: [true, false] },
  large: { type: "bigint", schema: { type: "string" }, values: ["9007199254740993", "-1", "0", "9".repeat(38)] },
  money: {
    type: "decimal(38,10)",
    schema: { type: "string" },
    values: ["0.0000000001", "-1.5000000000", `${"9".repeat(28)}.0000000000`],
  },
  loose: { type: "decimal", schema: { type: "string" }, values: ["1.50", "-0", "0.000", "1"] },
  day: { type: "date", schema: { type: "string", format: "date" }, values: ["0001-01-01", "9999-12-31", "2024-02-29"] },
  clock: { type: "time", schema: { type: "string" }, values: ["09:30", "09:30:00", "23:59:59.123456"] },
  moment: {
    type: "timestamp",
    schema: { type: "string" },
    values: ["0001-01-01T00:00:00", "9999-12-31T23:59:59.999999", "2020-01-01T12:00:00.1"],
  },
  zoned: {
    type: "timestamptz",
    schema: { type: "string" },
    values: ["2020-01-01T12:00:00Z", "2038-02-01T00:00:00.000001Z"],
  },
  key: { type: "uuid", schema: { type: "string", format: "uuid" }, values: ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"] },
  raw: { type: "bytes", schema: { type: "string" }, values: ["", "AP8=", "JycK"] },
  tree: {
    type: "json",
    schema: {},
    nulls: "keep",
    values: [null, 1, "text", [], { b: [1.5, null, "\u0000"], a: {} }, false],
  },
  maybe: { schema: { type: ["string", "null"] }, nulls: "keep", values: [null, "null", ""] },
  list: { schema: { type: "array", items: { type: "integer" } }, values: [[], [1, 2]] },
  "odd Name ä": { schema: { type: "string" }, values: ["x"] },
};

/** A project of one module with a field of every kind, and a candidate of it. */
async function kindsProject(root: string, extra: readonly Record<string, unknown>[] = []): Promise<void> {
  const most = Math.max(...Object.values(KINDS).map(({ values }) => values.length));
  const records = Array.from({ length: most + 1 }, (_, at) => {
    const given = Object.entries(KINDS).filter(([, { values }]) => at < values.length);
    return { no: at, ...Object.fromEntries(given.map(([name, { values }]) => [name, values[at]])) };
  });
  const fields = Object.entries(KINDS).map(([name, { type, nulls }]) => [
    name,
    { ...(type === undefined ? {} : { type }), ...(nulls === undefined ? {} : { nulls }) },
  ]);
  const properties = Object.entries(KINDS).map(([name, { schema }]) => [name, { ...schema, pii: 1 }]);
  write(root, "data/kinds.jsonl", [...records, ...extra].map((one) => `${JSON.stringify(one)}\n`).join(""));
  write(root, "migration/migration.json", {
    format: "candor-migration/1",
    modules: ["kinds"],
    source: { kind: "jsonl", path: "data" },
  });
  write(root, "modules/kinds/module.json", {
    format: "candor-module/1",
    source: { collection: "kinds" },
    legacyKey: "no",
    schemaVersion: 1,
    fields: { ...Object.fromEntries(fields), schemaVersion: { value: 1 } },
    drop: ["no"],
  });
  write(root, "modules/kinds/schema.json", {
    type: "object",
    additionalProperties: false,
    required: ["id", "schemaVersion"],
    properties: {
      id: { type: "string", format: "uuid", pii: 0 },
      ...Object.fromEntries(properties),
      schemaVersion: { type: "integer", pii: 0 },
    },
  });
  await build(root);
}

function write(root: string, file: string, content: object | string): void {
  mkdirSync(join(root, file, ".."), { recursive: true });
  writeFileSync(join(root, file), typeof content === "string" ? content : JSON.stringify(content));
}

async function build(root: string): Promise<void> {
  await generateRegistries(contextOf(root), []);
  await freezeRegistries(contextOf(root), [], { acceptChanged: false });
  const { summary } = await migrate(contextOf(root), { runId: "run-test", failAfterModule: undefined });
  if (summary.totalBlockers > 0) throw new Error(JSON.stringify(summary.byCode));
}

/** Options of a load or verification as the command line gives them. */
function at(root: string, place: string) {
  return { place, workingDirectory: root, input: "storage_candidate/v1", modules: [], runId: "run-test" };
}

async function loadInto(root: string, place: string, replace = false): Promise<string> {
  const code = (error: unknown): string => (error instanceof MigrationError ? error.code : String(error));
  return load(contextOf(root), { ...at(root, place), replace }).then(() => "loaded", code);
}

/** The roots that reading the target back gives, by module with size. */
async function rootsAt(root: string, place: string): Promise<unknown> {
  const { summary } = await verifyTarget(contextOf(root), at(root, place));
  return Object.fromEntries(Object.entries(summary.modules).map(([name, one]) => [name, [one.size, one.root]]));
}

function rootsIn(root: string): unknown {
  const { modules } = readJson(root, "storage_candidate/v1/checksums/run.json");
  return Object.fromEntries(modules.map((one: Record<string, unknown>) => [one["name"], [one["size"], one["root"]]]));
}

for (const [engine, { skip, open }] of Object.entries(ENGINES)) {
  t.test(`${engine}: every kind of value comes back as it was`, { skip }, async (t) => {
    const root = t.testdir();
    await kindsProject(root);
    const { place } = await open(t, root);
    t.equal(await loadInto(root, place), "loaded");
    t.strictSame(await rootsAt(root, place), rootsIn(root), "the roots of the candidate");
    await candidateIsSound(t, root);
  });

  t.test(`${engine}: a sample database comes back with its roots`, { skip: skip || noChinook }, async (t) => {
    const root = t.testdir();
    chinookSqlite(root);
    await init(contextOf(root), { from: "sqlite:chinook.db", workingDirectory: root });
    await build(root);
    const { place } = await open(t, root);
    t.equal(await loadInto(root, place), "loaded");
    t.strictSame(await rootsAt(root, place), rootsIn(root));
    t.strictSame(Object.keys(Object(rootsIn(root))).length, 11);
  });

  t.test(`${engine}: rows that changed, went and came are named`, { skip }, async (t) => {
    const root = t.testdir();
    await kindsProject(root);
    const { place, run, quote: q } = await open(t, root);
    await loadInto(root, place);
    const ids: string[] = readJson(root, "migration/mapping/kinds.json")
      .map(({ targetUuid }: { targetUuid: string }) => targetUuid)
      .sort();
    const [first, second, third] = ids;
    const table = `${q}kinds${q}`;
    await run(`UPDATE ${table} SET ${q}schemaVersion${q} = 7 WHERE id = '${first}'`);
    await run(`DELETE FROM ${table} WHERE id = '${second}'`);
    await run(`UPDATE ${table} SET id = 'ffffffff-0000-8000-8000-000000000000' WHERE id = '${third}'`);
    const ran = candor(root, ["verify-target", place]);
    t.equal(ran.code, 16, ran.stderr);
    t.strictSame(
      findingsOf(root, "verify-target").map(({ code, id, field }) => [code, id, field]),
      [
        ["TARGET_CHANGED", first, "schemaVersion"],
        ["TARGET_MISSING", second, undefined],
        ["TARGET_MISSING", third, undefined],
        ["TARGET_EXTRA", "ffffffff-0000-8000-8000-000000000000", undefined],
      ],
    );
    t.equal(await loadInto(root, place), "TARGET_EXISTS", "nothing is mixed with other content");
    t.not((await verifyTarget(contextOf(root), at(root, place))).summary.totalBlockers, 0);
    t.equal(await loadInto(root, place, true), "loaded");
    t.strictSame(await rootsAt(root, place), rootsIn(root));
  });

  t.test(`${engine}: a table of somebody else is never touched`, { skip }, async (t) => {
    const root = t.testdir();
    await kindsProject(root);
    const { place, run, quote: q } = await open(t, root);
    await run(`CREATE TABLE ${q}kinds${q} (mine INT)`);
    for (const replace of [false, true]) t.equal(await loadInto(root, place, replace), "TARGET_INVALID");
    await run(`INSERT INTO ${q}kinds${q} VALUES (1)`);
  });

  t.test(`${engine}: a load that is killed leaves no row, and the next one goes through`, { skip }, async (t) => {
    const root = t.testdir();
    await kindsProject(root);
    await manyRows(root);
    const { place } = await open(t, root);
    const { child, ended } = startCandor(t, root, ["load", place]);
    let said = "";
    child.stderr?.on("data", (data) => {
      said += data;
    });
    await until(() => /^load kinds/m.test(said));
    child.kill("SIGKILL");
    t.equal((await ended).signal, "SIGKILL", "in the middle of the second table");
    t.equal(await loadInto(root, place), "loaded", "no row was left");
    t.strictSame(await rootsAt(root, place), rootsIn(root));
  });
}

/** A second module with so many records that loading them takes a while. */
async function manyRows(root: string): Promise<void> {
  const records = Array.from(
    { length: 60_000 },
    (_, no) => `${JSON.stringify({ no, text: `row ${no} `.repeat(10) })}\n`,
  );
  write(root, "data/many.jsonl", records.join(""));
  write(root, "modules/many/module.json", {
    format: "candor-module/1",
    source: { collection: "many" },
    legacyKey: "no",
    schemaVersion: 1,
    fields: { no: { type: "integer" }, text: {}, schemaVersion: { value: 1 } },
  });
  write(root, "modules/many/schema.json", {
    type: "object",
    additionalProperties: false,
    required: ["id", "no", "text", "schemaVersion"],
    properties: {
      id: { type: "string", format: "uuid", pii: 0 },
      no: { type: "integer", pii: 0 },
      text: { type: "string", pii: 1 },
      schemaVersion: { type: "integer", pii: 0 },
    },
  });
  editJson<{ modules: string[] }>(join(root, "migration/migration.json"), (file) => {
    file.modules = ["kinds", "many"];
  });
  await build(root);
}

t.test(
  "a value that an engine would bend is refused, and named",
  { skip: ENGINES["postgres"]?.skip ?? false },
  async (t) => {
    const root = t.testdir();
    await kindsProject(root, [{ no: 99, text: "a\u0000b" }]);
    const { url } = await postgresDatabase(t);
    const ran = candor(root, ["load", url]);
    t.equal(ran.code, 1);
    t.match(
      ran.stderr,
      /error VALUE_INVALID: Loading kinds [0-9a-f-]{36}: the field text has a value, and PostgreSQL cannot hold it/,
    );
    t.equal(candor(root, ["load", "sqlite:target.db"]).code, 0, "SQLite holds it");
    t.equal(candor(root, ["verify-target", "sqlite:target.db"]).code, 0);
  },
);

t.test(
  "a timestamp with an offset is not put into a column without one",
  { skip: ENGINES["postgres"]?.skip ?? false },
  async (t) => {
    const root = t.testdir();
    await kindsProject(root, [{ no: 99, moment: "2020-01-01T12:00:00+02:00" }]);
    const { url } = await postgresDatabase(t);
    t.equal(await loadInto(root, url), "VALUE_INVALID");
  },
);

t.test("the candidate must be of the definitions that the project holds", async (t) => {
  const root = t.testdir();
  await kindsProject(root);
  editJson<{ title: string }>(join(root, "modules/kinds/schema.json"), (file) => {
    file.title = "Other";
  });
  const ran = candor(root, ["load", "sqlite:target.db"]);
  t.equal(ran.code, 2);
  t.match(ran.stderr, /error CONFIG_INVALID: .*\n {2}- modules\/kinds\/schema\.json: expected that of the build/);
  t.notOk(existsSync(join(root, "target.db")), "the target was not even opened");
});

t.test("what is no target is refused with a word", async (t) => {
  const root = t.testdir();
  await kindsProject(root);
  for (const [place, text] of [
    ["csv:out", /USAGE: The target is sqlite:FILE/],
    ["sqlite:no/such/folder/x.db", /TARGET_INVALID: .* is in no folder/],
    ["postgres://ana:secret@127.0.0.1/x", /USAGE: .* holds a password/],
  ] as const) {
    const ran = candor(root, ["load", place]);
    t.equal(ran.code, 2, place);
    t.match(ran.stderr, text);
    t.notMatch(ran.stderr, "secret");
  }
  t.equal(candor(root, ["verify-target", "sqlite:none.db"]).code, 2);
});
