import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { openRun } from "../../../tools/migration/cutover/documents/open-run.ts";
import { renderDocument } from "../../../tools/migration/cutover/documents/render.ts";
import { runReport } from "../../../tools/migration/cutover/documents/report.ts";
import { lintPlanText } from "../../../tools/migration/cutover/plan/load-plan.ts";
import { candor } from "../../helpers/cli-project.ts";
import { cutoverProject, demoPlan, only, play } from "../../helpers/cutover.ts";
import { mintRun } from "../../helpers/recorded-run.ts";

const CUT_OFF = "CAP-20260212-014128__spine.verify";

t.test("X22 a run whose receipts all have their run keys may be closed", async (t) => {
  const root = t.testdir();
  mintRun(root);
  const opened = openRun(root, "run-1", { unsealed: false });
  t.strictSame(opened.view.receiptProblems, []);
  t.ok(runReport(opened.view).closable);
  t.match(renderDocument(opened, "scope"), /^status: closed$[\s\S]*^- \[x\] Each receipt names its run key$/m);
});

t.test(
  "X22 a recert receipt whose run key is cut off, or missing, is not closable, whatever the driver said",
  async (t) => {
    for (const [keys, expected] of [
      [[CUT_OFF], `the run key ${CUT_OFF} is not of the form`],
      [[], "its output names no run key"],
    ] as const) {
      const root = t.testdir();
      mintRun(root, { recertKeys: keys });
      const opened = openRun(root, "run-1", { unsealed: false });
      t.match(opened.view.receiptProblems, [new RegExp(`^record [0-9]+, spine.verify: ${expected}`)]);
      t.equal(opened.view.receiptProblems.length, 1);
      t.notOk(runReport(opened.view).closable);
      t.match(renderDocument(opened, "scope"), /^status: open$[\s\S]*^- \[ \] Each receipt names its run key: record/m);
      t.match(renderDocument(opened, "changepack"), /Outcome: SUCCEEDED, complete, not closable: RECEIPT\\_INVALID/);
    }
  },
);

t.test("X22 evidence and seal tell it with its code, and end with 16", async (t) => {
  const root = t.testdir();
  mintRun(root, { recertKeys: [CUT_OFF] });
  const line = `not closable: RECEIPT_INVALID: record`;
  for (const command of ["evidence", "seal"]) {
    const ran = candor(root, ["cutover", command, "--root", root]);
    t.match(ran, { code: 16, stderr: "" }, command);
    t.match(ran.stdout, line);
  }
  const statement = readFileSync(join(root, "storage_reports/cutover/run-1/docs/statement.json"), "utf8");
  t.match(JSON.parse(statement), { predicate: { outcome: "SUCCEEDED", closable: false } });
});

/** Two commands of which the second prints what a run key is not. */
function keyed(second: string): string {
  return demoPlan(`harvest: {run_key: 'Run Key: (\\S+)'}
run_keys: {harvest: run_key, of: 'cap run'}
phases:
- id: first
  steps:
  - {id: one, sh: 'echo "Run Key: CAP-20260212-011535__spine.verify__Rq3md83791" # cap run a', undo: {none: no}}
  - {id: two, sh: 'echo "${second}" # cap run b', undo: {none: no}}
  - {id: other, sh: 'echo nothing', undo: {none: no}}
`);
}

t.test("X22 the driver ends such a run as not closable and says why", async (t) => {
  for (const second of ["done", "Run Key: CAP-20260212-014128__spine.verify"]) {
    const project = cutoverProject(t);
    const { ending, said } = await play(project, keyed(second));
    t.equal(ending.outcome, "SUCCEEDED");
    const [end] = only(project.records(), "run.end");
    t.match(end?.data, { complete: true, closable: false, reason: /^RECEIPT_INVALID: record [0-9]+, two: / });
    t.match(said.join("\n"), "not closable: RECEIPT_INVALID: record");
  }
  const project = cutoverProject(t);
  await play(project, keyed("Run Key: CAP-20260212-014128__gaps.status__R1"));
  t.match(only(project.records(), "run.end")[0]?.data, { closable: true, reason: null });
});

t.test("X22 run keys that nothing collects are an error of the plan", async (t) => {
  const { book } = lintPlanText(keyed("x").replace("harvest: run_key", "harvest: key"));
  t.match(book.messages, [{ severity: "error", text: "there is no value of harvest named key" }]);
});
