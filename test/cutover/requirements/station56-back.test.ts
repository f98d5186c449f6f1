import { chmodSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { ends, once } from "../../estate/claims.ts";
import { play, type Script } from "../../estate/play.ts";
import { layStation56 } from "../../estate/station56.ts";
import { only } from "../../helpers/cutover.ts";
import { estateWorld } from "../../helpers/estate-world.ts";
import { Evidence } from "../../helpers/evidence.ts";

// One run in which a byte of the live release changes right after the flip, and a registry is touched meanwhile.
t.setTimeout(600_000);
const practice = await estateWorld(t, layStation56);
const { project } = practice.estate;
const REGISTRY = join(project, "migration/mapping/hunde.json");
const before = { link: readlinkSync(join(project, "storage/current")), registry: readFileSync(REGISTRY, "utf8") };
const evidence = new Evidence(practice, await play(practice, damagedAfterFlip()));
const { records, played } = evidence;

function damagedAfterFlip(): Script {
  const isFlipped = once((record) => ends(record, "pointer"));
  return {
    onRecord: (record) => {
      if (!isFlipped(record)) return;
      const file = join(project, "storage/current/hunde/data.jsonl");
      chmodSync(file, 0o644);
      writeFileSync(file, "X", { flag: "r+" });
      writeFileSync(REGISTRY, "[]\n");
    },
  };
}

t.test("003-15 a blocker after the flip rolls back at once, and nobody is asked for the smoke test", async (t) => {
  t.equal(played.outcome, "ROLLED_BACK");
  t.equal(only(records, "rollback.start").length, 1);
  t.equal(only(records, "sign").filter(({ data }) => data.about === "smoke").length, 0);
  t.match(evidence.verdicts("live-scan")[0], /FAIL|UNKNOWN/);
});

t.test("003-16 the pointer goes back, the registries too, and the restored storage is scanned", async (t) => {
  t.equal(readlinkSync(join(project, "storage/current")), before.link);
  t.equal(only(records, "flip").at(-1)?.data.to, before.link);
  t.equal(readFileSync(REGISTRY, "utf8"), before.registry);
  const restored = only(records, "check").filter(({ data }) => data.place === "restored");
  t.match(restored, [{ step: "live-scan", data: { verdict: "PASS", receipts: [{ text: /scan-all --live/ }] } }]);
  t.ok(played.closable);
});

t.test("G05 the flip is taken back before the snapshot", async (t) => {
  t.strictSame(
    only(records, "undo.end").map(({ data }) => data.of),
    ["pointer", "snapshot"],
  );
});
