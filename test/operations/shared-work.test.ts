import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import t, { type Test } from "tap";
import { generateProject } from "../../bench/generate/project.ts";
import { modulesOf } from "../../bench/generate/shapes.ts";
import { deriveUuid } from "../../tools/migration/registry/derive-uuid.ts";
import { SEQUENTIAL, saidBy, type TwoWayCommand, threads, type Way, watched } from "../helpers/both-ways.ts";
import { treeOf } from "../helpers/cli-project.ts";
import { editJson } from "../helpers/edit-json.ts";
import { freezeAnyway } from "../helpers/freeze-anyway.ts";

const FRESH = join(t.testdir(), "project");
generateProject(FRESH, { modules: modulesOf("standard", 600), source: "sqlite" });

/** A copy of the fresh project with `change` made to it. */
async function project(t: Test, change: (root: string) => void | Promise<void>): Promise<string> {
  const root = join(t.testdir(), "project");
  cpSync(FRESH, root, { recursive: true });
  await change(root);
  return root;
}

/** Several pieces for every worker, but not so many that the test is about starting them. */
function shared(workers: number, records: number): Way {
  const pieces = {
    recordsPerTask: records / 10,
    idsPerTask: records / 5,
    partitionBytes: 40 * records,
    spanBytes: 20 * records,
  };
  return { workers, tuning: { ...threads(workers).tuning, ...pieces } };
}

/** What is in the files of a candidate, modes aside. */
function contentOf(candidate: string): Record<string, string> {
  const tree = Object.entries(treeOf(candidate)).map(([path, what]) => [path, what.replace(/ \d+/, "")] as const);
  return Object.fromEntries(tree.sort(([a], [b]) => (a < b ? -1 : 1)));
}

t.test("any number of workers says and builds the same as one thread", async (t) => {
  const root = t.testdir();
  generateProject(root, { modules: modulesOf("standard", 3000), source: "sqlite" });
  const candidate = join(root, "storage_candidate/v1");
  const commands: readonly TwoWayCommand[] = ["dry-run", "migrate", "scan-all", "verify-checksums", "scrub"];
  const expected = new Map<TwoWayCommand, unknown>();
  for (const command of commands) expected.set(command, await saidBy(root, command, SEQUENTIAL));
  const built = treeOf(candidate);
  t.strictSame(contentOf(candidate), contentOf(join(root, "generated/v1")), "the bytes are those that no tool wrote");
  for (const workers of [1, 2, 3, 8]) {
    for (const command of workers === 2 ? commands : commands.slice(0, 4)) {
      const got = await watched(root, command, shared(workers, 3000));
      t.strictSame(got, { said: expected.get(command), isFast: true }, `${command}, ${workers} workers`);
    }
    t.strictSame(treeOf(candidate), built, `the bytes of ${workers} workers`);
  }
});

t.test("a migration that may use little or much memory builds the same", async (t) => {
  const root = t.testdir();
  generateProject(root, { modules: modulesOf("standard", 600), source: "sqlite" });
  const candidate = join(root, "storage_candidate/v1");
  const expected = await saidBy(root, "migrate", SEQUENTIAL);
  const built = treeOf(candidate);
  for (const mib of [270, 4096]) {
    const got = await watched(root, "migrate", { ...shared(2, 600), maxMemoryBytes: mib * 2 ** 20 });
    t.strictSame(got, { said: expected, isFast: true }, `${mib} MiB`);
    t.strictSame(treeOf(candidate), built);
  }
  const little = { ...shared(2, 600), maxMemoryBytes: 200 * 2 ** 20 };
  t.match(
    (await saidBy(root, "migrate", little)).error,
    /^USAGE --max-memory: expected at least \d+ MiB .* got 200 MiB/,
  );
  t.strictSame(treeOf(candidate), built, "a refusal touches nothing");
});

function sql(root: string, statement: string): void {
  const db = new Database(join(root, "data/source.db"));
  db.exec(statement);
  db.close();
}

t.test("rows that only the mapper can map are built the same among the others", async (t) => {
  const root = await project(t, (root) =>
    sql(
      root,
      `UPDATE kunden SET vorname = char(160) || ' Ä' || vorname, code = lower(code) WHERE rowid % 7 = 0;
      UPDATE kunden SET newsletter = 'ja' WHERE rowid % 5 = 1;
      UPDATE hunde SET gewichtKg = 5 WHERE rowid % 11 = 2;
      UPDATE hunde SET gewichtKg = 0.1 + 0.2 WHERE rowid % 11 = 3;
      UPDATE hunde SET rasse = char(10) || 'x' || char(11) || '"' || rasse WHERE rowid BETWEEN 50 AND 150`,
    ),
  );
  const expected = await saidBy(root, "migrate", SEQUENTIAL);
  t.equal(expected.summary?.totalBlockers, 0);
  const built = treeOf(join(root, "storage_candidate/v1"));
  t.strictSame(await watched(root, "migrate", shared(2, 600)), { said: expected, isFast: true });
  t.strictSame(treeOf(join(root, "storage_candidate/v1")), built);
});

interface Entry {
  legacyId: string;
  targetUuid: string;
  version: number;
}

function editRegistry(root: string, module: string, change: (entries: Entry[]) => string): void {
  const path = join(root, `migration/mapping/${module}.json`);
  writeFileSync(path, change(JSON.parse(readFileSync(path, "utf8"))));
}

const committed = (entries: readonly Entry[]): string =>
  `[\n${entries.map((entry) => JSON.stringify(entry)).join(",\n")}\n]\n`;

const FAULTS: Readonly<Record<string, (root: string) => void | Promise<void>>> = {
  "a legacy id twice": (root) =>
    sql(
      root,
      `CREATE TABLE copy AS SELECT * FROM hunde; INSERT INTO copy SELECT * FROM hunde WHERE rowid = 17;
      DROP TABLE hunde; CREATE VIEW hunde AS SELECT * FROM copy`,
    ),
  "an unknown field": (root) => sql(root, "ALTER TABLE hunde ADD COLUMN extra DEFAULT 'x'"),
  "a reference to no record": (root) => sql(root, "UPDATE hunde SET kundenId = 'nobody' WHERE rowid = 190"),
  "a reference to a record that is gone": (root) =>
    sql(root, "DELETE FROM kunden WHERE id = (SELECT kundenId FROM hunde WHERE rowid = 33)"),
  "a record without an entry": (root) => sql(root, "UPDATE hunde SET id = 'hunde-999999999' WHERE rowid = 5"),
  "entries without a record": (root) => sql(root, "DELETE FROM hunde WHERE rowid % 100 = 3"),
  "no records of a module": (root) => sql(root, "DELETE FROM hunde"),
  "a registry that is not frozen": (root) => rmSync(join(root, "migration/mapping/registry.lock.json")),
  "a registry in another form": (root) =>
    editRegistry(root, "kunden", (entries) => JSON.stringify(entries, undefined, 2)),
  "registries that share a uuid": (root) =>
    editRegistry(root, "hunde", ([first, ...rest]) =>
      committed([
        { legacyId: "", version: 1, ...first, targetUuid: deriveUuid("kunden", "kunden-000000007") },
        ...rest,
      ]),
    ),
  "frozen registries that share a uuid": (root) => {
    editRegistry(root, "hunde", (entries) =>
      committed([...entries, { legacyId: "x", targetUuid: deriveUuid("kunden", "kunden-000000007"), version: 1 }]),
    );
    freezeAnyway(root, "hunde");
  },
  "REGISTRY_CHANGED: an entry with another version than was frozen": (root) =>
    editRegistry(root, "kunden", ([first, ...rest]) =>
      committed([{ legacyId: "", targetUuid: "", ...first, version: 2 }, ...rest]),
    ),
  "a registry that was cut short": (root) => editRegistry(root, "hunde", (entries) => committed(entries.slice(0, 250))),
  "a registry that is no list": (root) => editRegistry(root, "hunde", () => "{}\n"),
  "a registry that is missing": (root) => rmSync(join(root, "migration/mapping/hunde.json")),
  "a field that is not classified": (root) =>
    editJson<{ properties: Record<string, { pii?: number }> }>(join(root, "modules/hunde/schema.json"), (schema) => {
      delete schema.properties["name"]?.pii;
    }),
};

for (const [name, change] of Object.entries(FAULTS)) {
  t.test(`${name}: is said the same on threads and in one`, async (t) => {
    const root = await project(t, change);
    const before = join(root, "storage_candidate/v1");
    const inPieces = { tuning: { ...shared(1, 600).tuning, smallBytes: Number.POSITIVE_INFINITY } };
    t.strictSame(await saidBy(root, "dry-run", inPieces), await saidBy(root, "dry-run", SEQUENTIAL), "dry-run");
    const expected = await saidBy(root, "migrate", SEQUENTIAL);
    const built = treeOf(before);
    t.strictSame(await saidBy(root, "migrate", shared(1, 600)), expected, "migrate");
    t.strictSame(treeOf(before), built, "what migrate leaves");
    cpSync(join(root, "generated/v1"), before, { recursive: true });
    t.strictSame(await saidBy(root, "scan-all", inPieces), await saidBy(root, "scan-all", SEQUENTIAL), "scan-all");
  });
}

t.test("a registry of which nearly all is unused is said the same", { timeout: 60_000 }, async (t) => {
  const root = t.testdir();
  generateProject(root, { modules: modulesOf("small", 10), source: "sqlite" });
  cpSync(join(root, "generated/v1"), join(root, "storage_candidate/v1"), { recursive: true });
  editRegistry(root, "kunden", (entries) => {
    const more = Array.from({ length: 35_000 }, (_, at) => {
      const legacyId = `unused-${String(at).padStart(6, "0")}`;
      return { legacyId, targetUuid: deriveUuid("kunden", legacyId), version: 1 };
    });
    return committed([...entries, ...more]);
  });
  const [fast, sequential] = [await saidBy(root, "scan-all", {}), await saidBy(root, "scan-all", SEQUENTIAL)];
  t.equal(sequential.summary?.byCode["REGISTRY_ENTRY_UNUSED"], 35_000);
  t.strictSame(fast.summary, sequential.summary);
});
