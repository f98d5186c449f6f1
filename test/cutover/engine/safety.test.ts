import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { dryRun } from "../../../tools/migration/cutover/engine/dry-run.ts";
import { openRun } from "../../../tools/migration/cutover/engine/open-run.ts";
import { parsePlanText } from "../../../tools/migration/cutover/plan/load-plan.ts";
import { treeOf } from "../../helpers/cli-project.ts";
import { cutoverProject, demoPlan, driverFor, only, play } from "../../helpers/cutover.ts";
import { VirtualClock } from "../../helpers/virtual-clock.ts";

t.test("F102: a value with the words of a shell reaches a command as text", async (t) => {
  const project = cutoverProject(t);
  const evil = "x; touch PWNED $(touch PWNED2) `touch PWNED3`";
  const text = demoPlan(
    `vars: {v: null}\ntext_vars: [v]\nphases:\n- id: work\n  steps:\n  - {id: one, sh: 'printf "%s\\n" "\${v}" >> effects', undo: {none: no}}\n`,
  );
  await play(project, text, { vars: { v: evil } });
  t.strictSame(project.effects(), [evil]);
  t.notOk(readdirSync(project.root).some((name) => name.startsWith("PWNED")));
});

t.test("F102: a value from outside that an unquoted variable would take apart is refused", async (t) => {
  const project = cutoverProject(t);
  const text = demoPlan(
    "vars: {v: null}\nphases:\n- id: work\n  steps:\n  - {id: one, sh: 'echo ${v} >> effects', undo: {none: no}}\n",
  );
  await t.rejects(play(project, text, { vars: { v: "a b" } }), { code: "PLAN_INVALID" });
  await t.rejects(play(project, text, { vars: { v: "-rf" } }), { code: "PLAN_INVALID" });
});

t.test("X17, F102: a value that cannot be saved fails the step", async (t) => {
  const project = cutoverProject(t);
  const text = demoPlan(
    "phases:\n- id: work\n  steps:\n  - {id: one, sh: 'echo LANE_SAFE_QUEUED; echo one >> effects', save: {gap: 'FILED: (GAP-[0-9]+)'}, undo: {none: no}}\n",
  );
  const { ending } = await play(project, text, { exitOnHold: true });
  t.equal(ending.outcome, "HOLD");
  t.match(ending.reason, /save: expected gap by/);
});

t.test(
  "F100, F105: secrets are masked everywhere but in the raw output, and automatic approval is kept from commands",
  async (t) => {
    const project = cutoverProject(t);
    const secret = "s3cret-value-9";
    const text = demoPlan(
      "secrets: [KEY]\nphases:\n- id: work\n  steps:\n  - {id: one, sh: 'echo \"key ${KEY}\"; printenv OPS_CAP_AUTO_APPROVE || echo none', out: none, undo: {none: no}}\n",
    );
    process.env["OPS_CAP_AUTO_APPROVE"] = "1";
    t.teardown(() => delete process.env["OPS_CAP_AUTO_APPROVE"]);
    const { ending, said } = await play(project, text, { environment: { KEY: secret, OPS_CAP_AUTO_APPROVE: "1" } });
    t.equal(ending.outcome, "SUCCEEDED");
    const run = join(project.root, "storage_reports/cutover/demo-1");
    t.notOk(readFileSync(join(run, "journal.jsonl"), "utf8").includes(secret));
    t.notOk(said.join("\n").includes(secret));
    t.match(readFileSync(join(run, "steps/1-one.1/out.masked"), "utf8"), /key \[secret KEY\]/);
  },
);

t.test("F84: a secret that is missing or another one at resume is refused", async (t) => {
  const project = cutoverProject(t);
  const text = demoPlan(
    "secrets: [KEY]\nphases:\n- id: work\n  steps:\n  - {id: one, sh: 'test -e never', undo: {none: no}}\n",
  );
  await play(project, text, { environment: { KEY: "first-value" }, exitOnHold: true });
  for (const environment of [{}, { KEY: "other-value" }]) {
    await t.rejects(play(project, text, { resume: "demo-1", environment }), { code: "PLAN_CHANGED" });
  }
});

t.test("F28: a pattern that takes for ever is UNKNOWN after two seconds, and the driver goes on", async (t) => {
  const project = cutoverProject(t);
  const text = demoPlan("phases:\n- id: work\n  steps:\n  - {id: one, probe: 'printf \"%050d!\" 0', out: '^(0+)+$'}\n");
  const { ending } = await play(project, text, { exitOnHold: true });
  t.equal(ending.outcome, "HOLD");
  t.match(JSON.stringify(project.records()), /took too long: mend the plan/);
});

t.test("F70: a second driver is refused and told who drives", async (t) => {
  const project = cutoverProject(t);
  const text = demoPlan("phases:\n- id: work\n  steps:\n  - {id: ack, manual: go on, by: operator}\n");
  const { ending } = await play(project, text, {
    meanwhile: async ({ run, clock, sign }) => {
      const { options, root } = run.parts;
      const other = {
        ...options,
        root,
        clock,
        environment: {},
        command: "cutover run",
        driver: "candor test",
        say: () => {},
      };
      t.throws(() => openRun(other, "demo-1"), {
        code: "LOCK_HELD",
        message: new RegExp(`process ${process.pid} on host`),
      });
      await clock.sleep(1000);
      sign("done", "ack");
    },
  });
  t.equal(ending.outcome, "SUCCEEDED");
});

t.test("F73: a driver that was put aside begins nothing more", async (t) => {
  const project = cutoverProject(t);
  const text = demoPlan(
    "phases:\n- id: work\n  steps:\n  - {id: slow, wait: 60s}\n  - {id: after, sh: 'echo after >> effects', undo: {none: no}}\n",
  );
  const clock = new VirtualClock();
  const { writeFileSync } = await import("node:fs");
  await t.rejects(
    play(project, text, {
      clock,
      meanwhile: async ({ run }) => {
        await clock.sleep(30_000);
        writeFileSync(
          run.parts.directory.lock,
          '{"pid":1,"processStart":null,"bootId":null,"host":"elsewhere","command":"x","fence":99,"since":"x"}\n',
        );
      },
    }),
    { code: "LOCK_HELD" },
  );
  t.strictSame(project.effects(), []);
});

t.test("F76: who has said hold says go later only with a reason", async (t) => {
  const project = cutoverProject(t);
  const text = demoPlan(
    "phases:\n- id: work\n  steps:\n  - {id: one, sh: 'echo one >> effects', undo: {none: no}, final: true, by: operator}\n",
  );
  await play(project, text, { exitOnHold: true });
  await play(project, text, {
    resume: "demo-1",
    exitOnHold: true,
    meanwhile: ({ sign }) => {
      sign("hold", "one");
      sign("go", "one", { reason: "" });
    },
  });
  const refusals = only(project.records(), "request").filter(({ data }) => data.command === "refused");
  t.match(JSON.stringify(refusals.map(({ data }) => data.body)), /has said hold about one/);
  t.strictSame(project.effects(), []);
});

t.test("a person is waited for as long as the plan says, and without a word for ever", async (t) => {
  const project = cutoverProject(t);
  const text = demoPlan(`phases:
- id: work
  on_fail: rollback
  steps:
  - {id: long, manual: take your time, by: operator}
  - {id: short, manual: be quick, by: operator, timeout: 2m}
`);
  const { ending } = await play(project, text, {
    meanwhile: async ({ clock, sign }) => {
      await clock.sleep(400_000);
      sign("done", "long");
      await clock.sleep(100_000);
      t.equal(project.records().at(-1)?.type, "run.state", "it still waits");
    },
  });
  t.match(ending, { outcome: "ROLLED_BACK", reason: /short: not answered within 2m/ });
  t.match(only(project.records(), "step.end").at(-1)?.data.receipts, [{ timedOut: true }]);
});

t.test("skips are counted apart, with their reason (G14)", async (t) => {
  const project = cutoverProject(t);
  const text = demoPlan(
    "vars: {extra: false}\nsecrets: ['KEY?']\nphases:\n- id: work\n  steps:\n  - {id: a, manual: freeze, by: operator, na: mock source}\n  - {id: b, sh: 'echo b >> effects', if: extra, undo: {none: no}}\n  - {id: c, probe: 'echo ${KEY}', out: x}\n",
  );
  const { ending } = await play(project, text);
  t.equal(ending.outcome, "SUCCEEDED");
  t.strictSame(
    only(project.records(), "step.skip").map(({ data }) => `${data.kind}: ${data.reason}`),
    ["na: mock source", "if: extra is not set", "secret: KEY not set"],
  );
});

t.test("F104: a dry-run beside an interrupted run touches nothing of it", async (t) => {
  const project = cutoverProject(t);
  const text = demoPlan(
    "checks:\n  ok: {probe: 'echo yes', out: yes}\nphases:\n- id: work\n  steps:\n  - {id: one, see: [never]}\n",
  );
  await play(project, text, { exitOnHold: true });
  const folder = join(project.root, "storage_reports/cutover");
  const before = treeOf(folder);
  const { options, end } = driverFor(project);
  const plan = parsePlanText(text, "plan.yaml");
  const { probes } = await dryRun(options, { plan, file: "plan.yaml" }, { vars: new Map(), roles: new Map() }, true);
  end();
  t.match(probes, [{ check: "ok", verdict: "PASS" }]);
  t.strictSame(treeOf(folder), before);
});
