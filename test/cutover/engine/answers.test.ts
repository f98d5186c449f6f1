import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { arm } from "../../../tools/migration/cutover/engine/arm.ts";
import { FIRST_PREV, sealRecord } from "../../../tools/migration/cutover/journal/chain.ts";
import { openRunDirectory } from "../../../tools/migration/cutover/journal/run-directory.ts";
import { parsePlanText } from "../../../tools/migration/cutover/plan/load-plan.ts";
import { type CutoverProject, cutoverProject, demoPlan, driverFor, only, play } from "../../helpers/cutover.ts";
import { stubSsh } from "../../helpers/stub-ssh.ts";

const PATIENCE = { aliveSeconds: 1, unreachedMs: 50, wrapperMs: 1000 };
const PLAN = demoPlan(`hosts: {near: near.example, far: far.example}
phases:
- id: work
  steps:
  - {id: one, on: near, sh: 'true', undo: {on: far, sh: 'true'}}
`);

t.test("F43, I6: a host of the way back that does not answer holds before the first change", async (t) => {
  const project = cutoverProject(t);
  stubSsh(t, project.root);
  const down = join(project.root, "down-far.example");
  writeFileSync(down, "");
  const { ending } = await play(project, PLAN, { ssh: PATIENCE });
  t.match(ending, { outcome: "HOLD", reason: "host far does not answer" });
  t.strictSame(only(project.records(), "step.intent"), [], "nothing was begun");
  const asked = only(project.records(), "check").map(({ step, data }) => [step, data.verdict]);
  t.strictSame(asked, [
    ["host near", "PASS"],
    ["host far", "UNKNOWN"],
  ]);

  rmSync(down);
  const again = await play(project, PLAN, {
    ssh: PATIENCE,
    resume: "demo-1",
    meanwhile: ({ sign }) => sign("again", "preflight"),
  });
  t.equal(again.ending.outcome, "SUCCEEDED", "and goes on once it answers");
});

t.test("I6: a host that falls silent before T0 is a no-go", async (t) => {
  const project = cutoverProject(t);
  stubSsh(t, project.root);
  const timeline = `timeline:
- {at: T-10, by: operator, do: [{manual: freeze, by: operator}]}
- {at: T0, by: operator, phase: work}
`;
  const text = `${PLAN}${timeline}`;
  const { options, end } = driverFor(project);
  const file = { plan: parsePlanText(text, "plan.yaml"), file: "plan.yaml" };
  await arm(options, file, { vars: new Map(), roles: new Map() }, { t0: "2026-03-14T00:30:00Z" });
  end();
  const { ending } = await play(project, text, {
    ssh: PATIENCE,
    exitOnHold: true,
    meanwhile: async ({ clock, said, sign }) => {
      while (!said.some((line) => line.startsWith("waiting"))) await clock.sleep(100);
      writeFileSync(join(project.root, "down-near.example"), "");
      sign("done", "T-10.1");
    },
  });
  t.match(ending, { outcome: "HOLD", reason: "T0 is blocked: host near does not answer" });
  t.match(only(project.records(), "hold").at(-1)?.data, { code: "NO_GO" });
  t.strictSame(only(project.records(), "step.intent"), [], "nothing was begun");
});

t.test("I6: a database of the plan that does not answer holds before the first change", async (t) => {
  const project = cutoverProject(t);
  const text = demoPlan(`dbs: {shop: {kind: postgres, env: SHOP_URL}}
phases:
- id: work
  steps:
  - {id: one, sh: 'echo one >> effects', undo: {db: shop, sql: DELETE FROM orders, rows: 1}}
`);
  const { ending } = await play(project, text, { environment: { SHOP_URL: "postgres://nobody@127.0.0.1:1/none" } });
  t.match(ending, { outcome: "HOLD", reason: "database shop does not answer" });
  t.strictSame(project.effects(), []);
});

/** The same journal as another machine would have written it. */
function writtenOn(project: CutoverProject, host: string): void {
  const { journal, head } = openRunDirectory(project.root, "demo-1");
  let last = { seq: -1, hash: FIRST_PREV };
  const lines = project.records().map((record) => {
    const { hash: _, prev: __, ...rest } = record;
    const moved = { ...rest, prev: last.hash, host };
    const sealed = sealRecord(moved, moved);
    last = { seq: record.seq, hash: sealed.record.hash };
    return sealed.line;
  });
  writeFileSync(journal, lines.join(""));
  writeFileSync(head, readFileSync(head, "utf8").replace(/[0-9a-f]{64}/, last.hash));
}

t.test("F78: on another machine hosts must answer again before anything goes on", async (t) => {
  const project = cutoverProject(t);
  stubSsh(t, project.root);
  const more = "  - {id: two, sh: 'echo two >> effects; test -e mended', undo: {none: no}}\n";
  t.equal((await play(project, PLAN + more, { ssh: PATIENCE, exitOnHold: true })).ending.outcome, "HOLD");
  writeFileSync(join(project.root, "mended"), "");
  const down = join(project.root, "down-far.example");
  writeFileSync(down, "");
  writtenOn(project, "night-laptop");
  const { ending } = await play(project, PLAN + more, {
    ssh: PATIENCE,
    resume: "demo-1",
    meanwhile: async ({ run, clock, sign }) => {
      const isHeld = (subject: string): boolean => run.state.hold?.subject === subject;
      while (!isHeld("preflight")) await clock.sleep(100);
      t.match(run.state.hold, {
        reason: "host far does not answer",
        choices: ["again", "override", "rollback", "abort"],
      });
      t.strictSame(project.effects(), ["two"], "nothing was begun");
      rmSync(down);
      sign("again", "preflight");
      while (!isHeld("two")) await clock.sleep(100);
      sign("again", "two");
    },
  });
  t.equal(ending.outcome, "SUCCEEDED");
  const asked = only(project.records(), "check").filter(({ step }) => step === "host near");
  t.equal(asked.length, 3, "before the first change, and twice on the other machine");
});
