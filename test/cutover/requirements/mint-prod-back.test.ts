import t from "tap";
import { ends, once } from "../../estate/claims.ts";
import { layMintProd } from "../../estate/mint-prod.ts";
import { play, type Script } from "../../estate/play.ts";
import { only } from "../../helpers/cutover.ts";
import { estateWorld } from "../../helpers/estate-world.ts";
import { Evidence } from "../../helpers/evidence.ts";
import { bootstraps } from "../../helpers/mint-prod-troubles.ts";

// One run whose health gate fails right after the migration.
t.setTimeout(600_000);
const practice = await estateWorld(t, layMintProd);
const evidence = new Evidence(practice, await play(practice, sickAfterMigration()));
const { records, played } = evidence;

function sickAfterMigration(): Script {
  const isMigrated = once((record) => ends(record, "migrate"));
  return {
    answer: bootstraps,
    onRecord: (record, { practice: { estate } }) => {
      if (isMigrated(record)) estate.mode("order-intake", "fail");
    },
  };
}

t.test("001-07 a failing health gate rolls back at once, without waiting for a second sample", async (t) => {
  const back = only(records, "rollback.start")[0];
  const bad = records.find(
    ({ type, step, data }) =>
      (type === "stop.fire" && step === "health-gate") || ("result" in data && data.result === "failed"),
  );
  const between = records.filter(({ seq }) => seq > (bad?.seq ?? Number.NaN) && seq < (back?.seq ?? Number.NaN));
  t.ok(bad !== undefined && back !== undefined);
  t.strictSame(
    between.filter(({ type }) => type === "step.intent" || type === "check"),
    [],
    "nothing else was begun or asked",
  );
  const fired = only(records, "stop.fire");
  t.match(fired, [{ step: "health-gate", data: { action: "rollback" } }]);
  t.ok((fired[0]?.data.badMs ?? Number.NaN) <= 1000, `after ${fired[0]?.data.badMs} ms`);
});

t.test(
  "G05 what was started goes back newest first, and what loses data at the end, once its role agrees",
  async (t) => {
    t.strictSame(
      only(records, "undo.end").map(({ data }) => data.of),
      ["deploy", "stop-quote-page", "stop-files-api", "env", "migrate"],
    );
    t.match(played.effects.slice(-4), [
      "docker-host: docker compose down mint-modules-prod",
      "docker-host: docker compose up quote-page",
      "docker-host: docker compose up artwork-module",
      "docker-host: sql drop column metadata",
    ]);
    t.ok(evidence.first("sign", "migrate.undo.1") < evidence.first("undo.intent", "migrate.undo.1"));
  },
);

t.test("001-08 smoke passes on the restored services", async (t) => {
  const back = only(records, "rollback.end").at(-1)?.seq ?? Number.NaN;
  const restored = only(records, "check").filter(({ data }) => data.place === "restored");
  t.strictSame(
    restored.map(({ step, data }) => [step, data.verdict]),
    ["old-healthy", "files-api", "quote-page", "smoke"].map((name) => [name, "PASS"]),
  );
  t.ok(restored.length > 0 && Number.isFinite(back));
});

t.test("G13 001-10 rolled back and restored is one outcome: not complete, but closable", async (t) => {
  t.equal(only(records, "run.end").length, 1);
  t.match(only(records, "run.end")[0]?.data, { outcome: "ROLLED_BACK", complete: false, closable: true });
  t.match(evidence.document("scope"), /^status: closed$/m);
  t.match(evidence.document("scope"), /\*\*Rollback \(if needed\)\*\*: run done \(record [0-9]+\)/);
});

t.test("002-04 the rollback map says what became of each way back", async (t) => {
  const rows = evidence.section("Rollback Map");
  for (const service of ["files-api", "quote-page", "order-intake", "Database"]) {
    t.match(rows, new RegExp(`^\\| ${service} \\|.*\\| PASS, record [0-9]+ \\|$`, "m"), service);
  }
});
