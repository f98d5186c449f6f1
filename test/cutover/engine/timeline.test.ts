import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { arm } from "../../../tools/migration/cutover/engine/arm.ts";
import type { DriverOptions } from "../../../tools/migration/cutover/engine/open-run.ts";
import { parsePlanText } from "../../../tools/migration/cutover/plan/load-plan.ts";
import { type CutoverProject, cutoverProject, only, play } from "../../helpers/cutover.ts";
import { VirtualClock } from "../../helpers/virtual-clock.ts";

const PLAN = `cutover: 1
id: DEMO
owner: ana
roles: {operator: ana, manager: bea, lead: cem}
distinct: [[operator, manager]]
checks:
  ok: {probe: 'cat ok', out: '^yes'}
gates:
  G1: {by: operator, fresh: 90m, pass: [{probe: 'cat tools', out: ready}]}
  G2: {by: lead, fresh: 90m, pass: [{probe: 'cat tools', out: ready}, {manual: manuals read, by: [lead, manager]}]}
baseline: {after: T-10, of: [ok]}
timeline:
- {at: T-60, by: operator, gates: [G1]}
- {at: T-10, by: [manager, lead], gates: [G1, G2], sign: go-no-go, choose: [go, hold]}
- {at: T0, by: manager, phase: act}
- {at: T+10, by: operator, checks: [ok], compare: true}
- {at: T+30, by: [manager, lead], sign: closure, choose: [keep, rollback]}
phases:
- id: act
  steps:
  - {id: execute, manual: do it, by: manager, ask: [ticket], undo: {sh: 'echo undo-\${ticket} >> effects'}}
  - {id: last, sh: 'echo last >> effects', final: true, fresh: 30m, undo: {none: no}}
stop:
- {id: p1, manual: P1, by: [lead], from: T0, then: rollback}
`;

const PEOPLE: Readonly<Record<string, string>> = { operator: "ana", manager: "bea", lead: "cem" };

const T0 = "2026-03-14T02:00:00+00:00";

async function armed(project: CutoverProject, clock: VirtualClock, t0 = T0): Promise<void> {
  writeFileSync(join(project.root, "ok"), "yes\n");
  writeFileSync(join(project.root, "tools"), "ready\n");
  const options: DriverOptions = {
    root: project.root,
    clock,
    environment: {},
    command: "cutover arm",
    driver: "candor test",
    exitOnHold: false,
    until: undefined,
    interrupted: new AbortController().signal,
    hurried: new AbortController().signal,
    say: () => {},
  };
  const plan = parsePlanText(PLAN, "plan.yaml");
  await arm(options, { plan, file: "plan.yaml" }, { vars: new Map(), roles: new Map() }, { t0 });
}

const MINUTE = 60_000;

interface Acts {
  readonly [minute: number]: readonly (readonly [role: string, say: string, about: string, more?: object])[];
}

/** Signs at minutes from the start, which is two hours before T0. */
const GOOD: Acts = {
  105: [
    ["lead", "done", "G2.2"],
    ["manager", "done", "G2.2"],
  ],
  112: [
    ["manager", "go", "go-no-go"],
    ["lead", "go", "go-no-go"],
  ],
  121: [["manager", "done", "execute", { fields: { ticket: "CHG-7" } }]],
  151: [
    ["manager", "keep", "closure"],
    ["lead", "keep", "closure"],
  ],
};

async function played(project: CutoverProject, acts: Acts, also: (minute: number) => void = () => {}) {
  const clock = new VirtualClock();
  await armed(project, clock);
  return await play(project, PLAN, {
    clock,
    meanwhile: async ({ sign }) => {
      for (let minute = 1; minute < 200; minute++) {
        await clock.sleep(MINUTE);
        also(minute);
        for (const [role, say, about, more] of acts[minute] ?? [])
          sign(say, about, { role, name: PEOPLE[role] ?? "", ...more });
      }
    },
  });
}

t.test("a timeline is played around T0: gates, decision, phase, comparison, closure", async (t) => {
  const project = cutoverProject(t);
  const { ending } = await played(project, GOOD);
  t.equal(ending.outcome, "SUCCEEDED");
  const ticks = only(project.records(), "tick");
  t.strictSame(
    ticks.map(({ step }) => step),
    ["T-60", "T-10", "T0", "T+10", "T+30"],
  );
  t.ok(ticks.every(({ data }) => data.verdict === "PASS" && !data.late));
  t.strictSame(
    ticks.map(({ data }) => data.decision),
    [null, "go", null, null, "keep"],
  );
  t.strictSame(project.effects(), ["last"]);
});

t.test("a gate that fails is a HOLD and blocks T0; before the first change the driver ends", async (t) => {
  const project = cutoverProject(t);
  const { ending } = await played(project, GOOD, (minute) => {
    if (minute === 30) writeFileSync(join(project.root, "tools"), "broken\n");
  });
  t.equal(ending.outcome, "HOLD");
  t.match(ending.reason, /G1 is FAIL/);
  t.strictSame(project.effects(), []);
});

t.test("T-10 without all decisions by T0 is a HOLD", async (t) => {
  const project = cutoverProject(t);
  const { ending } = await played(project, { ...GOOD, 112: [["manager", "go", "go-no-go"]] });
  t.equal(ending.outcome, "HOLD");
  t.match(ending.reason, /no decision of lead/);
});

t.test("F76: of go and hold the hold wins", async (t) => {
  const project = cutoverProject(t);
  const { ending } = await played(project, {
    ...GOOD,
    112: [
      ["manager", "go", "go-no-go"],
      ["lead", "hold", "go-no-go"],
    ],
  });
  t.equal(ending.outcome, "HOLD");
});

t.test("a manual stop rolls back after T0, with the values of the acknowledgement", async (t) => {
  const project = cutoverProject(t);
  const clock = new VirtualClock();
  await armed(project, clock);
  const { ending } = await play(project, PLAN, {
    clock,
    meanwhile: async ({ sign, ask }) => {
      for (let minute = 1; minute < 200; minute++) {
        await clock.sleep(MINUTE);
        for (const [role, say, about, more] of GOOD[minute] ?? []) {
          if (minute < 150) sign(say, about, { role, name: PEOPLE[role] ?? "", ...more });
        }
        if (minute === 135) ask("trigger", { stop: "p1", role: "lead", name: "cem", reason: "shop is down" });
        if (minute === 100) ask("trigger", { stop: "p1", role: "lead", name: "cem", reason: "too early" });
      }
    },
  });
  t.equal(ending.outcome, "ROLLED_BACK");
  t.strictSame(project.effects(), ["last", "undo-CHG-7"]);
  const refusals = only(project.records(), "request").filter(({ data }) => data.command === "refused");
  t.match(JSON.stringify(refusals[0]?.data.body), /not active/);
});

t.test(
  "F77: one person does not sign for two roles that must differ, and nobody for a role of somebody else",
  async (t) => {
    const project = cutoverProject(t);
    const { ending } = await played(project, {
      ...GOOD,
      112: [
        ["manager", "go", "go-no-go", { name: "ana" }],
        ["lead", "go", "go-no-go"],
      ],
    });
    t.equal(ending.outcome, "HOLD");
    const refusals = only(project.records(), "request").filter(({ data }) => data.command === "refused");
    t.match(JSON.stringify(refusals[0]?.data.body), /does not hold the role/);
  },
);

t.test("F93: a T0 that is over is refused", async (t) => {
  const project = cutoverProject(t);
  const clock = new VirtualClock("2026-03-14T01:30:00Z");
  await t.rejects(armed(project, clock), { code: "REFUSED" });
  clock.end();
});

t.test("F94: only a T0 that means the same in every zone is taken", async (t) => {
  const later = ["2026-03-14T04:00:00", "2026-03-14", "14 Mar 2026 04:00 UTC", "2026-03-14 04:00:00Z", "tomorrow"];
  for (const text of later) {
    const [project, clock] = [cutoverProject(t), new VirtualClock()];
    await t.rejects(armed(project, clock, text), { code: "USAGE" }, text);
    clock.end();
  }
  const [project, clock] = [cutoverProject(t), new VirtualClock()];
  await armed(project, clock, "2026-03-14T06:00:00+02:00");
  t.match(only(project.records(), "run.armed")[0]?.data, { t0: "2026-03-14T04:00:00.000Z" }, "written in UTC");
  clock.end();
});

t.test("the comparison with the baseline fails where a verdict is another one than at T-10", async (t) => {
  const project = cutoverProject(t);
  const { ending } = await played(
    project,
    { ...GOOD, 140: [["manager", "rollback", "T+10", { reason: "worse" }]] },
    (minute) => {
      if (minute === 125) writeFileSync(join(project.root, "ok"), "no\n");
    },
  );
  t.equal(ending.outcome, "ROLLBACK_FAILED", "rolled back, and the baseline still differs (F42)");
  t.ok(only(project.records(), "compare").some(({ data }) => data.differences.length > 0));
  t.ok(readFileSync(join(project.root, "effects"), "utf8").includes("undo-CHG-7"));
});
