import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { cutoverProject, demoPlan, play } from "../../helpers/cutover.ts";

const config = '{"storage":"old"}\n';

function plan(writes: string, steps: string): string {
  return demoPlan(`writes: ${writes}\nphases:\n- id: go\n  on_fail: rollback\n  steps:\n${steps}`);
}

const FLIP = "  - {id: key, flip: {file: app.json, key: /storage, to: new}}\n";
const BUILD = "  - {id: build, sh: 'echo build >> effects', undo: {sh: 'echo unbuild >> effects'}}\n";
const FAIL = "  - {id: smoke, sh: 'exit 1', undo: {none: nothing to take back}}\n";
const FENCE = "{fenced: {sh: 'cat app.json >> effects'}}";

t.test("writers are fenced before a pointer goes back, and only once it has been moved", async (t) => {
  const project = cutoverProject(t);
  writeFileSync(join(project.root, "app.json"), config);
  const { ending } = await play(project, plan(FENCE, BUILD + FLIP + FAIL));
  t.equal(ending.outcome, "ROLLED_BACK");
  t.strictSame(project.effects(), ["build", '{"storage":"new"}', "unbuild"], "the fence saw the new pointer");
  t.equal(readFileSync(join(project.root, "app.json"), "utf8"), config);
});

t.test("without a flip nothing has to be fenced", async (t) => {
  const project = cutoverProject(t);
  writeFileSync(join(project.root, "app.json"), config);
  const { ending } = await play(project, plan(FENCE, BUILD + FAIL + FLIP));
  t.equal(ending.outcome, "ROLLED_BACK");
  t.strictSame(project.effects(), ["build", "unbuild"]);
});

t.test("a fence that fails leaves the pointer where it is, and says what is left", async (t) => {
  const project = cutoverProject(t);
  writeFileSync(join(project.root, "app.json"), config);
  const { ending, said } = await play(project, plan("{captured: {sh: 'exit 3'}}", BUILD + FLIP + FAIL));
  t.equal(ending.outcome, "ROLLBACK_FAILED");
  t.equal(readFileSync(join(project.root, "app.json"), "utf8"), '{"storage":"new"}\n');
  t.match(said.join("\n"), /left: writes\.captured/);
});
