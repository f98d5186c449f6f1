import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { readJournal } from "../../../tools/migration/cutover/journal/read-journal.ts";
import { listRuns, openRunDirectory } from "../../../tools/migration/cutover/journal/run-directory.ts";
import { RunState } from "../../../tools/migration/cutover/state/run-state.ts";
import { layMintProd } from "../../estate/mint-prod.ts";
import { play } from "../../estate/play.ts";
import { estateWorld } from "../../helpers/estate-world.ts";

const LOCK = ".mint-prod-cutover.lock";

t.test("F71 a run is refused while another one holds the lock on its target, before it changes anything", async (t) => {
  const practice = await estateWorld(t, layMintProd);
  const lock = join(practice.estate.dir, "hosts/docker-host", LOCK);
  mkdirSync(lock);
  writeFileSync(join(lock, "owner"), `{"host":"night-laptop","run":"another-1"}\n`);
  await t.rejects(play(practice), { code: "LOCK_HELD", message: /docker-host:\.mint-prod.*night-laptop.*another-1/ });
  t.strictSame(practice.estate.effects(), [], "nothing was done");
  const root = practice.estate.project;
  const runs = listRuns(root).map((id) => RunState.of(readJournal(openRunDirectory(root, id)).records));
  t.match(runs, [{ isOver: true, end: { outcome: "ABORTED" } }], "the run that holds it is the only open one");
});

t.test("F71 a run gives the lock on its target back when it has ended", async (t) => {
  const practice = await estateWorld(t, layMintProd);
  const lock = join(practice.estate.dir, "hosts/docker-host", LOCK);
  let wasHeld = false;
  const { outcome } = await play(practice, {
    onRecord: ({ type }) => {
      if (type === "phase.start") wasHeld = existsSync(join(lock, "owner"));
    },
  });
  t.match(outcome, /^(SUCCEEDED|ROLLED_BACK)$/);
  t.ok(wasHeld);
  t.notOk(existsSync(lock));
});
