import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { layStep22 } from "../estate/step22.ts";
import { candor, treeOf } from "../helpers/cli-project.ts";

t.test("G07, F103: a dry-run starts nothing and writes nothing but its report", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "estate-"));
  const { estate, vars } = await layStep22(dir);
  t.teardown(() => {
    estate.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const file = "migration/cutover/step22.yaml";
  cpSync(file, join(estate.project, file));
  const isReport = (path: string): boolean => path.startsWith("project/storage_reports");
  const before = treeOf(dir, isReport);
  const given = ["--var", `health_urls=${[vars["health_urls"]].flat().join(",")}`];
  const roles = "release-operator qa-owner release-manager ops-lead oncall-ops project-owner l1 l2 l3".split(" ");
  const people = roles.flatMap((role) => ["--assign", `${role}=person-${role}`]);
  const { code, stdout, stderr } = candor(estate.project, ["cutover", "dry-run", file, ...given, ...people], {
    env: estate.env,
  });
  t.equal(code, 0, stderr);
  t.match(stdout, /execute/);
  t.strictSame(treeOf(dir, isReport), before, "not one file is other than before");
});
