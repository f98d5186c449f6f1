import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { Parser } from "tap-parser";
import { parse } from "yaml";
import { openRun } from "../../../tools/migration/cutover/documents/open-run.ts";
import { type DocumentName, renderDocument } from "../../../tools/migration/cutover/documents/render.ts";
import type { Verdict } from "../../../tools/migration/cutover/journal/record.ts";
import { EVIDENCE_LINES } from "../../helpers/evidence-lines.ts";
import { mintRun, RecordedRun } from "../../helpers/recorded-run.ts";

function render(root: string, name: DocumentName): string {
  return renderDocument(openRun(root, "run-1", { unsealed: false }), name);
}

const GATES = ["G1", "G2", "G3", "G4", "G5"];

/** The production cutover of step 22: all gates pass; kept, or rolled back by a P1. */
function step22Run(root: string, options: { p1?: boolean } = {}): RecordedRun {
  const recorded = new RecordedRun(root, "migration/cutover/step22.yaml", {
    vars: { health_urls: "http://127.0.0.1/health" },
  });
  const { digest } = recorded.plan;
  recorded.add({ type: "run.armed", step: null, attempt: null, data: { t0: "2026-02-12T02:00:00Z", lists: {} } });
  for (const id of GATES) {
    const data = {
      verdict: "PASS",
      by: [],
      say: null,
      planSha256: digest,
      heads: {},
      freshMs: null,
      items: [],
    } as const;
    recorded.add({ type: "gate", step: id, attempt: 1, data });
  }
  const tick = (label: string, decision: string | null = null): void => {
    const asked = recorded.plan.timeline.find((one) => one.label === label);
    const data = {
      verdict: "PASS",
      late: false,
      by: asked?.by ?? [],
      evidence: asked?.evidence ?? null,
      decision,
      reason: null,
    } as const;
    recorded.add({ type: "tick", step: label, attempt: 1, data });
  };
  tick("T-60");
  tick("T-30");
  recorded.sign("go-no-go", "release-manager", "go");
  recorded.sign("go-no-go", "ops-lead", "go");
  tick("T-10", "go");
  recorded.step("execute", "cutover", { saved: { ticket: "CHG-42", executed_at: "2026-02-12T02:00:05Z" } });
  tick("T0");
  for (const id of ["health", "services", "logs"]) recorded.check(id, "T+10", {}, "tick");
  tick("T+10");
  if (options.p1 === true) {
    const sign = {
      about: "p1",
      role: "l1",
      name: "@l1",
      via: null,
      say: "rollback",
      reason: "orders fail",
      fields: {},
      head: recorded.journal.head.hash,
    };
    recorded.add({
      type: "stop.fire",
      step: "p1",
      attempt: null,
      data: { action: "rollback", badMs: 0, say: null, sign, acted: true },
    });
    recorded.undo("execute");
    recorded.add({ type: "rollback.end", step: null, attempt: null, data: { scope: "run", result: "done", left: [] } });
    recorded.end("ROLLED_BACK", { complete: false, closable: true });
    return recorded;
  }
  recorded.sign("closure", "release-manager", "keep");
  recorded.sign("closure", "project-owner", "keep");
  tick("T+30", "keep");
  recorded.end("SUCCEEDED");
  return recorded;
}

t.test("004-18 the evidence package has its eleven lines in order, none left out", async (t) => {
  const root = t.testdir();
  step22Run(root);
  const lines = render(root, "evidence").trimEnd().split("\n");
  t.strictSame(
    lines.map((line) => line.slice(0, line.indexOf(": "))),
    EVIDENCE_LINES,
  );
  t.equal(lines[0], "Cutover ticket ID: CHG-42");
  t.equal(lines[1], "Environment: production");
  t.match(lines[3], /G1 PASS \(record [0-9]+\), G2 PASS.*G5 PASS/);
  t.match(lines[6], /T-10 decision: go, PASS, release-manager @release-manager go/);
  t.match(lines[7], /execute executed_at=2026-02-12T02:00:05Z ticket=CHG-42.*Change ticket \+ execution timestamp/);
  t.match(lines[9], /keep, PASS/);
  t.equal(lines[10], "Rollback trigger (if any): none");
});

t.test("004-18 a run that did not get that far says so on the same eleven lines", async (t) => {
  const root = t.testdir();
  new RecordedRun(root, "migration/cutover/step22.yaml").journal.close();
  const lines = render(root, "evidence").trimEnd().split("\n");
  t.equal(lines.length, 11);
  t.match(lines[0], /none was given/);
  t.match(lines[3], /G1 not evaluated/);
  t.match(lines[7], /not reached/);
});

t.test("004-16 a rollback and who triggered it are in the evidence", async (t) => {
  const root = t.testdir();
  step22Run(root, { p1: true });
  const lines = render(root, "evidence").trimEnd().split("\n");
  t.match(lines[9], /not reached/);
  t.match(lines[10], /p1, rollback by l1 @l1: orders fail at .* rollback done/);
});

t.test("004-17 the checklist ticks a role once all that it owns has passed", async (t) => {
  const root = t.testdir();
  step22Run(root);
  const lines = render(root, "checklist").trimEnd().split("\n");
  t.equal(lines.length, 5);
  for (const line of lines) t.match(line, /^- \[x\] /);
  const rolled = t.testdir({ sub: {} });
  step22Run(join(rolled, "sub"), { p1: true });
  const open = render(join(rolled, "sub"), "checklist").trimEnd().split("\n");
  t.strictSame(
    open.map((line) => line.slice(0, 5)),
    ["- [x]", "- [x]", "- [x]", "- [ ]", "- [ ]"],
  );
});

t.test("001-01 the scope has the front matter of a loop, closed by a run that may be closed", async (t) => {
  const root = t.testdir();
  mintRun(root);
  const front = parse(render(root, "scope").split("---\n")[1] ?? "");
  t.strictSame(front, {
    loop_id: "LOOP-MINT-PROD-CUTOVER-EXECUTION-20260212",
    status: "closed",
    closed: "2026-02-12",
    opened: "2026-02-12",
    owner: "@ronny",
    scope: "Execute first production cutover for mint-modules using promotion gate scripts",
    repos: ["mint-modules", "agentic-spine"],
  });
  const open = t.testdir({ sub: {} });
  new RecordedRun(join(open, "sub"), "migration/cutover/mint-prod-cutover.yaml").journal.close();
  t.match(parse(render(join(open, "sub"), "scope").split("---\n")[1] ?? ""), { status: "open", closed: undefined });
});

t.test("001-11 to 001-15 baseline, closeout, state of the services, recert and commits", async (t) => {
  const root = t.testdir();
  mintRun(root);
  const scope = render(root, "scope");
  t.match(
    scope,
    /- spine\.verify: `CAP-20260212-011535__spine\.verify__Rq3md83791`, record [0-9]+ - PASS; output `sha256:[0-9a-f]{64}`/,
  );
  t.match(scope, /### Outcome\n\nRun `run-1`: \*\*SUCCEEDED, complete, closable\*\*\./);
  t.match(scope, /\*\*Adaptation\*\*: Where Docker does not run locally/);
  t.match(
    scope,
    /- order-intake: PASS: status=ok, minio=ok, image `mint-modules\/order-intake:0ce4de6` \(first deploy\)/,
  );
  t.match(scope, /- smoke: PASS/);
  t.match(scope, /### Recert Receipts\n\n- spine\.verify: `CAP-20260212-014128__spine\.verify__Rq3md83791`/);
  t.match(scope, /The commit that holds this document is added by `seal`/);
  t.match(scope, /Journal head: record [0-9]+, `[0-9a-f]{64}`/);
});

t.test("001-10 000-37 the done definition ticks what a record shows", async (t) => {
  const root = t.testdir();
  mintRun(root);
  const lines = render(root, "scope").split("## Done Definition\n\n")[1]?.split("\n\n")[0]?.split("\n") ?? [];
  t.equal(lines.length, 8);
  for (const line of lines) t.match(line, /^- \[x\] .*(record [0-9]+|closable|receipt)/);
});

t.test(
  "001-12 the closeout has a line for each deviation, with the commit that it explains and who signed",
  async (t) => {
    const root = t.testdir();
    const recorded = new RecordedRun(root, "migration/cutover/mint-prod-cutover.yaml");
    const sign = {
      about: "deviation",
      role: "operator",
      name: "@ronny",
      via: null,
      say: "deviation",
      reason: "x",
      fields: {},
      head: recorded.journal.head.hash,
    };
    const add = (text: string, repo: string | null, commit: string | null): void => {
      recorded.add({ type: "deviation", step: null, attempt: null, data: { text, repo, commit, plan: null, sign } });
    };
    add("images built on the host", null, null);
    add("smoke fix", "mint-modules", "2ba09d2");
    add("another fix", ".", "0ce4de6");
    recorded.journal.close();
    const scope = render(root, "scope");
    t.match(scope, /\*\*Deviation\*\*: images built on the host, signed by operator @ronny \(record 2\)/);
    t.match(
      scope,
      /\*\*Deviation\*\* \(commit `2ba09d2` of mint-modules\): smoke fix, signed by operator @ronny \(record 3\)/,
    );
    t.match(scope, /\*\*Deviation\*\* \(commit `0ce4de6` of this project\): another fix, signed by/);
  },
);

t.test("000-36 the run keys of a phase are in its line", async (t) => {
  const root = t.testdir();
  mintRun(root);
  t.match(
    render(root, "scope"),
    /1\. \*\*P0 Baseline\*\*: passed; run keys `CAP-20260212-011535__spine\.verify__Rq3md83791`/,
  );
});

t.test("001-10 a rolled back run is closed where the service was restored", async (t) => {
  const root = t.testdir();
  mintRun(root, { blocked: true });
  const scope = render(root, "scope");
  t.match(scope, /ROLLED_BACK, not complete, closable/);
  t.match(scope, /\*\*Stop health-gate\*\*: rollback/);
  const pack = render(root, "changepack");
  t.match(pack, /\| Actual downtime \| 6[0-9] s \|/, "until the old stacks are back");
  t.match(pack, /undone: PASS/);
});

t.test("G14 the reports count skips apart; TAP, JUnit and JSON agree", async (t) => {
  const root = t.testdir();
  const recorded = new RecordedRun(root, "migration/cutover/mint-prod-cutover.yaml");
  recorded.check("ssh", "prep");
  recorded.check("docker", "prep", { verdict: "FAIL", notes: ['a <b> & "c"'] });
  recorded.check("networks", "prep", { verdict: "UNKNOWN" });
  recorded.add({ type: "step.skip", step: "settle", attempt: null, data: { kind: "na", reason: "mock # source" } });
  recorded.journal.close();
  const json = JSON.parse(render(root, "json"));
  t.strictSame(json.counts, { passed: 1, failed: 1, unknown: 1, skipped: 1 });
  const tap = Parser.parse(render(root, "tap"));
  const asserts = tap.flatMap((event) => (event[0] === "assert" ? [event[1]] : []));
  t.strictSame(
    asserts.map(({ ok, skip }) => [ok, skip]),
    [
      [true, false],
      [false, false],
      [false, false],
      [true, "mock # source"],
    ],
  );
  const junit = render(root, "junit");
  t.match(junit, /<testsuites name="LOOP-[^"]*" tests="4" failures="1" errors="1" skipped="1"/);
  t.match(junit, /a &lt;b&gt; &amp; &quot;c&quot;/);
});

t.test("what was asked again counts by its last answer, and the reports tell what it was before", async (t) => {
  const root = t.testdir();
  const recorded = new RecordedRun(root, "migration/cutover/step22.yaml", {
    vars: { health_urls: "http://127.0.0.1/" },
  });
  const gate = { by: [], say: null, planSha256: recorded.plan.digest, heads: {}, freshMs: null };
  const evaluate = (verdict: Verdict, reason: string | null): void => {
    const items = [{ name: "smoke", verdict, reason }];
    recorded.add({ type: "gate", step: "G1", attempt: null, data: { ...gate, verdict, items } });
  };
  evaluate("UNKNOWN", "nobody <signed>");
  evaluate("FAIL", "500 # of 200");
  recorded.check("health", "G1", {}, "gate");
  evaluate("PASS", null);
  // Two items of one step are two cases, whatever became of the other.
  recorded.step("execute", "cutover", { item: "a", verdict: "FAIL", result: "failed", reason: "no" });
  recorded.step("execute", "cutover", { item: "b" });
  recorded.journal.close();
  const { counts, cases } = JSON.parse(render(root, "json"));
  t.strictSame(counts, { passed: 3, failed: 1, unknown: 0, skipped: 0 });
  const names = cases.map(({ suite, name }: { suite: string; name: string }) => `${suite}: ${name}`);
  t.strictSame(names, ["G1: health (gate)", "gates: G1", "cutover: execute[a]", "cutover: execute[b]"]);
  t.match(cases[1].earlier, [
    { verdict: "UNKNOWN", seq: 2 },
    { verdict: "FAIL", reason: "500 # of 200", seq: 3 },
  ]);
  const tap = render(root, "tap");
  t.match(
    tap,
    /ok 2 - gates: G1\n# before: UNKNOWN \(record 2\) nobody <signed>\n# before: FAIL \(record 3\) 500 # of 200\nnot ok 3/,
  );
  t.equal(Parser.parse(tap).filter(([event]) => event === "assert").length, 4);
  const junit = render(root, "junit");
  t.match(junit, /tests="4" failures="1" errors="0"/);
  t.match(junit, /name="G1"[^>]*><system-out>before: UNKNOWN \(record 2\) nobody &lt;signed&gt;&#10;before: FAIL/);
});

t.test("every document of a run without a record but its start can be read", async (t) => {
  for (const plan of ["mint-prod-cutover", "mint-rank5plus", "station56", "step22"]) {
    const root = t.testdir();
    new RecordedRun(join(root, plan), `migration/cutover/${plan}.yaml`).journal.close();
    const names: DocumentName[] = ["changepack", "scope", "evidence", "checklist", "json", "junit", "tap"];
    for (const name of names) t.ok(render(join(root, plan), name).length > 20, `${plan} ${name}`);
    t.ok(readFileSync(join(root, plan, "storage_reports/cutover/run-1/plan.yaml")).length > 0);
  }
});
