import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { arm } from "../../../tools/migration/cutover/engine/arm.ts";
import { parsePlanText } from "../../../tools/migration/cutover/plan/load-plan.ts";
import {
  type CutoverProject,
  cutoverProject,
  demoPlan,
  driverFor,
  only,
  type Play,
  type Playing,
  play,
} from "../../helpers/cutover.ts";

interface Asked extends CutoverProject {
  readonly says: (text: string) => void;
  readonly holds: () => readonly string[];
  readonly play: (text: string, how: Play) => Promise<string>;
}

/** A project with a file `ok` that a check looks at. */
function project(t: Test, says = "no"): Asked {
  const made = cutoverProject(t);
  const say = (text: string): void => writeFileSync(join(made.root, "ok"), `${text}\n`);
  say(says);
  return {
    ...made,
    says: say,
    holds: () => only(made.records(), "hold").map(({ step, data }) => `${step}: ${data.reason}`),
    play: async (text, how) => (await play(made, text, how)).ending.outcome,
  };
}

/** The phase `work` ends with a checkpoint of `ok`, for which a stop fires too. */
const planWith = (stop: string, work = "checkpoint: [ok]", more = ""): string =>
  demoPlan(`checks:
  ok: {probe: cat ok, out: ^yes}
phases:
- id: work
  steps:
  - {id: change, sh: 'echo change >> effects', undo: {none: no}}
  ${work}
- id: rest
  steps:
  - {id: settle, wait: 400s}
  - {id: after, sh: 'echo after >> effects', undo: {none: no}}
stop:
- {id: bad, use: ok, then: hold, say: Mend it first${stop}}
${more}`);

const HEARD = planWith("");
const ONE_HOLD = ["work/ok: work/ok is FAIL; stop bad: Mend it first (out: expected ^yes, got not found)"];

/** Waits for a HOLD about this, then signs, and waits until that is taken. */
async function answer({ run, clock, sign }: Playing, subject: string, say: string): Promise<void> {
  while (run.state.hold === undefined) await clock.sleep(100);
  const { seq, subject: asked } = run.state.hold;
  if (asked !== subject) throw new Error(`asked about ${asked}, not about ${subject}`);
  await clock.sleep(1000);
  sign(say, subject);
  while (run.state.hold?.seq === seq) await clock.sleep(100);
}

t.test("a stop that fires for a check which holds anyway asks with it: one HOLD, one answer", async (t) => {
  const one = project(t);
  const meanwhile = (playing: Playing): Promise<void> => answer(playing, "work/ok", "override");
  t.equal(await one.play(HEARD, { meanwhile }), "SUCCEEDED");
  t.strictSame(one.holds(), ONE_HOLD);
  t.strictSame(one.effects(), ["change", "after"]);
});

t.test("once it is mended and asked again nobody is asked about the stop", async (t) => {
  const one = project(t);
  const meanwhile = async (playing: Playing): Promise<void> => {
    await answer(playing, "work/ok", "again");
    one.says("yes");
    await answer(playing, "work/ok", "again");
  };
  t.equal(await one.play(HEARD, { meanwhile }), "SUCCEEDED");
  t.strictSame(one.holds(), [...ONE_HOLD, "work/ok: work/ok is FAIL"], "tried once too early");
});

t.test("a stop that fires while its check is asked about is answered with it", async (t) => {
  const one = project(t);
  const meanwhile = async (playing: Playing): Promise<void> => {
    while (!playing.said.some((line) => line.startsWith("STOP bad"))) await playing.clock.sleep(100);
    await answer(playing, "work/ok", "override");
  };
  t.equal(await one.play(planWith(", every: 10s, bad_for: 20s"), { meanwhile }), "SUCCEEDED");
  t.strictSame(one.holds(), ["work/ok: work/ok is FAIL"]);
  t.equal(only(one.records(), "stop.fire").length, 1);
});

t.test("a stop that is late to see what a person has let go does not ask about it", async (t) => {
  const one = project(t);
  const meanwhile = (playing: Playing): Promise<void> => answer(playing, "work/ok", "override");
  t.equal(await one.play(planWith(", every: 5m, from: rest"), { meanwhile }), "SUCCEEDED");
  t.strictSame(one.holds(), ["work/ok: work/ok is FAIL"]);
  t.equal(only(one.records(), "stop.fire").length, 1, "it fired");
});

t.test("a new outage is a new question", async (t) => {
  for (const from of [", bad_for: 20s", ", from: rest"]) {
    const one = project(t);
    const meanwhile = async (playing: Playing): Promise<void> => {
      await answer(playing, "work/ok", "override");
      one.says("yes");
      await playing.clock.sleep(60_000);
      one.says("no");
      await answer(playing, "stop:bad", "go");
    };
    t.equal(await one.play(planWith(`, every: 10s, ok_after: 2${from}`), { meanwhile }), "SUCCEEDED");
    t.match(one.holds(), [/^work\/ok: /, /^stop:bad: Mend it first/]);
  }
});

t.test("a stop that was seen good after the answer, long steady, still asks when it gets bad", async (t) => {
  const one = project(t, "yes");
  const text = planWith(", every: 10s", "checkpoint: [ok, odd]", "").replace(
    "checks:",
    "checks:\n  odd: {probe: cat ok, out: ^yes!}",
  );
  const meanwhile = async (playing: Playing): Promise<void> => {
    await answer(playing, "work/odd", "override");
    await playing.clock.sleep(100_000);
    one.says("no");
    await answer(playing, "stop:bad", "go");
  };
  t.equal(
    await one.play(text, { meanwhile }),
    "SUCCEEDED",
    "an answer about another check says nothing about this stop",
  );
  t.match(one.holds(), [/^work\/odd: /, /^stop:bad: /]);
});

t.test("what the stop sees good right after the answer is written down, however steady it was", async (t) => {
  const one = project(t, "yes");
  const text = planWith(", every: 10s").replace("sh: 'echo change", "sh: 'echo no > ok; echo change");
  const meanwhile = async (playing: Playing): Promise<void> => {
    await answer(playing, "work/ok", "override");
    one.says("yes");
    await playing.clock.sleep(15_000);
    one.says("no");
    await answer(playing, "stop:bad", "go");
  };
  t.equal(await one.play(text, { meanwhile }), "SUCCEEDED");
  t.match(one.holds(), [/^work\/ok: work\/ok is FAIL$/, /^stop:bad: /]);
});

t.test("an answer that was signed while no driver was there is one for the stop too", async (t) => {
  for (const text of [HEARD, planWith(", every: 10s, from: rest", "")]) {
    const one = project(t);
    t.equal(await one.play(text, { exitOnHold: true }), "HOLD");
    const prepare: Play["prepare"] = (run) => {
      const { subject: about = "" } = run.state.hold ?? {};
      const sign = { about, role: "operator", name: "ana", via: null, say: about === "work/ok" ? "override" : "go" };
      const data = { ...sign, reason: "known", fields: {}, head: "" };
      run.record({ type: "sign", step: null, attempt: null, data });
    };
    t.equal(await one.play(text, { resume: "demo-1", prepare }), "SUCCEEDED");
    t.equal(one.holds().length, 1);
    t.strictSame(one.effects(), ["change", "after"]);
  }
});

t.test("mended while no driver was there: nobody is asked", async (t) => {
  const one = project(t);
  t.equal(await one.play(HEARD, { exitOnHold: true }), "HOLD");
  one.says("yes");
  t.equal(await one.play(HEARD, { resume: "demo-1" }), "SUCCEEDED");
  t.strictSame(one.holds(), ONE_HOLD);
  t.match(only(one.records(), "run.state"), [
    { step: "work/ok", data: { state: "RUNNING", reason: "work/ok: passes" } },
  ]);
});

t.test("a check of the end asks once with its stop", async (t) => {
  const one = project(t);
  const text = planWith("", "checkpoint: []", "done: [ok]\n");
  const meanwhile = (playing: Playing): Promise<void> => answer(playing, "done", "override");
  t.equal(await one.play(text, { meanwhile }), "SUCCEEDED");
  t.match(one.holds(), [/^done: not done: ok is FAIL; stop bad: Mend it first/]);
});

t.test("a gate asks with the stop, and the tick after it asks about the tick alone", async (t) => {
  const one = project(t);
  const text = planWith("", "", "gates: {G1: {by: operator, fresh: 1h, pass: [{use: ok}]}}\n").concat(
    "timeline:\n- {at: T-5, by: operator, gates: [G1], checks: [ok]}\n- {at: T0, by: operator, phase: work}\n",
    "- {at: T+1, by: operator, phase: rest}\n",
  );
  const { options, end } = driverFor(one);
  const file = { plan: parsePlanText(text, "plan.yaml"), file: "plan.yaml" };
  await arm(options, file, { vars: new Map(), roles: new Map() }, { t0: "2026-03-14T00:30:00Z" });
  end();
  const prepare: Play["prepare"] = (run) => {
    run.state.hasMutated = true;
  };
  const meanwhile = async (playing: Playing): Promise<void> => {
    for (const subject of ["gate:G1", "T-5"]) await answer(playing, subject, "override");
  };
  t.equal(await one.play(text, { prepare, meanwhile }), "SUCCEEDED");
  t.match(one.holds(), [/^gate:G1: .*; stop bad: Mend it first/, /^T-5: ok is FAIL$/]);
});
