import { execFileSync } from "node:child_process";
import t from "tap";
import { type CutoverProject, cutoverProject, demoPlan, only, play } from "../../helpers/cutover.ts";

function git(project: CutoverProject, ...args: readonly string[]): string {
  const who = ["-c", "user.name=ana", "-c", "user.email=ana@example.org"];
  return execFileSync("git", ["-C", project.root, ...who, ...args], { encoding: "utf8" }).trim();
}

function commit(project: CutoverProject, message: string): string {
  git(project, "commit", "--quiet", "--allow-empty", "-m", message);
  return git(project, "rev-parse", "HEAD");
}

const PLAN = demoPlan(`phases:
- id: work
  steps:
  - {id: one, sh: 'echo one >> effects', undo: {sh: 'echo undo-one >> effects'}}
  - {id: ack, manual: go on, by: operator}
`);

t.test("F83: each commit during the freeze needs a deviation before the run is over", async (t) => {
  const project = cutoverProject(t);
  git(project, "init", "--quiet");
  const start = commit(project, "before");
  const { ending } = await play(project, PLAN, {
    meanwhile: async ({ clock, said, ask, sign }) => {
      const holds = () => said.filter((line) => line.startsWith("HOLD commits"));
      while (!said.some((line) => line.startsWith("waiting"))) await clock.sleep(100);
      const [first, second] = [commit(project, "fix one"), commit(project, "fix two")];
      sign("done", "ack");
      while (holds().length === 0) await clock.sleep(100);
      t.match(holds()[0], new RegExp(`commit ${first.slice(0, 12)} has no deviation; .*${second.slice(0, 12)}`));
      ask("deviation", { role: "operator", name: "ana", reason: "smoke fix", commits: { ".": first.slice(0, 7) } });
      while (holds().length === 1) await clock.sleep(100);
      t.notMatch(holds()[1], first.slice(0, 12));
      ask("deviation", { role: "operator", name: "eve", reason: "smoke fix", commits: { ".": second } });
      ask("deviation", { role: "operator", name: "ana", reason: "second fix", commits: { ".": second } });
    },
  });
  t.equal(ending.outcome, "SUCCEEDED");
  const deviations = only(project.records(), "deviation").map(({ data }) => [data.repo, data.text, data.sign?.name]);
  t.strictSame(deviations, [
    [".", "smoke fix", "ana"],
    [".", "second fix", "ana"],
  ]);
  const moments = only(project.records(), "heads").map(({ data }) => [data.moment, data.heads["."] === start]);
  t.strictSame(moments, [
    ["the start", true],
    ["the end", false],
  ]);
});

t.test("F83: a repository that stood still needs no word", async (t) => {
  const project = cutoverProject(t);
  git(project, "init", "--quiet");
  commit(project, "before");
  const { ending } = await play(project, PLAN, {
    meanwhile: async ({ clock, said, sign }) => {
      while (!said.some((line) => line.startsWith("waiting"))) await clock.sleep(100);
      sign("done", "ack");
    },
  });
  t.equal(ending.outcome, "SUCCEEDED");
});
