import t from "tap";
import { once } from "../../estate/claims.ts";
import { play, type Script, type Stage } from "../../estate/play.ts";
import { layStep22 } from "../../estate/step22.ts";
import { only } from "../../helpers/cutover.ts";
import { estateWorld } from "../../helpers/estate-world.ts";
import { Evidence } from "../../helpers/evidence.ts";

t.setTimeout(600_000);
const MINUTE_MS = 60_000;
const outage = await played(({ clock, practice: { estate } }) => {
  clock.after(11 * MINUTE_MS, () => estate.mode("api", "down"));
  clock.after(11 * MINUTE_MS + 610_000, () => estate.mode("api", "ok"));
});
const p1 = await played((stage) => {
  stage.practice.estate.fault("gh-watch", "fail");
  const trigger = (stop: string, role: string, name: string): void =>
    stage.request("trigger", { stop, role, name, reason: "checkout is broken" });
  stage.clock.after(4 * MINUTE_MS, () => trigger("risk", "l1", "ann"));
  stage.clock.after(5 * MINUTE_MS, () => trigger("p1", "l1", "ann"));
});

/** A run in which something happens after T0. */
async function played(then: (stage: Stage) => void): Promise<Evidence> {
  const isT0 = once((record) => record.type === "tick" && record.step === "T0");
  const script: Script = { onRecord: (record, stage) => void (isT0(record) && then(stage)) };
  const practice = await estateWorld(t, layStep22);
  return new Evidence(practice, await play(practice, script));
}

const WORKFLOW = "-f action=rollback -f compose_file=deploy/docker-compose.yml -f canary_remove_volumes=0";

t.test("004-14 an outage of 610 s after T0 rolls back", async (t) => {
  const fired = only(outage.records, "stop.fire");
  t.match(fired, [{ step: "critical-down", data: { action: "rollback", acted: true } }]);
  t.ok((fired[0]?.data.badMs ?? 0) > 600_000);
  t.equal(outage.played.outcome, "ROLLED_BACK");
});

t.test("004-14 P1 is confirmed by L1 or L2, and the risk by the release manager alone, with reason", async (t) => {
  t.match(only(p1.records, "stop.fire"), [
    { step: "p1", data: { sign: { role: "l1", reason: "checkout is broken" } } },
  ]);
  t.ok(
    p1.played.lines.some((line) => /refused trigger/.test(line)),
    "L1 may not fire the trigger of the release manager",
  );
});

t.test("004-15 the workflow is dispatched with its inputs, and its conclusion is waited for", async (t) => {
  t.match(outage.played.effects[0], `gh workflow run step20-canary-rollback.yml --ref main ${WORKFLOW}`);
  t.equal(outage.played.effects[1], "local: rolled back by the workflow");
  t.equal(outage.played.effects.length, 2, "the script was not needed");
});

t.test("004-15 where the workflow does not come to success the script rolls back", async (t) => {
  t.match(p1.played.effects, [WORKFLOW, "local: rolled back by the script"]);
  const undos = only(p1.records, "undo.end").map(({ step, data }) => [step, data.result]);
  t.match(undos, [
    ["execute.undo.1", "failed"],
    [/^execute\.undo\.1/, "done"],
  ]);
  t.match(only(p1.records, "undo.intent").at(-1)?.data, {
    fallback: true,
    action: { text: "bash deploy/scripts/canary-rollback.sh" },
  });
});

t.test("004-16 every rollback action is in evidence, reports and pack", async (t) => {
  const line = p1.document("evidence").trimEnd().split("\n").at(-1);
  t.match(
    line,
    /^Rollback trigger \(if any\): p1, rollback by l1 ann: checkout is broken at .*; rollback done \(record/,
  );
  const cases = JSON.parse(p1.document("json")).cases.filter(({ suite }: { suite: string }) =>
    suite.startsWith("rollback"),
  );
  t.strictSame(cases.map(({ verdict }: { verdict: string }) => verdict).slice(0, 2), ["FAIL", "PASS"]);
  t.match(
    p1.section("Rollback Map"),
    /gh workflow run .*; else `bash deploy\/scripts\/canary-rollback\.sh`.*\| FAIL, record [0-9]+; PASS, record/,
  );
  t.match(p1.document("scope"), /\*\*Stop p1\*\*: rollback \(record [0-9]+\)/);
});

t.test("G13 the restored service makes a rollback closable, and never complete", async (t) => {
  for (const { played } of [outage, p1]) t.match(played, { outcome: "ROLLED_BACK", complete: false, closable: true });
});
