import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { openRun } from "../../../tools/migration/cutover/documents/open-run.ts";
import { DOCUMENTS, type DocumentName, renderDocument } from "../../../tools/migration/cutover/documents/render.ts";
import { sealRun } from "../../../tools/migration/cutover/documents/seal.ts";
import { verifyRun } from "../../../tools/migration/cutover/documents/verify-run.ts";
import { listRuns } from "../../../tools/migration/cutover/journal/run-directory.ts";
import { systemClock } from "../../../tools/migration/cutover/time/clock.ts";
import { play } from "../../estate/play.ts";
import { layStep22 } from "../../estate/step22.ts";
import { estateWorld } from "../../helpers/estate-world.ts";

const NAMES = Object.keys(DOCUMENTS) as DocumentName[];

t.test("a run that the engine drove verifies, and all its documents can be made of it twice", async (t) => {
  const practice = await estateWorld(t, layStep22);
  const played = await play(practice);
  t.equal(played.outcome, "SUCCEEDED");
  const root = practice.estate.project;
  const [id = ""] = listRuns(root);
  t.match(verifyRun(root, id, {}), { records: played.records.length, problems: [] });
  const opened = openRun(root, id, { unsealed: false });
  const first = NAMES.map((name) => renderDocument(opened, name));
  const again = openRun(root, id, { unsealed: false });
  t.strictSame(
    NAMES.map((name) => renderDocument(again, name)),
    first,
  );

  const lines = (first[NAMES.indexOf("evidence")] ?? "").trimEnd().split("\n");
  t.equal(lines.length, 11);
  t.match(lines[0], "Cutover ticket ID: ticket-1");
  t.match(lines[3], /G1 PASS .*G2 PASS .*G3 PASS .*G4 PASS .*G5 PASS/);
  t.match(lines[6], /go, PASS, .*release-manager \S+ go .*ops-lead \S+ go/);
  t.match(lines[9], /keep, PASS, /);
  t.equal(lines[10], "Rollback trigger (if any): none");
  const checklist = (first[NAMES.indexOf("checklist")] ?? "").trimEnd().split("\n");
  t.equal(checklist.length, 5);
  for (const line of checklist) t.match(line, /^- \[x\] /);

  const sealed = sealRun(root, id, { clock: systemClock(), commits: new Map([["app", "0ce4de6"]]), key: undefined });
  t.match(verifyRun(root, id, { head: sealed.head }), { problems: [] });
  t.match(readFileSync(join(root, `storage_reports/cutover/${id}/docs/scope.md`), "utf8"), /app: `0ce4de6`, sealed/);
});
