import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { candor, type Ran } from "../helpers/cli-project.ts";

const PLAN = `cutover: 1
id: DEMO
owner: ana
roles: {operator: ana, reviewer: bea}
checks: {one: {probe: cat state, out: '/^one$/m'}}
gates: {G1: {by: operator, fresh: 60m, pass: [{use: one}]}}
phases:
- id: first
  steps:
  - {id: make, sh: echo one > state, done_if: {probe: cat state, out: '/^one$/m'}, undo: {sh: test -e mended && rm state}}
  - {id: wait, probe: cat go, out: '/^yes$/m'}
stop:
- {id: panic, manual: Somebody is hurt, by: reviewer, then: rollback}
`;

t.setTimeout(300_000);

// One run from a HOLD to a rollback that failed and was ended by hand: each verb finds the state that the one before left.
const root = t.testdir({ "plan.yaml": PLAN });
mkdirSync(join(root, "migration"));
writeFileSync(join(root, "migration/migration.json"), "{}");
const cutover = (...words: readonly string[]): Ran => candor(root, ["cutover", ...words]);

t.test("dry-run --probe asks the checks and ends with 16 where one does not hold", async (t) => {
  t.match(cutover("dry-run", "plan.yaml", "--probe"), { code: 16, stdout: /^FAIL +one: /m });
  writeFileSync(join(root, "state"), "one\n");
  t.match(cutover("dry-run", "plan.yaml", "--probe"), { code: 0, stdout: /^PASS +one$/m });
  t.match(cutover("dry-run", "nowhere.yaml"), { code: 2, stdout: "" });
});

t.test("--until refuses a phase that the plan does not have, before there is a run", async (t) => {
  t.match(cutover("run", "plan.yaml", "--until", "frist"), {
    code: 2,
    stderr: /--until .* "frist".*\n.*phases are: first/,
  });
  t.equal(cutover("status").stdout, "no runs\n");
});

t.test("run --exit-on-hold ends with 20, and status --json says what it waits for", async (t) => {
  t.match(cutover("run", "plan.yaml", "--exit-on-hold"), { code: 20, stdout: /^HOLD demo-1: / });
  const [status] = JSON.parse(cutover("status", "--json").stdout);
  t.match(status, {
    run: "demo-1",
    state: "HOLD",
    driver: null,
    hold: { subject: "wait", choices: ["again", "done"] },
  });
  t.match(status.steps, { done: 1, failed: 1 });
});

t.test(
  "a run id that is taken is told with the command that shows the run, and a resume checks --until too",
  async (t) => {
    t.match(cutover("run", "plan.yaml", "--run-id", "demo-1"), { code: 2, stderr: /cutover status --run demo-1/ });
    t.match(cutover("resume", "--until", "frist"), { code: 2, stderr: /phases are: first/ });
  },
);

t.test("reconcile is 0 where the world is as recorded, and 16 where it has drifted", async (t) => {
  t.match(cutover("reconcile"), { code: 0, stdout: "same  make: journal done, world done\n" });
  writeFileSync(join(root, "state"), "two\n");
  t.match(cutover("reconcile"), { code: 16, stdout: "DRIFT make: journal done, world not done\n" });
});

t.test("gate is 0 for PASS and 16 for anything else; a gate that is not there is refused with 2", async (t) => {
  t.match(cutover("gate", "G1"), { code: 16, stdout: /G1 +FAIL/ });
  writeFileSync(join(root, "state"), "one\n");
  t.match(cutover("gate", "G1"), { code: 0, stdout: /G1 +PASS/ });
  t.match(cutover("gate", "G9"), { code: 2, stderr: /error REFUSED: The plan has no gate G9/ });
});

t.test("sign takes who holds the role and what may be said, and refuses everything else with 2", async (t) => {
  const sign = (role: string, name: string, say: string): Ran =>
    cutover("sign", "--role", role, "--name", name, "--say", say, "--for", "wait", "--reason", "looked at it");
  t.match(sign("nobody", "ana", "again"), { code: 2, stderr: /error REFUSED: The plan has no role nobody/ });
  t.match(sign("operator", "eve", "again"), { code: 2, stderr: /eve does not hold the role operator/ });
  t.match(cutover("sign", "--role", "operator"), { code: 2, stderr: /--say/ });
  t.match(sign("operator", "ana", "again"), { code: 0, stdout: /head [0-9a-f]{64}\n/ });
  t.match(cutover("resume", "--exit-on-hold"), { code: 20, stdout: /^HOLD demo-1: / });
});

t.test("hold needs a reason", async (t) => {
  t.match(cutover("hold"), { code: 2, stderr: /--reason/ });
  t.match(cutover("hold", "--reason", "look first"), { code: 0 });
});

t.test("take-over needs a reason and is signed", async (t) => {
  const take = ["take-over", "--role", "operator", "--name", "ana"];
  t.match(cutover(...take), { code: 2, stderr: /error REFUSED: A take-over needs a --reason/ });
  t.match(cutover(...take, "--reason", "the host is gone"), { code: 0, stdout: /^took over from nobody/ });
});

t.test("trigger is for its role, and reconcile still answers once a rollback is asked for", async (t) => {
  const trigger = ["trigger", "panic", "--reason", "smoke"];
  t.match(cutover(...trigger, "--role", "operator", "--name", "ana"), {
    code: 2,
    stderr: /panic is triggered by reviewer/,
  });
  t.match(cutover("trigger", "none", "--role", "reviewer", "--name", "bea"), { code: 2, stderr: /error REFUSED/ });
  t.match(cutover(...trigger, "--role", "reviewer", "--name", "bea"), { code: 0, stdout: /stop panic: rollback/ });
  t.match(cutover("reconcile"), { code: 0, stdout: "same  make: journal done, world done\n" });
});

t.test("undo ends a rollback that failed: 22 until it is done, then 21", async (t) => {
  t.match(cutover("resume", "--exit-on-hold"), { code: 22, stdout: /^ROLLBACK_FAILED demo-1/ });
  t.match(cutover("undo", "nothing"), { code: 2, stderr: /There is no undo nothing; left: make\.undo\.1/ });
  t.match(cutover("undo", "make"), { code: 22, stdout: "failed make\nleft make.undo.1\n" });
  writeFileSync(join(root, "mended"), "");
  t.match(cutover("undo", "make.undo.1"), { code: 21, stdout: "done make.undo.1\n" });
  t.match(JSON.parse(cutover("status", "--json").stdout), [{ state: "ROLLED_BACK", left: [] }]);
  t.throws(() => readFileSync(join(root, "state")), { code: "ENOENT" });
});

t.test("F45: a rollback of what is rolled back does nothing", async (t) => {
  writeFileSync(join(root, "state"), "of somebody else");
  const again = cutover("rollback", "--run", "demo-1", "--reason", "once more");
  t.match(again, { code: 0, stdout: /^nothing to roll back: the run has ended \(ROLLED_BACK\)$/m });
  t.match(cutover("resume", "--run", "demo-1"), {
    code: 2,
    stderr: /error REFUSED: The run has ended \(ROLLED_BACK\)/,
  });
  t.match(JSON.parse(cutover("status", "--json").stdout), [{ state: "ROLLED_BACK", left: [] }]);
  t.equal(readFileSync(join(root, "state"), "utf8"), "of somebody else");
  rmSync(join(root, "state"));
});
