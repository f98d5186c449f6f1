import { existsSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { play } from "../../estate/play.ts";
import { layStation56 } from "../../estate/station56.ts";
import { only } from "../../helpers/cutover.ts";
import { estateWorld } from "../../helpers/estate-world.ts";
import { Evidence } from "../../helpers/evidence.ts";
import { about, mendEach, type Trouble } from "../../helpers/troubles.ts";

// One run of the whole playbook with the real tool: a registry is not frozen at first, a snapshot is not whole, and the
// determinism check is asked for.
t.setTimeout(600_000);
const laid = await estateWorld(t, layStation56);
const practice = { ...laid, vars: { ...laid.vars, determinism: "true", run_id: "night-7" } };
const { project } = practice.estate;
const evidence = new Evidence(practice, await play(practice, mendEach(troubles())));
const { records, played } = evidence;
const json = (path: string): { readonly [name: string]: unknown } =>
  JSON.parse(readFileSync(join(project, path), "utf8"));

function troubles(): readonly Trouble[] {
  const lock = join(project, "migration/mapping/registry.lock.json");
  const extra = join(project, "storage_snapshot/extra");
  return [
    {
      subject: "preconditions/registry",
      lay: () => renameSync(lock, `${lock}.away`),
      mend: () => renameSync(`${lock}.away`, lock),
    },
    {
      subject: "snapshot-whole",
      from: about("snapshot", "step.end"),
      lay: () => writeFileSync(extra, "x"),
      mend: () => rmSync(extra),
    },
  ];
}

t.test("003-01 the candidate must be there and its scan green", async (t) => {
  const asked = only(records, "check").filter(({ data }) => data.place === "checkpoint" && data.within === "build");
  t.strictSame(
    asked.map(({ step, data }) => [step, data.verdict]),
    [
      ["present", "PASS"],
      ["scan", "PASS"],
    ],
  );
  t.ok((asked.at(-1)?.seq ?? Number.NaN) < evidence.first("step.intent", "pointer"));
});

t.test("003-02 inputs are locked: their digest is kept and compared until the end", async (t) => {
  const digests = new Set(evidence.receipts("inputs").map(({ saved }) => saved["inputs_sha256"]));
  t.equal(digests.size, 1);
  t.match([...digests][0], /^[0-9a-f]{64}$/);
  t.match(evidence.texts("inputs"), [/migration\/mapping\/\*\.json.*modules\/shared\/api\/db/]);
  t.ok(only(records, "baseline")[0]?.data.values.some(({ check }) => check === "inputs"));
  t.strictSame(only(records, "compare").at(-1)?.data.differences, []);
});

t.test("003-03 the run id has a default, and this run was given another one", async (t) => {
  t.equal(json("storage_candidate/v1/checksums/run.json")["runId"], "night-7");
  t.match(readFileSync("migration/cutover/station56.yaml", "utf8"), /^ {2}run_id: run-local$/m);
  t.equal(json("storage_reports/latest-scan/summary.json")["runId"], "scan-all");
});

t.test("003-04 the window and the registries are acknowledged by operator and reviewer", async (t) => {
  for (const subject of ["window", "approved"]) {
    const signed = only(records, "sign").filter(({ step, data }) => step === subject && data.say === "done");
    t.strictSame(new Set(signed.map(({ data }) => data.role)), new Set(["operator", "reviewer"]), subject);
  }
  t.strictSame(evidence.verdicts("registry").slice(0, 2), ["FAIL", "PASS"], "a registry that is not frozen holds");
});

t.test("003-05 snapshots are made and checked before the flip, and one that is not whole holds", async (t) => {
  t.equal(evidence.holds("snapshot-whole").length, 1);
  t.ok(evidence.first("step.end", "snapshot-whole") < evidence.first("step.intent", "pointer"));
  t.ok(existsSync(join(project, "storage_snapshot/checksums/run.json")));
  t.ok(existsSync(join(project, "registry_snapshot/hunde.json")));
});

t.test("003-06 reviewer and operator are two persons, and the reviewer verifies the hashes", async (t) => {
  t.match(only(records, "run.start")[0]?.data.roles, { operator: ["olga"], reviewer: ["rolf"] });
  t.match(
    only(records, "sign").filter(({ step }) => step === "reviewed"),
    [{ data: { role: "reviewer", name: "rolf" } }],
  );
  t.ok(evidence.first("sign", "reviewed") < evidence.first("step.intent", "pointer"));
});

t.test("G14 003-07 the freeze of a mock source is not applicable, with its reason, and counted apart", async (t) => {
  const skipped = only(records, "step.skip").filter(({ step }) => step === "freeze");
  t.match(skipped, [{ data: { kind: "na", reason: "mock source in this repository" } }]);
  t.match(evidence.section("Cutover Sequence"), /Freeze writes .*: SKIPPED, mock source in this repository/);
  t.equal(JSON.parse(evidence.document("json")).counts.skipped, 1);
});

t.test("003-08 the candidate is cleaned, tried and built", async (t) => {
  const order = ["clean", "dry-run", "migrate"].map((name) => evidence.last(name));
  t.strictSame(
    order,
    [...order].sort((left, right) => left - right),
  );
  t.match(evidence.texts("clean"), [/rm -rf "\$candidate" storage_reports\/latest-\*/]);
  t.match(evidence.receipts("dry-run").at(-1)?.expectations, [{ kind: "exit" }, { expected: /totalBlockers 0/ }]);
  t.match(evidence.receipts("migrate").at(-1), { exit: 0, verdict: "PASS" });
});

t.test("003-09 0 BLOCKER and 0 WARNING are read from the report", async (t) => {
  t.match(evidence.texts("scan"), [/scan-all --json$/]);
  const expected = evidence.expected("scan");
  t.match(expected, ["exit 0"]);
  for (const field of ["/totalBlockers 0", "/totalWarnings 0", '/level "deep"'])
    t.ok(expected.includes(`json ${field}`), field);
  t.match(json("storage_reports/latest-scan/summary.json"), { totalBlockers: 0, totalWarnings: 0 });
});

t.test("003-10 a second build is the same byte for byte, and the copy is removed", async (t) => {
  for (const name of ["again", "same", "tidy"]) t.match(evidence.verdicts(name), ["PASS"], name);
  t.match(evidence.texts("same"), ['diff -r "$candidate-run1" "$candidate"']);
  t.match(evidence.expected("same").join(), /empty/);
  t.notOk(existsSync(join(project, "storage_candidate/v1-run1")));
});

t.test("003-11 the root of each module, its count and the run record are kept", async (t) => {
  const receipts = evidence.receipts("roots").slice(0, 8);
  t.equal(receipts.length, 8);
  for (const { item, saved } of receipts) {
    const merkle = json(`storage_candidate/v1/${item}/checksums/merkle.json`);
    t.strictSame([saved["module_root"], saved["module_size"]], [merkle["root"], String(merkle["size"])], item ?? "");
  }
  const root = evidence.receipts("root")[0]?.saved["run_root"];
  t.equal(root, json("storage_candidate/v1/checksums/run.json")["root"]);
});

t.test("003-12 the injected failure must fail, leave no candidate, and come before what is recorded", async (t) => {
  t.match(evidence.receipts("drill-fail"), [{ exit: 1, verdict: "PASS", env: ["MIGRATE_FAIL_AFTER_MODULE"] }]);
  t.match(evidence.expected("drill-fail").join(), /^exit 1,absent .*INJECTED_FAILURE$/);
  t.ok(evidence.first("step.end", "drill-fail") < evidence.first("step.intent", "migrate"));
  t.ok(evidence.first("step.end", "drill-fail") < evidence.first("step.intent", "root"), "X34");
});

t.test("003-13 the pointer is flipped to the release of the recorded root, after two signatures", async (t) => {
  const root = evidence.receipts("root")[0]?.saved["run_root"] ?? "";
  t.match(only(records, "flip"), [{ data: { pointer: "storage/current", to: `releases/${root}`, root } }]);
  t.equal(readlinkSync(join(project, "storage/current")), `releases/${root}`);
  t.match(only(records, "flip")[0]?.data.scanSha256, /^[0-9a-f]{64}$/);
  const at = evidence.first("flip", "pointer");
  const before = only(records, "sign").filter(({ seq, data }) => seq < at && data.say === "done");
  t.strictSame(new Set(before.map(({ data }) => data.role)), new Set(["operator", "reviewer"]));
});

t.test("003-14 the smoke test is acknowledged by the operator", async (t) => {
  t.match(evidence.texts("smoke"), ["Open the app, load the modules, confirm no errors (read-only)"]);
  t.match(
    only(records, "sign").filter(({ data }) => data.about === "smoke"),
    [{ data: { role: "operator", say: "done" } }],
  );
  t.ok(evidence.first("check", "smoke") > evidence.first("flip", "pointer"));
});

t.test("003-17 the live pointer is scanned after the flip, and the logs are looked at", async (t) => {
  t.match(evidence.texts("live-scan"), [/scan-all --live/]);
  t.ok(evidence.first("check", "live-scan") > evidence.first("flip", "pointer"));
  t.equal(evidence.verdicts("live-scan").at(-1), "PASS");
  t.match(evidence.verdicts("live-root"), ["PASS"]);
  t.match(
    only(records, "sign").filter(({ data }) => data.about === "logs"),
    [{ data: { say: "done" } }],
  );
});

t.test("G13 a run that succeeded has one outcome and is complete", async (t) => {
  t.equal(only(records, "run.end").length, 1);
  t.match(only(records, "run.end")[0]?.data, { outcome: "SUCCEEDED", complete: true, closable: true });
  t.equal(played.outcome, "SUCCEEDED");
});
