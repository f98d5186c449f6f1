import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { onlyOpenRun } from "../../../tools/migration/cutover/engine/open-run.ts";
import { type CutoverProject, cutoverProject, demoPlan, only, type Playing, play } from "../../helpers/cutover.ts";
import { VirtualClock } from "../../helpers/virtual-clock.ts";

const PLAN = demoPlan(`lock: {path: target-lock}
checks:
  ok: {probe: 'cat ok', out: ^yes}
phases:
- id: work
  steps:
  - {id: change, sh: 'echo change >> effects', undo: {sh: 'echo undo >> effects'}}
stop:
- {id: down, use: ok, every: 10s, bad_for: 0s, from: work, then: rollback}
watch_for: 5m
`);

function project(
  t: Test,
): CutoverProject & { readonly isLocked: () => boolean; readonly says: (text: string) => void } {
  const made = cutoverProject(t);
  const says = (text: string): void => writeFileSync(join(made.root, "ok"), text);
  says("yes\n");
  return { ...made, says, isLocked: () => existsSync(join(made.root, "target-lock")) };
}

/** Drives until a minute after the success, and is then gone without a word. */
async function killedWhileWatching(one: CutoverProject): Promise<void> {
  const killed = async ({ clock, said }: Playing): Promise<void> => {
    while (!said.some((line) => line.startsWith("watching"))) await clock.sleep(100);
    await clock.sleep(60_000);
    throw new Error("killed");
  };
  const clock = new VirtualClock("2026-03-14T00:00:00Z");
  await play(one, PLAN, { clock, meanwhile: killed }).catch((error: Error) => {
    if (error.message !== "killed") throw error;
  });
}

t.test("watch_for: after a success the stops watch on, hold the lock, and can still roll back", async (t) => {
  const one = project(t);
  const { ending } = await play(one, PLAN, {
    meanwhile: async ({ clock, said }) => {
      while (!said.some((line) => line.startsWith("watching"))) await clock.sleep(100);
      t.ok(one.isLocked(), "the lock on the target is held while it watches");
      t.match(only(one.records(), "run.end").at(-1)?.data, { outcome: "SUCCEEDED" });
      await clock.sleep(200_000);
      one.says("no\n");
    },
  });
  t.equal(ending.outcome, "ROLLED_BACK");
  t.strictSame(one.effects(), ["change", "undo"]);
  t.notOk(one.isLocked(), "given back once it is over");
  t.strictSame(
    only(one.records(), "run.end").map(({ data }) => data.outcome),
    ["SUCCEEDED", "ROLLED_BACK"],
  );
});

t.test(
  "watch_for: a driver that is killed while it watches leaves an open run, and resume watches the rest",
  async (t) => {
    const one = project(t);
    await killedWhileWatching(one);
    t.ok(one.isLocked(), "until then the lock on the target is held");
    t.equal(onlyOpenRun(one.root), "demo-1", "the run is open");
    const clock = new VirtualClock("2026-03-14T00:02:00Z");
    const { ending } = await play(one, PLAN, { resume: "demo-1", clock });
    t.equal(ending.outcome, "SUCCEEDED");
    t.ok(clock.monoMs() >= 175_000 && clock.monoMs() <= 185_000, `${clock.monoMs()} ms of the five minutes were left`);
    t.strictSame(one.effects(), ["change"]);
    t.notOk(one.isLocked(), "given back after the end of the watch");
    t.throws(() => onlyOpenRun(one.root), { code: "RUN_MISSING" }, "and open no more");
    const states = only(one.records(), "run.state").map(({ data }) => data.state);
    t.strictSame(states, ["WATCHING", "SUCCEEDED"]);
  },
);

t.test("watch_for: a stop that fires after such a resume rolls back like any other", async (t) => {
  const one = project(t);
  await killedWhileWatching(one);
  one.says("no\n");
  const clock = new VirtualClock("2026-03-14T00:02:00Z");
  const { ending } = await play(one, PLAN, { resume: "demo-1", clock });
  t.equal(ending.outcome, "ROLLED_BACK");
  t.strictSame(one.effects(), ["change", "undo"]);
  t.notOk(one.isLocked());
});
