import t, { type Test } from "tap";
import { once } from "../../estate/claims.ts";
import { play, type Script } from "../../estate/play.ts";
import { layRank5plus } from "../../estate/rank5plus.ts";
import { only } from "../../helpers/cutover.ts";
import { estateWorld } from "../../helpers/estate-world.ts";
import { Evidence } from "../../helpers/evidence.ts";
import { OFFLINE, ONLINE, rankTroubles } from "../../helpers/rank5plus-troubles.ts";
import { begins, mendEach } from "../../helpers/troubles.ts";

// One run of the whole runbook in a world in which everything is wrong once: it must hold for each, and then go through.
t.setTimeout(600_000);
const practice = await estateWorld(t, layRank5plus);
const evidence = new Evidence(practice, await play(practice, withTailnetLost(mendEach(rankTroubles()))));
const { records, played } = evidence;

function withTailnetLost(script: Script): Script {
  const isBegun = once(begins("foundation"));
  const isPaused = once((record) => record.type === "stop.fire" && record.step === "tailscale-lost");
  return {
    ...script,
    onRecord: (record, stage) => {
      script.onRecord?.(record, stage);
      const { estate } = stage.practice;
      if (isBegun(record)) estate.write("tailscale", OFFLINE);
      if (isPaused(record)) stage.clock.after(120_000, () => estate.write("tailscale", ONLINE));
    },
  };
}

const EFFECTS = played.effects.map((line) => line.replace(/GAP-OP-[0-9]+/, "GAP"));
const PHASES = ["foundation", "core-services", "business-logic", "infra-migration"];

t.test("000-02 the session is started before all else", async (t) => {
  t.equal(only(records, "step.intent")[0]?.step, "session");
  t.ok(evidence.first("step.end", "session") < evidence.first("check", "stabilise"));
  t.equal(EFFECTS[0], "local: session started");
  t.strictSame(evidence.texts("session"), ["./bin/ops cap run session.start"]);
});

t.test("000-03 an active stabilization mode holds before anything is changed", async (t) => {
  t.match(evidence.holds("prerequisites/stabilise"), [/is FAIL/]);
  t.strictSame(evidence.verdicts("stabilise"), ["FAIL", "PASS"]);
  t.ok(evidence.first("hold", "prerequisites/stabilise") < evidence.first("phase.start", "foundation"));
});

t.test("000-04 a peer named mint must be connected, and one that is offline is not", async (t) => {
  t.strictSame(evidence.texts("tailscale"), ["tailscale status | grep mint"]);
  const samples = only(records, "stop.sample").filter(({ step }) => step === "tailscale-lost");
  t.ok(samples.some(({ data }) => data.verdict === "FAIL"));
  t.equal(evidence.verdicts("tailscale").at(-1), "PASS");
});

t.test("000-33 a lost tailnet pauses, and the run goes on by itself", async (t) => {
  const fired = only(records, "stop.fire").filter(({ step }) => step === "tailscale-lost");
  t.match(fired, [{ data: { action: "pause", acted: true, say: /Re-establish before continuing/ } }]);
  const states = only(records, "run.state").filter(({ data }) => /tailscale-lost/.test(data.reason ?? ""));
  t.strictSame(
    states.map(({ data }) => data.state),
    ["PAUSED", "RUNNING"],
  );
  t.equal(evidence.holds("stop:tailscale-lost").length, 0, "nobody was asked");
});

t.test("000-06 each of the seven loops has a receipt", async (t) => {
  const items = new Set([...evidence.receipts("resolved")].map(({ item }) => item));
  t.equal(items.size, 7);
  for (const loop of items) t.match(loop, /^LOOP-MINT-[A-Z0-9-]+-20260222$/);
});

t.test("000-07 progress of both foundation loops is read, and an unknown loop holds", async (t) => {
  const loops = ["LOOP-MINT-TABLE-OWNERSHIP-AUDIT-20260222", "LOOP-MINT-SECRETS-BOOTSTRAP-CONTRACT-20260222"];
  const good = evidence.receipts("foundation-loops").filter(({ verdict }) => verdict === "PASS");
  t.strictSame(
    good.map(({ item }) => item),
    loops,
  );
  t.match(evidence.holds(`foundation-loops[${loops[0]}]`), [/exit: expected 0, got 1/]);
  t.strictSame(evidence.texts("foundation-loops"), ['./bin/ops cap run loops.progress --loop "$item"']);
});

t.test("000-08 each foundation loop has an open linked gap", async (t) => {
  t.strictSame(evidence.texts("open-gaps"), ["./bin/ops cap run gaps.status"]);
  t.strictSame(evidence.verdicts("open-gaps"), ["PASS", "FAIL", "PASS", "PASS"], "a resolved gap is not an open one");
  t.equal(evidence.holds("foundation/open-gaps").length, 1);
});

t.test("000-09 three owner decisions are written down", async (t) => {
  t.strictSame(evidence.texts("owners"), ["cat docs/planning/MINT_TABLE_OWNERSHIP_MAP.md"]);
  t.match(evidence.holds("owners"), [/payments/]);
  for (const table of ["customers", "orders", "payments"]) t.match(evidence.expected("owners").join("\n"), table);
});

t.test("000-10 all four secret namespaces are there", async (t) => {
  t.match(evidence.texts("namespaces"), [/secrets\.projects\.status/]);
  t.match(evidence.texts("secrets"), [/secrets\.status/]);
  t.strictSame(evidence.verdicts("namespaces"), ["FAIL", "PASS"], "two of four are not enough");
  const expected = evidence.expected("namespaces").filter((line) => line.startsWith("out"));
  t.match(expected, [/auth/, /payment/, /order-lifecycle/, /notification/]);
});

t.test("000-32 a failing secrets injection holds", async (t) => {
  t.match(evidence.holds("foundation/secrets"), [/; stop secret-fail: Verify Infisical token validity/]);
  t.strictSame(evidence.holds("stop:secret-fail"), [], "asked once: with its check");
});

t.test("000-11 G01 a failing checkpoint of the foundation keeps phase 2 from starting", async (t) => {
  t.strictSame(evidence.texts("pack-mint"), ["./bin/ops cap run verify.pack.run mint"]);
  const failed = only(records, "check").find(({ step, data }) => step === "pack-mint" && data.verdict === "FAIL");
  t.equal(failed?.data.within, "foundation");
  const passed = only(records, "check").find(
    ({ step, data }) => step === "pack-mint" && data.within === "foundation" && data.verdict === "PASS",
  );
  t.ok((passed?.seq ?? Number.NaN) < evidence.first("phase.start", "core-services"));
});

t.test("000-30 a failing pack holds with what is to be done", async (t) => {
  t.match(evidence.holds("foundation/pack-mint"), [/; stop pack-fail: Fix domain-specific gates before continuing/]);
  t.strictSame(evidence.holds("stop:pack-fail"), [], "asked once: with its check");
});

t.test("000-13 both foundation loops have progress above 0 %", async (t) => {
  t.strictSame(evidence.verdicts("progress").slice(0, 4), ["FAIL", "PASS", "PASS", "PASS"]);
  t.equal(evidence.holds("core-services/progress").length, 1, "0 % is no progress");
});

t.test("000-14 gaps of auth and payment are filed and claimed with the id that was just filed", async (t) => {
  gapFlow(
    t,
    "auth",
    "LOOP-MINT-AUTH-PHASE0-CONTRACT-20260222",
    "Auth module boundary contract requires signing: customer JWT, admin sessions, PIN auth boundaries",
    "Auth Phase0 execution",
  );
  gapFlow(
    t,
    "pay",
    "LOOP-MINT-PAYMENT-PHASE0-CONTRACT-20260222",
    "Payment activation gate: Stripe webhook verification, Postgres adapter migration, deploy manifest inclusion",
    "Payment Phase0 execution",
  );
  t.match(evidence.holds("auth-gap"), [/auth_gap/], "an answer without an id is a failed step (X17)");
});

/** A gap that was filed with this text, and claimed by the id that the program answered. */
function gapFlow(t: Test, name: string, loop: string, description: string, action: string): void {
  const filed = evidence.receipts(`${name}-gap`).at(-1);
  t.match(filed?.text, `--parent-loop ${loop} --description "${description}"`, name);
  const id = filed?.saved[`${name}_gap`] ?? "none";
  t.match(evidence.texts(`${name}-claim`), [`gaps.claim --id "$${name}_gap" --action "${action}"`]);
  const at = (line: string): number => played.effects.indexOf(line);
  t.ok(at(`local: gap filed ${id} ${loop}`) >= 0, `${id} was filed`);
  t.ok(at(`local: gap claimed ${id}`) > at(`local: gap filed ${id} ${loop}`), `${id} was claimed`);
}

t.test("000-15 auth must be healthy", async (t) => {
  t.match(evidence.receipts("auth-up"), [{ on: "mint-apps", text: /mint-apps\/auth\/docker-compose\.yml" ps$/ }]);
  t.equal(evidence.holds("core-services/auth-up").length, 1);
});

t.test("000-16 payment must be healthy, and its health endpoint must answer 200", async (t) => {
  t.match(evidence.texts("pay-up"), [/mint-apps\/payment\/docker-compose\.yml" ps$/]);
  t.equal(evidence.holds("core-services/pay-up").length, 1);
  t.match(evidence.texts("pay-answers"), [/^GET http:\/\/127\.0\.0\.1:[0-9]+\/health$/]);
  t.match(evidence.expected("pay-answers"), ["status 200"]);
  t.match(evidence.holds("pay-answers"), [/json: expected/]);
});

t.test("000-17 the checkpoint of phase 2 opens phase 3", async (t) =>
  checkpointOpens(t, "core-services", "business-logic"),
);

t.test("000-19 progress of phase 2 is read, and the gaps of phase 3 are filed and claimed", async (t) => {
  const asked = only(records, "check").filter(
    ({ step, data }) => step === "progress" && data.within === "business-logic",
  );
  t.match(asked, [{ data: { receipts: [{ item: /AUTH-PHASE0/ }, { item: /PAYMENT-PHASE0/ }] } }]);
  gapFlow(
    t,
    "order",
    "LOOP-MINT-ORDER-LIFECYCLE-PHASE0-CONTRACT-20260222",
    "Order lifecycle extraction from legacy v2-jobs.cjs: state machine contract, integration tests",
    "Order lifecycle Phase0 execution",
  );
  gapFlow(
    t,
    "notif",
    "LOOP-MINT-NOTIFICATION-PHASE0-CONTRACT-20260222",
    "Notification routing: event-to-channel map, comms-agent credential wiring",
    "Notification Phase0 execution",
  );
});

t.test(
  "000-20 order-lifecycle and notification are healthy, the provider is live, and the checkpoint passes",
  async () => {
    for (const subject of ["business-logic/order-up", "comms", "business-logic/notif-up"]) {
      t.equal(evidence.holds(subject).length, 1, subject);
    }
    t.match(evidence.texts("comms"), [/communications\.provider\.status/]);
    checkpointOpens(t, "business-logic", "infra-migration");
  },
);

/** A checkpoint that failed once held, and only its PASS began the next phase. */
function checkpointOpens(t: Test, phase: string, next: string): void {
  t.equal(evidence.holds(`${phase}/pack-mint`).length, 1, `${phase} was held`);
  t.ok(evidence.first("hold", `${phase}/pack-mint`) < evidence.first("phase.start", next));
}

t.test("000-22 all four containers must run, not any of the four", async (t) => {
  t.match(evidence.holds("all-four"), [/order-lifecycle/], "three of four hold (X18)");
  t.equal(evidence.expected("all-four").filter((line) => line.startsWith("out")).length, 4);
});

t.test("000-23 the tunnel gap is filed and claimed", async (t) => {
  gapFlow(
    t,
    "tunnel",
    "LOOP-MINT-TUNNEL-MIGRATION-CONTRACT-20260222",
    "Tunnel cutover dependency: requires Rank 5-7 completion before Cloudflare route updates",
    "Tunnel migration execution",
  );
});

t.test("000-24 routes point to mint-apps, and what is applied is what was looked at", async (t) => {
  t.match(evidence.texts("tunnel-config"), ['cat "$tunnel/docker-compose.yml"']);
  t.equal(evidence.holds("tunnel-config").length, 1, "a route to the legacy docker-host holds");
  t.match(evidence.receipts("tunnel-same"), [{ on: "docker-host", verdict: "PASS" }]);
});

t.test("000-25 the tunnel configuration is applied once", async (t) => {
  t.equal(EFFECTS.filter((line) => line === "docker-host: docker compose up tunnel").length, 1);
  t.match(evidence.receipts("tunnel-apply"), [{ on: "docker-host", text: /docker compose up -d$/ }]);
});

t.test("000-26 both routes answer 200 from the new targets", async (t) => {
  t.equal(new Set(evidence.texts("routes-over")).size, 2);
  t.match(evidence.expected("routes-over"), ["status 200"]);
  const held = records.filter(({ type, step }) => type === "hold" && step?.startsWith("routes-over[") === true);
  t.match(held, [{ data: { reason: /mint/ } }], "200 from the legacy host is not enough");
});

t.test("000-27 the final checkpoint asks three packs", async (t) => {
  for (const name of ["route-rec", "core"]) t.equal(evidence.holds(`infra-migration/${name}`).length, 1, name);
  const last = only(records, "check").filter(
    ({ data }) => data.place === "checkpoint" && data.within === "infra-migration",
  );
  t.strictSame([...new Set(last.map(({ step }) => step))], ["pack-mint", "route-rec", "core", "routes"]);
  t.match(evidence.texts("route-rec"), [/verify\.route\.recommend$/]);
  t.match(evidence.texts("core"), [/verify\.core\.run$/]);
});

t.test("000-29 a loop without linked gaps holds", async (t) => {
  t.match(evidence.holds("stop:no-gaps-core"), [/File gaps before proceeding/]);
});

t.test("000-34 each stop that fired is escalated: what, when, and to whom", async (t) => {
  const told = only(records, "escalation");
  for (const { step } of only(records, "stop.fire")) {
    t.ok(
      told.some(({ data }) => data.cause.includes(step ?? "") && data.delivered === true),
      step ?? "",
    );
  }
  t.ok(only(records, "stop.fire").length >= 4);
  t.match(practice.estate.run("local", "cat escalations.jsonl"), /stop secret-fail: Verify Infisical token validity/);
});

t.test("000-05 000-36 the scope has the four phases with their gates, and the run keys of each", async (t) => {
  const lines = /## Phases\n\n((?:[0-9]+\. .*\n)+)/.exec(evidence.document("scope"))?.[1]?.trimEnd().split("\n") ?? [];
  t.match(lines.slice(1, 5), [/Gate-0 → Gate-1/, /Gate-1 → Gate-2/, /Gate-2 → Gate-3/, /Gate-3 → Gate-4/]);
  for (const [at, phase] of PHASES.entries()) {
    const keys = keysBetween(evidence.first("phase.start", phase), evidence.first("phase.end", phase));
    t.ok(keys.length >= 5, `${phase} has ${keys.length} run keys`);
    for (const key of keys) t.match(lines[at + 1], `\`${key}\``);
  }
});

/** The run keys in the whole outputs of these records, each once. */
function keysBetween(from: number, to: number): readonly string[] {
  const inside = records.filter(({ seq }) => seq > from && seq < to);
  const receipts = inside.flatMap((one) => (one.type === "step.end" || one.type === "check" ? one.data.receipts : []));
  return [...new Set(receipts.flatMap(({ out }) => evidence.output(out).match(/CAP-\S+__R\w+/g) ?? []))];
}

t.test("000-01 front matter is in the pack", async (t) => {
  const head = evidence.document("changepack").split("\n## ")[0];
  for (const line of ["Status: authoritative", "Last verified: 2026-02-22", "Scope: mint-rank5plus-execution"])
    t.match(head, line);
  t.match(head, "`ops/bindings/mint.rank5plus.cutover.contract.yaml`");
  t.match(evidence.section("Change Description"), "| Owner | @ronny |");
});

t.test("000-37 completion is a list of six, each ticked with its receipt", async (t) => {
  t.equal(played.outcome, "SUCCEEDED");
  t.ok(played.complete);
  t.match(evidence.holds("done"), [/pack-gap is FAIL/]);
  const lines = evidence.document("scope").split("## Done Definition\n\n")[1]?.split("\n\n")[0]?.split("\n") ?? [];
  const ticked = (name: string): boolean =>
    lines.some((line) => line.startsWith(`- [x] ${name}:`) && /record [0-9]+/.test(line));
  for (const name of ["resolved", "pack-mint", "pack-gap", "core", "routes"]) t.ok(ticked(name), name);
  t.ok(lines.includes("- [x] No rollback actions taken: none ran"));
  t.notMatch(lines.join("\n"), /- \[ \]/);
});
