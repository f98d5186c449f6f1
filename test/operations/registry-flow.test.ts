import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { candor, findingsOf, readJson, treeOf, writeProjectFile } from "../helpers/cli-project.ts";
import { SOURCE, smallProject, sourceText } from "../helpers/small-project.ts";

const THREE = `[{ id: "P-1", code: "ONE" }, { id: "P-2", code: "TWO" }, { id: "P-3", code: "NEW" }]`;
const PEOPLE = "migration/mapping/people.json";

t.test("a new record is proposed, generated, checked and frozen", async (t) => {
  const root = smallProject(t);
  t.equal(candor(root, ["registry", "freeze"]).code, 0);
  const before = readJson(root, PEOPLE);
  writeProjectFile(root, SOURCE, sourceText({ people: THREE }));
  t.equal(candor(root, ["dry-run"]).code, 16);
  t.match(findingsOf(root, "dry-run"), [{ code: "REGISTRY_ENTRY_MISSING", legacyId: "P-3" }]);

  const inputs = (): Record<string, string> => treeOf(root, (path) => path.startsWith("storage_reports"));
  const untouched = inputs();
  const proposed = candor(root, ["registry", "propose", "--json"]);
  t.equal(proposed.code, 0, proposed.stderr);
  t.strictSame(inputs(), untouched, "propose writes into the report folder alone");
  t.match(JSON.parse(proposed.stdout).changes, [
    { module: "people", entries: 1, added: 1, file: "storage_reports/latest-registry-propose/people.json" },
    { module: "dogs", entries: 0, added: 0 },
  ]);
  const proposal = readJson(root, "storage_reports/latest-registry-propose/people.json");
  t.match(proposal, [{ legacyId: "P-3", version: 1 }]);
  t.match(treeOf(join(root, "storage_reports"))["latest-registry-propose/people.json"], /^file 600/);

  t.equal(candor(root, ["registry", "generate"]).code, 0);
  t.strictSame(readJson(root, PEOPLE), [...before, ...proposal], "old entries stay, the new one is the proposed one");
  const again = treeOf(join(root, "migration"));
  t.equal(candor(root, ["registry", "generate"]).code, 0);
  t.strictSame(treeOf(join(root, "migration")), again, "a second time there is nothing to do");

  const grown = candor(root, ["registry", "check"]);
  t.equal(grown.code, 0, grown.stdout);
  t.match(findingsOf(root, "registry-check"), [{ code: "REGISTRY_GROWN", severity: "WARNING", legacyId: "P-3" }]);
  t.match(grown.stdout, /^next: Review the new entries, then `.* registry freeze`/m);
  t.equal(candor(root, ["registry", "freeze"]).code, 0);
  t.equal(candor(root, ["registry", "check", "--fail-on", "warning"]).code, 0);
  t.equal(candor(root, ["dry-run", "--fail-on", "warning"]).code, 0);
});

t.test("an id that was given out and changes is a blocker, and is frozen only when that is said", async (t) => {
  const root = smallProject(t);
  t.equal(candor(root, ["registry", "freeze"]).code, 0);
  const entries = readJson(root, PEOPLE);
  entries[1].targetUuid = "00000000-0000-8000-8000-0000000000ff";
  writeProjectFile(root, PEOPLE, JSON.stringify(entries));
  t.equal(candor(root, ["registry", "check"]).code, 16);
  const changed = { code: "REGISTRY_CHANGED", module: "people", legacyId: "P-2", got: "another targetUuid or version" };
  t.match(findingsOf(root, "registry-check"), [changed]);
  t.equal(candor(root, ["migrate"]).code, 16);
  t.notOk(existsSync(join(root, "storage_candidate/v1")));
  const frozen = treeOf(join(root, "migration"));
  const refused = candor(root, ["registry", "freeze"]);
  t.equal(refused.code, 2);
  t.match(refused.stderr, /^error REGISTRY_INVALID: Freezing the registry of people: /m);
  t.strictSame(treeOf(join(root, "migration")), frozen);
  t.equal(candor(root, ["registry", "freeze", "--accept-changed"]).code, 0);
  t.equal(candor(root, ["registry", "check", "--fail-on", "warning"]).code, 0);
});

t.test("a freeze that breaks off behind the lock is no false alarm, and the next one ends it", async (t) => {
  const root = smallProject(t);
  const sidecar = join(root, "migration/mapping/registry.lock/people.txt");
  mkdirSync(sidecar, { recursive: true });
  t.equal(candor(root, ["registry", "freeze"]).code, 1, "the fingerprints cannot take their place");
  t.strictSame(readdirSync(join(sidecar, "..")), ["people.txt"], "and nothing else is left");
  t.equal(candor(root, ["registry", "check", "--fail-on", "warning"]).code, 0);
  rmdirSync(sidecar);
  t.equal(candor(root, ["registry", "freeze"]).code, 0);
  t.equal(readFileSync(sidecar, "utf8").length, 2 * 33);
});

t.test("a record that was deleted leaves an unused entry, which is a warning that a waiver covers", async (t) => {
  const root = smallProject(t);
  t.equal(candor(root, ["registry", "freeze"]).code, 0);
  writeProjectFile(root, SOURCE, sourceText({ people: `[{ id: "P-1", code: "ONE" }]` }));
  t.equal(candor(root, ["migrate"]).code, 0);
  t.match(findingsOf(root, "migrate"), [{ code: "REGISTRY_ENTRY_UNUSED", severity: "WARNING", legacyId: "P-2" }]);
  t.equal(candor(root, ["scan-all"]).code, 0);
  t.match(findingsOf(root, "scan"), [{ code: "REGISTRY_ENTRY_UNUSED", legacyId: "P-2" }]);
  const waiver = {
    code: "REGISTRY_ENTRY_UNUSED",
    module: "people",
    id: "P-2",
    owner: "x",
    reason: "left",
    expires: "2999-12-31",
  };
  writeProjectFile(root, "migration/waivers.json", JSON.stringify([waiver]));
  t.equal(candor(root, ["dry-run", "--fail-on", "warning"]).code, 0);
  t.match(readJson(root, "storage_reports/latest-dry-run/summary.json"), { totalWarnings: 0, totalWaived: 1 });
});

t.test("registries of one entry a line give the same candidate, and generate keeps their form", async (t) => {
  const root = smallProject(t);
  t.equal(candor(root, ["registry", "freeze"]).code, 0);
  t.equal(candor(root, ["migrate"]).code, 0);
  const good = treeOf(join(root, "storage_candidate/v1"));
  const lines = readJson(root, PEOPLE).map((entry: object) => `${JSON.stringify(entry)}\n`);
  rmSync(join(root, PEOPLE));
  writeProjectFile(root, `${PEOPLE}l`, lines.join(""));
  t.equal(candor(root, ["registry", "check", "--fail-on", "warning"]).code, 0);
  t.equal(candor(root, ["migrate"]).code, 0);
  t.strictSame(treeOf(join(root, "storage_candidate/v1")), good);
  writeProjectFile(root, SOURCE, sourceText({ people: THREE }));
  t.equal(candor(root, ["registry", "generate", "people"]).code, 0);
  t.notOk(existsSync(join(root, PEOPLE)));
  renameSync(join(root, `${PEOPLE}l`), join(root, "people.jsonl"));
  t.equal(candor(root, ["registry", "check"]).code, 2, "a registry that is missing is wrong configuration");
});

t.test("ids that two registries give out are not frozen, whichever module is named", async (t) => {
  const root = smallProject(t);
  const people = readJson(root, PEOPLE);
  const dogs = readJson(root, "migration/mapping/dogs.json");
  dogs[0].targetUuid = people[0].targetUuid;
  writeProjectFile(root, "migration/mapping/dogs.json", JSON.stringify(dogs));
  for (const names of [[], ["people"], ["dogs"]]) {
    const refused = candor(root, ["registry", "freeze", ...names]);
    t.equal(refused.code, 2);
    t.match(refused.stderr, /^error REGISTRY_INVALID: Freezing: .*\n {2}- people 0{8}-.*: one that dogs has too/m);
  }
  t.notOk(existsSync(join(root, "migration/mapping/registry.lock.json")));
});

t.test("a line of the source that is broken is named with its place", async (t) => {
  const root = smallProject(t, {
    files: {
      "migration/migration.json": JSON.stringify({
        format: "candor-migration/1",
        modules: ["people", "dogs"],
        source: { kind: "jsonl", path: "data" },
      }),
      "data/people.jsonl": '{"id":"P-1","code":"ONE"}\n{"id":"P-2","co\n',
      "data/dogs.jsonl": "",
    },
  });
  const ran = candor(root, ["registry", "generate"]);
  t.equal(ran.code, 2);
  t.match(
    ran.stderr,
    /^error SOURCE_INVALID: Record 2 of people \(data\/people\.jsonl:2\) cannot be read: SOURCE_LINE_INVALID/m,
  );
});
