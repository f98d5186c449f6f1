import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import t, { type Test } from "tap";
import { arm } from "../../../tools/migration/cutover/engine/arm.ts";
import { StopWatch } from "../../../tools/migration/cutover/engine/stop-watch.ts";
import type { JournalRecord } from "../../../tools/migration/cutover/journal/record.ts";
import { parsePlanText } from "../../../tools/migration/cutover/plan/load-plan.ts";
import { type CutoverProject, cutoverProject, demoPlan, driverFor, only, play } from "../../helpers/cutover.ts";
import { VirtualClock } from "../../helpers/virtual-clock.ts";

const NAP = 20 * 60_000;

/** T0 is forty seconds after the start. */
const TIMELINE = demoPlan(`checks:
  ok: {probe: 'cat ok', out: ^yes}
gates:
  G1: {by: operator, fresh: 35s, pass: [{probe: 'cat ok', out: ^yes}]}
timeline:
- {at: T-30s, by: operator, gates: [G1]}
- {at: T-20s, by: operator, checks: [ok]}
- {at: T0, by: operator, phase: act}
- {at: T+10s, by: operator, checks: [ok]}
phases:
- id: act
  steps:
  - {id: one, sh: 'echo one >> effects', undo: {sh: 'echo undo-one >> effects'}}
stop:
- {id: health, use: ok, every: 3s, bad_for: 5m, from: T0, then: rollback}
`);

async function armed(t: Test): Promise<CutoverProject> {
  const project = cutoverProject(t);
  writeFileSync(join(project.root, "ok"), "yes\n");
  const { options, end } = driverFor(project);
  const read = { plan: parsePlanText(TIMELINE, "plan.yaml"), file: "plan.yaml" };
  await arm(options, read, { vars: new Map(), roles: new Map() }, { t0: "2026-03-14T00:00:40Z" });
  end();
  return project;
}

/** Plays the timeline; after `seconds` the machine sleeps for twenty minutes. */
async function playAsleep(project: CutoverProject, seconds: number) {
  const clock = new VirtualClock();
  return await play(project, TIMELINE, {
    clock,
    meanwhile: async () => {
      await clock.sleep(seconds * 1000);
      clock.jumpWall(NAP);
    },
  });
}

const ticksOf = (records: readonly JournalRecord[]) => only(records, "tick").map(({ step, data }) => [step, data.late]);

t.test(
  "F75: twenty minutes asleep with the lock: the stop says no-sample, late ticks say so, nothing is lost",
  async (t) => {
    const project = await armed(t);
    const { ending } = await playAsleep(project, 42);
    t.equal(ending.outcome, "SUCCEEDED");
    const records = project.records();
    t.strictSame(ticksOf(records), [
      ["T-30s", false],
      ["T-20s", false],
      ["T0", false],
      ["T+10s", true],
    ]);
    const gaps = only(records, "stop.sample").filter(({ data }) => data.gap);
    t.match(
      gaps.map(({ data }) => data),
      [{ verdict: "PASS", bad: false, badMs: 0, reason: "no sample for 1200 s" }],
    );
    t.match(
      only(records, "note").map(({ data }) => data),
      [{ code: "CLOCK_JUMP", text: /moved by 1200000 ms/ }],
    );
    t.equal(only(records, "lock").length, 2, "arm and run: nobody had to take the lock again");
    t.strictSame(only(records, "takeover"), []);
  },
);

t.test("F75: on wake before T0 a gate that has grown too old blocks it", async (t) => {
  const project = await armed(t);
  const { ending } = await playAsleep(project, 39);
  t.match(ending, { outcome: "HOLD", reason: "T0 is blocked: the PASS of G1 is too old" });
  t.strictSame(project.effects(), []);
});

t.test("F75: a tick before T0 that wakes up after the time of the next one is a HOLD", async (t) => {
  const project = await armed(t);
  const { ending } = await playAsleep(project, 9);
  t.match(ending, { outcome: "HOLD", reason: "T-30s was not passed by the time of the next tick" });
  t.strictSame(ticksOf(project.records()), []);
  const { ending: second } = await play(project, TIMELINE, {
    resume: "demo-1",
    clock: new VirtualClock("2026-03-14T00:00:31Z"),
  });
  t.equal(second.outcome, "HOLD", "going on is no answer");
  const { ending: third } = await play(project, TIMELINE, {
    resume: "demo-1",
    clock: new VirtualClock("2026-03-14T00:00:32Z"),
    prepare: (run) => {
      const sign = { about: "T-30s", role: "operator", name: "ana", via: null, say: "override", reason: "all is well" };
      run.record({ type: "sign", step: null, attempt: null, data: { ...sign, fields: {}, head: "" } });
    },
  });
  t.equal(third.outcome, "SUCCEEDED");
  t.strictSame(project.effects(), ["one"]);
});

/** A service that is up or down, and a plan that rolls back after a minute of that. */
async function watched(t: Test): Promise<{ readonly text: string; isUp: boolean }> {
  const state = { isUp: true, text: "" };
  const server = createServer((_, response) => {
    response.statusCode = state.isUp ? 200 : 503;
    response.end('{"status":"ok"}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  state.text = demoPlan(`checks:
  health: {http: 'http://127.0.0.1:${port}/health', json: {/status: ok}}
phases:
- id: work
  steps:
  - {id: change, sh: 'echo change >> effects', undo: {sh: 'echo undo >> effects'}}
  - {id: settle, wait: 300s}
stop:
- {id: down, use: health, every: 1s, bad_for: 60s, from: work, then: rollback}
`);
  return state;
}

/** Down for `downMs`, and after 30 s of that the wall clock moves. */
async function outage(t: Test, downMs: number, jumpMs: number): Promise<string> {
  const project = cutoverProject(t);
  const service = await watched(t);
  const clock = new VirtualClock();
  const { ending } = await play(project, service.text, {
    clock,
    meanwhile: async () => {
      await clock.sleep(20_500);
      service.isUp = false;
      await clock.sleep(30_000);
      clock.jumpWall(jumpMs);
      await clock.sleep(downMs - 30_000);
      service.isUp = true;
    },
  });
  const gaps = only(project.records(), "stop.sample").filter(({ data }) => data.gap);
  t.equal(gaps.length, jumpMs > 0 ? 1 : 0, `a jump by ${jumpMs} ms`);
  if (jumpMs > 0) t.match(gaps[0]?.data.reason, new RegExp(`503.*; no sample for ${jumpMs / 1000} s`));
  return ending.outcome;
}

t.test(
  "F91: a suspend is a gap: the time asleep is no bad time, and the time before it is not forgotten",
  async (t) => {
    t.equal(await outage(t, 59_000, NAP), "SUCCEEDED", "59 s of bad time, and twenty minutes that nobody saw");
    t.equal(await outage(t, 61_000, NAP), "ROLLED_BACK", "61 s of bad time were seen");
  },
);

t.test("F90: where the wall clock is set by an hour, a watch lasts as long as before", async (t) => {
  for (const jumpMs of [3_600_000, -3_600_000]) {
    t.equal(await outage(t, 59_000, jumpMs), "SUCCEEDED");
    t.equal(await outage(t, 61_000, jumpMs), "ROLLED_BACK");
  }
});

t.test("F91, F29: good samples with a gap or an unknown one between them are not in a row", async (t) => {
  const between = [
    { startMs: 4000, endMs: 4000, isBad: false, sleptMs: NAP },
    { startMs: 4000 + NAP, endMs: 4000 + NAP, isBad: false },
    { startMs: 4000, endMs: 4000, isBad: undefined },
  ];
  for (const odd of between) {
    const watch = new StopWatch({ everyMs: 1000, badForMs: 60_000, okAfter: 3 }, 0);
    watch.take({ startMs: 1000, endMs: 1000, isBad: true });
    for (const atMs of [2000, 3000]) watch.take({ startMs: atMs, endMs: atMs, isBad: false });
    const after = watch.take(odd);
    t.match(after, { gap: true, isBad: true, fires: false }, "two before it and it are no three in a row");
    t.ok(after.badMs <= 4000, `${after.badMs} ms`);
  }
});

t.test(
  "F90, F75: a PASS does not grow young where the wall clock is set back, and not old where only that is slow",
  async (t) => {
    const project = await armed(t);
    const clock = new VirtualClock();
    const { ending } = await play(project, TIMELINE, {
      clock,
      meanwhile: async () => {
        await clock.sleep(21_000);
        clock.jumpWall(-60_000);
      },
    });
    t.match(ending, { outcome: "HOLD", reason: "T0 is blocked: the PASS of G1 is too old" });
  },
);

t.test(
  "F92, F95: a receipt has both times where the clocks of driver and target differ; order is by seq",
  async (t) => {
    const project = cutoverProject(t);
    const clock = new VirtualClock("2001-01-01T00:00:00Z");
    const text = demoPlan(`phases:
- id: work
  steps:
  - {id: a, sh: 'echo a >> effects', undo: {none: no}}
  - {id: nap, wait: 60s}
  - {id: b, sh: 'echo b >> effects', undo: {none: no}}
`);
    const { ending } = await play(project, text, {
      clock,
      meanwhile: async () => {
        await clock.sleep(30_000);
        clock.jumpWall(-3_600_000);
      },
    });
    t.equal(ending.outcome, "SUCCEEDED");
    const [a, nap, b] = only(project.records(), "step.end").map(({ data }) => data.receipts[0]);
    t.match(a, { driverStart: "2001-01-01T00:00:00.000Z", driverEnd: "2001-01-01T00:00:00.000Z" });
    t.ok((a?.start ?? "") > "2020", `the target says ${a?.start}`);
    t.ok((a?.start ?? "") <= (a?.end ?? ""));
    t.match(nap, { driverStart: "2001-01-01T00:00:00.000Z", driverEnd: "2000-12-31T23:01:00.000Z", ms: 60_000 });
    t.ok((b?.driverStart ?? "") < (a?.driverStart ?? ""), "by the driver's clock b ran before a");
    const ids = only(project.records(), "step.intent").map(({ step }) => step);
    t.strictSame(ids, ["a", "nap", "b"], "in the order of seq it did not");
    t.strictSame(readFileSync(join(project.root, "effects"), "utf8"), "a\nb\n");
  },
);
