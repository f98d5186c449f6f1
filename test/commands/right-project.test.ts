import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { compilePiiCheck } from "../../tools/migration/checks/pii-check.ts";
import { loadProject } from "../../tools/migration/config/project.ts";
import type { Finding } from "../../tools/migration/model/finding.ts";
import { candor } from "../helpers/cli-project.ts";
import { smallProject } from "../helpers/small-project.ts";

/** A folder that no project lies above. */
function nowhere(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), "no project "));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

t.test("what removes or overwrites never picks a project that the user did not name", async (t) => {
  const folder = nowhere(t);
  for (const command of [
    ["prune"],
    ["restore"],
    ["registry", "generate"],
    ["registry", "freeze"],
    ["migrate"],
    ["load", "sqlite:new.db"],
  ]) {
    const run = candor(folder, command);
    t.equal(run.code, 2, command.join(" "));
    t.match(run.stderr, "CONFIG_MISSING", command.join(" "));
  }
});

t.test("a command that picks the project of its own copy says so", async (t) => {
  t.match(candor(nowhere(t), ["report"]).stderr, /^no project here: using \S/);
});

t.test("a pasted remedy is for the project that was named", async (t) => {
  const root = join(nowhere(t), "my shop");
  spawnSync("cp", ["-a", smallProject(t, { people: "[]" }), root]);
  rmSync(join(root, "migration/mapping"), { recursive: true, force: true });
  const run = candor(root, ["dry-run", "--root", root]);
  t.equal(run.code, 2, run.stderr);
  t.match(run.stderr, `registry generate --root '${root}' `);
});

t.test("a pipe in the place of a configuration file is refused at once", async (t) => {
  const root = smallProject(t);
  rmSync(join(root, "migration/waivers.json"), { force: true });
  t.equal(spawnSync("mkfifo", [join(root, "migration/waivers.json")]).status, 0);
  const run = candor(root, ["dry-run"]);
  t.equal(run.code, 2, run.stderr);
  t.match(run.stderr, /waivers\.json.*regular file/);
});

t.test("the id is never taken for a card number, other texts of class 0 are", async (t) => {
  const [module] = loadProject(smallProject(t)).modules;
  if (module === undefined) throw new Error("no module");
  const open = (name: string) => ({ path: [name], pii: 0, residency: undefined, freeText: true }) as const;
  const check = compilePiiCheck({ ...module, piiFields: [open("id"), open("code")] }, []);
  const found: Finding[] = [];
  check({ id: "4111 1111 1111 1111", code: "4111 1111 1111 1111" }, {}, (one) => found.push(one));
  t.match(found, [{ code: "PII_CARD", field: "code" }]);
  t.equal(found.length, 1);
});
