import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { arm } from "../../../tools/migration/cutover/engine/arm.ts";
import { request } from "../../../tools/migration/cutover/engine/send-request.ts";
import { parsePlanText } from "../../../tools/migration/cutover/plan/load-plan.ts";
import { gatesText } from "../../../tools/migration/printers/cutover-text.ts";
import {
  type CutoverProject,
  cutoverProject,
  demoPlan,
  driverFor,
  only,
  type Playing,
  play,
} from "../../helpers/cutover.ts";

/** A timeline of a minute: T0 is 30 s after the start. */
const PLAN = demoPlan(`vars: {mods: [a, b]}
checks:
  ok: {probe: 'cat ok', out: ^yes}
gates:
  G1: {by: operator, fresh: 90m, pass: [{probe: 'bash check.sh', out: ready}]}
  G2: {by: reviewer, fresh: 90m, pass: [{manual: manuals read, by: [operator, reviewer]}]}
timeline:
- {at: T-20s, by: operator, gates: [G1, G2]}
- {at: T-10s, by: operator, sign: go-no-go, choose: [go, hold]}
- {at: T0, by: operator, phase: act}
- {at: T+20s, by: operator, sign: closure, choose: [keep, rollback]}
phases:
- id: act
  steps:
  - {id: one, sh: 'echo one >> effects', undo: {sh: 'echo undo-one >> effects'}}
`);

async function armed(t: Parameters<typeof cutoverProject>[0], text = PLAN): Promise<CutoverProject> {
  const project = cutoverProject(t);
  writeFileSync(join(project.root, "ok"), "yes\n");
  writeFileSync(join(project.root, "check.sh"), "echo ready\n");
  const { options, end } = driverFor(project);
  const plan = parsePlanText(text, "plan.yaml");
  await arm(
    options,
    { plan, file: "plan.yaml" },
    { vars: new Map(), roles: new Map() },
    { t0: "2026-03-14T00:00:30Z" },
  );
  end();
  return project;
}

/** Signs what lets the run come to T0. */
async function goodUntilGo({ clock, sign }: Playing): Promise<void> {
  await clock.sleep(5000);
  sign("done", "G2.1");
  sign("done", "G2.1", { role: "reviewer", name: "bea" });
  await clock.sleep(20_000);
  sign("go", "go-no-go");
}

t.test("004-02: every gate of the plan is evaluated by one command, as a table", async (t) => {
  const project = await armed(t);
  const { options, end } = driverFor(project);
  const { gates } = await request(options, undefined, { command: "gate", body: {} });
  t.strictSame(gatesText(gates).split("\n"), [
    "G1  PASS     operator",
    "G2  UNKNOWN  reviewer  manuals read: not acknowledged by all of operator, reviewer",
    "",
  ]);
  t.match((await request(options, undefined, { command: "gate", body: { gate: "G1" } })).gates, [{ gate: "G1" }]);
  await t.rejects(request(options, undefined, { command: "gate", body: { gate: "G9" } }), { code: "REFUSED" });
  end();
  t.strictSame(only(project.records(), "step.intent"), [], "without any change");
});

t.test("F39: keep is refused while a stop is bad", async (t) => {
  const text = `${PLAN}stop:\n- {id: health, use: ok, every: 1s, bad_for: 20m, ok_after: 1, from: T0, then: rollback}\n`;
  const project = await armed(t, text);
  const { ending } = await play(project, text, {
    meanwhile: async (playing) => {
      await goodUntilGo(playing);
      const { clock, sign } = playing;
      await clock.sleep(20_000);
      writeFileSync(join(project.root, "ok"), "no\n");
      await clock.sleep(10_000);
      sign("keep", "closure");
      await clock.sleep(5000);
      writeFileSync(join(project.root, "ok"), "yes\n");
      await clock.sleep(5000);
      sign("keep", "closure");
    },
  });
  t.equal(ending.outcome, "SUCCEEDED");
  const refusals = only(project.records(), "request").filter(({ data }) => data.command === "refused");
  t.match(
    refusals.map(({ data }) => data.body),
    [{ reason: "keep is refused while a stop is bad: health." }],
  );
});

t.test("F85: a list is frozen when T0 is set", async (t) => {
  const project = await armed(t);
  t.strictSame(only(project.records(), "run.armed")[0]?.data.lists, { mods: ["a", "b"] });
  await t.rejects(play(project, PLAN.replace("[a, b]", "[a, b, c]")), { code: "PLAN_CHANGED" });
});

t.test("F82: a script that changed since its gate passed is no PASS any more", async (t) => {
  const project = await armed(t);
  const { ending } = await play(project, PLAN, {
    meanwhile: async (playing) => {
      await goodUntilGo(playing);
      writeFileSync(join(project.root, "check.sh"), "echo ready # mended\n");
    },
  });
  t.match(ending, { outcome: "HOLD", reason: /T0 is blocked: check.sh changed since G1 passed/ });
  t.strictSame(project.effects(), []);
});

t.test(
  "G02: an override that was signed while no driver was there counts for that HOLD, and for no other",
  async (t) => {
    const text = PLAN.replace("gates: [G1, G2]", "checks: [ok]").replace("by: reviewer, fresh: 90m", "by: reviewer");
    const project = await armed(t, text);
    writeFileSync(join(project.root, "ok"), "no\n");
    const resumed = async (about: string) =>
      await play(project, text, {
        resume: "demo-1",
        prepare: (run) => {
          const sign = { about, role: "operator", name: "ana", via: null, say: "override", reason: "known" };
          run.record({ type: "sign", step: null, attempt: null, data: { ...sign, fields: {}, head: "" } });
        },
      });
    t.match((await play(project, text)).ending, { outcome: "HOLD", reason: "ok is FAIL" });
    t.match((await resumed("T+20s")).ending, { outcome: "HOLD", reason: "ok is FAIL" }, "about something else");
    const { ending } = await resumed("T-20s");
    t.match(ending, { outcome: "HOLD", reason: /no decision of operator/ }, "the next question");
    t.strictSame(
      only(project.records(), "run.state").flatMap(({ data }) => (data.state === "RUNNING" ? [data.reason] : [])),
      ["T-20s: override"],
    );
  },
);
