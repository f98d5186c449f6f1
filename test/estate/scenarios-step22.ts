import { count, failing, once } from "./claims.ts";
import { approve, type Script, type Stage, sign } from "./play.ts";
import type { Scenario } from "./scenarios.ts";

const MINUTE_MS = 60_000;

/** The gates, the timeline and the triggers of Step 22. */
export const step22Scenarios: readonly Scenario[] = [
  {
    plan: "step22",
    name: "each gate fails once and holds; then go, and keep",
    outcome: "SUCCEEDED",
    script: gatesFailOnce,
    problems: (played) =>
      failing({
        "each of five gates held": ["G1", "G2", "G3", "G4", "G5"].every(
          (gate) => count(played, "hold", `gate:${gate}`) > 0,
        ),
        "six moments passed": count(played, "tick") === 6,
        "nothing was undone": count(played, "undo.intent") === 0,
      }),
  },
  {
    plan: "step22",
    name: "an outage of 590 s: nothing",
    outcome: "SUCCEEDED",
    script: () => outage(11 * MINUTE_MS, 590_000),
    problems: (played) => failing({ "no stop fired": count(played, "stop.fire") === 0 }),
  },
  {
    plan: "step22",
    name: "an outage of 610 s: rolled back by the workflow",
    outcome: "ROLLED_BACK",
    script: () => outage(11 * MINUTE_MS, 610_000),
    problems: (played) =>
      failing({
        "the stop fired": count(played, "stop.fire", "critical-down") === 1,
        "the workflow did it": played.effects.includes("local: rolled back by the workflow"),
      }),
  },
  {
    plan: "step22",
    name: "P1 confirmed by L1, and the workflow fails: the script rolls back",
    outcome: "ROLLED_BACK",
    script: () => ({
      onRecord: afterT0((stage) => {
        stage.practice.estate.fault("gh-watch", "fail");
        const body = { stop: "p1", role: "l1", name: "ann", reason: "checkout is broken" };
        stage.clock.after(5 * MINUTE_MS, () => stage.request("trigger", body));
      }),
    }),
    problems: (played) =>
      failing({
        "the trigger is signed": count(played, "stop.fire", "p1") === 1,
        "the script did it": played.effects.at(-1) === "local: rolled back by the script",
      }),
  },
  {
    plan: "step22",
    name: "keep is refused while an endpoint is down",
    outcome: "SUCCEEDED",
    script: () => ({
      ...outage(29 * MINUTE_MS, 5 * MINUTE_MS),
      answer: (asked, stage) => {
        if (asked.choices.includes("keep")) againLater(stage, asked.role);
        return approve(asked);
      },
    }),
    problems: (played) =>
      failing({
        "keep was refused": played.lines.some((line) => /refused sign .*keep is refused/.test(line)),
        "and accepted later": count(played, "tick", "T+30") === 1,
      }),
  },
];

/** What happens once T0 has passed. */
function afterT0(action: (stage: Stage) => void): NonNullable<Script["onRecord"]> {
  const passed = once((record) => record.type === "tick" && record.step === "T0");
  return (record, stage) => {
    if (passed(record)) action(stage);
  };
}

/** A service that is down from so long after T0, for so long. */
function outage(fromMs: number, ms: number): Script {
  return {
    onRecord: afterT0(({ clock, practice: { estate } }) => {
      clock.after(fromMs, () => estate.mode("api", "down"));
      clock.after(fromMs + ms, () => estate.mode("api", "ok"));
    }),
  };
}

/** Says keep once more when the outage is over. */
function againLater(stage: Stage, role: string): void {
  stage.clock.after(8 * MINUTE_MS, () => sign(stage, { about: "closure", role, say: "keep" }));
}

/** Three commands fail once, and two persons say no at first. */
function gatesFailOnce(): Script {
  const refused = new Set<string>();
  const isLaid = { done: false };
  return {
    onRecord: (_record, { practice: { estate } }) => {
      if (isLaid.done) return;
      isLaid.done = true;
      for (const name of ["preflight", "bun-test", "gh-view"]) estate.fault(name, "once");
    },
    answer: (asked) => {
      const isFirst = /^G[45]\./.test(asked.about) && !refused.has(asked.about);
      if (!isFirst) return approve(asked);
      refused.add(asked.about);
      return { say: "failed", reason: "not yet" };
    },
    onHold: (_reason, stage) => {
      for (const { about, role, say } of stage.run.state.signs) {
        if (say === "failed") sign(stage, { about, role, say: "done" });
      }
      return true;
    },
  };
}
