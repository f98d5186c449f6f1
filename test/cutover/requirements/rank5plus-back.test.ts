import { readFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { once } from "../../estate/claims.ts";
import { approve, play, type Script } from "../../estate/play.ts";
import { layRank5plus } from "../../estate/rank5plus.ts";
import { only } from "../../helpers/cutover.ts";
import { estateWorld } from "../../helpers/estate-world.ts";
import { Evidence } from "../../helpers/evidence.ts";

// One run in which a route is down for 59 s, and later for 61 s; then everything else goes back too.
t.setTimeout(600_000);
const OUTAGES = [
  { fromMs: 500, ms: 59_000 },
  { fromMs: 70_500, ms: 61_000 },
];
const practice = await estateWorld(t, layRank5plus);
const evidence = new Evidence(practice, await play(practice, twoOutages()));
const { records, played } = evidence;

/** The last checkpoint waits meanwhile for another reason, so that the stop has something to watch. */
function twoOutages(): Script {
  const starts = once(() => true);
  const isWatched = once((record) => record.type === "stop.sample" && record.step === "health");
  return {
    onRecord: (record, { clock, practice: { estate } }) => {
      if (starts(record)) estate.fault("ops-verify.core.run", "once");
      if (!isWatched(record)) return;
      for (const { fromMs, ms } of OUTAGES) {
        clock.after(fromMs, () => estate.mode("edge-auth", "down"));
        clock.after(fromMs + ms, () => estate.mode("edge-auth", "ok"));
      }
    },
    answer: (asked) => {
      if (asked.choices.includes("end")) return { say: "rollback" };
      return asked.choices.includes("again") ? { say: "again", afterMs: 150_000 } : approve(asked);
    },
  };
}

const rollbacks = only(records, "rollback.start");

/** Names of the undos that ran between two records. */
function undone(from: number, to = Number.POSITIVE_INFINITY): readonly (string | null)[] {
  return only(records, "undo.end").flatMap(({ seq, step }) => (seq > from && seq < to ? [step] : []));
}

t.test("000-31 59 s of bad health do nothing, and the first sample after 60 s rolls the phase back", async (t) => {
  const samples = only(records, "stop.sample").filter(({ step, data }) => step === "health" && data.bad);
  t.ok(samples.length >= 2, "both outages were seen");
  const fired = only(records, "stop.fire");
  t.match(fired, [{ step: "health", data: { action: "rollback-phase", acted: true } }], "and only one of them fired");
  const badMs = fired[0]?.data.badMs ?? 0;
  t.ok(badMs > 60_000 && badMs <= 62_000, `after ${badMs} ms`);
  t.match(rollbacks[0]?.data, { scope: "infra-migration", cause: /stop health: Initiate phase rollback/ });
});

t.test("000-28 rollback of phase 4 brings the old tunnel configuration back", async (t) => {
  t.strictSame(undone(rollbacks[0]?.seq ?? -1, rollbacks[1]?.seq), ["tunnel-apply.undo.1", "tunnel-claim.undo.1"]);
  t.match(evidence.texts("tunnel-apply.undo.1"), [/git checkout .* docker-compose\.yml && docker compose up -d$/]);
  const { estate } = practice;
  const folder = join(estate.host("docker-host"), "opt/stacks/cloudflare/tunnel");
  t.match(readFileSync(join(folder, "docker-compose.yml"), "utf8"), "lead to legacy");
  t.equal(played.effects.filter((line) => line === "docker-host: docker compose up tunnel").length, 2);
});

t.test("000-21 rollback of phase 3 takes order-lifecycle and notification down", async (t) =>
  takenDown(t, "order-lifecycle", "notification"),
);

t.test("000-18 rollback of phase 2 takes auth and payment down", async (t) => takenDown(t, "auth", "payment"));

/** Two stacks were taken down in written order, each after its role had agreed, because they ran before (X08). */
function takenDown(t: Test, ...stacks: readonly string[]): void {
  const lines = stacks.map((stack) => `mint-apps: docker compose down ${stack}`);
  const places = lines.map((line) => played.effects.indexOf(line));
  t.ok(
    places.every((at) => at > 0),
    lines.join(" "),
  );
  t.strictSame(
    places,
    [...places].sort((left, right) => left - right),
  );
  for (const stack of stacks) {
    const undo = records.find(
      ({ type, data }) => type === "undo.intent" && JSON.stringify(data).includes(`/${stack}/`),
    );
    const sign = only(records, "sign").find(({ step }) => step === undo?.step);
    t.ok((sign?.seq ?? Number.NaN) < (undo?.seq ?? Number.NaN), `${stack} was agreed to`);
  }
}

t.test("000-12 rollback of phase 1 is an acknowledgement of the operator, and no command", async (t) => {
  const [last] = only(records, "undo.end").slice(-1);
  t.match(last, { step: "foundation.undo.1", data: { of: "foundation", result: "done" } });
  t.match(evidence.receipts("foundation.undo.1"), [{ verb: "manual", text: /Infisical UI/ }]);
  t.match(
    only(records, "sign").filter(({ step }) => step === "foundation.undo.1"),
    [{ data: { role: "operator" } }],
  );
});

t.test("G05 rollback is newest first, steps before their phase, phases newest first", async (t) => {
  t.strictSame(undone(rollbacks[1]?.seq ?? -1), [
    "notif-claim.undo.1",
    "order-claim.undo.1",
    "business-logic.undo.1",
    "business-logic.undo.2",
    "pay-claim.undo.1",
    "auth-claim.undo.1",
    "core-services.undo.1",
    "core-services.undo.2",
    "foundation.undo.1",
  ]);
  t.equal(played.outcome, "ROLLED_BACK");
});

t.test("000-37 a run with a rollback is not complete", async (t) => {
  t.notOk(played.complete);
  t.match(evidence.document("scope"), /- \[ \] No rollback actions taken: [0-9]+ ran/);
});
