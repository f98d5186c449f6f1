import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import t from "tap";
import { isRunning, until, untilFile } from "../../helpers/commands.ts";
import { type CutoverProject, cutoverProject, demoPlan, only, play } from "../../helpers/cutover.ts";

const CLI = resolve("tools/migration/cli.js");

/** Starts a plan in another process that is killed at a point. */
async function runAndKill({ root }: CutoverProject, text: string, at: string): Promise<string | null> {
  writeFileSync(join(root, "plan.yaml"), text);
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], CUTOVER_CRASH_AT: at };
  return await new Promise((done) => {
    execFile(process.execPath, [CLI, "cutover", "run", "plan.yaml"], { cwd: root, env }, (error) =>
      done(error?.signal ?? null),
    );
  });
}

t.test("F04: a read that a killed driver left running is ended before it is asked anew", async (t) => {
  const project = cutoverProject(t);
  const text = demoPlan(`checks:
  slow: {probe: 'echo $$ >> readers; [ -e quick ] || sleep 1000'}
phases:
- id: work
  steps:
  - use: slow
  - {id: one, sh: 'echo one >> effects', undo: {none: no}}
`);
  t.equal(await runAndKill(project, text, "running@slow:step:work"), "SIGKILL");
  const readers = join(project.root, "readers");
  await untilFile(readers);
  const left = Number(readFileSync(readers, "utf8"));
  t.ok(isRunning(left), "it outlives its driver");
  writeFileSync(join(project.root, "quick"), "");
  const { ending } = await play(project, text, { resume: "demo-1" });
  t.equal(ending.outcome, "SUCCEEDED");
  t.notOk(isRunning(left));
  t.strictSame(project.effects(), ["one"]);
  const notes = only(project.records(), "note").map(({ data }) => data);
  t.match(notes, [{ code: "LEFT_BEHIND", text: /^ended \d+-slow\.1, a read/ }]);
});

t.test("F04: a step that a killed driver left running is not ended with the reads", async (t) => {
  const project = cutoverProject(t);
  const text = demoPlan(
    "phases:\n- id: work\n  steps:\n  - {id: one, sh: 'sleep 0.3; echo one >> effects', undo: {none: no}}\n",
  );
  t.equal(await runAndKill(project, text, "running@one"), "SIGKILL");
  t.equal((await play(project, text, { resume: "demo-1" })).ending.outcome, "SUCCEEDED");
  t.strictSame(project.effects(), ["one"]);
  t.strictSame(only(project.records(), "note"), []);
});

t.test("F16: the first sample of a stop after a kill is its own, not what the driver before had asked", async (t) => {
  const project = cutoverProject(t);
  const text = demoPlan(`phases:
- id: work
  steps:
  - {id: one, sh: 'echo one >> effects', undo: {sh: 'echo undo-one >> effects'}}
  - {id: settle, wait: 2s}
stop:
- {id: down, probe: cat answer, out: ok, every: 1s, from: work, then: rollback}
`);
  writeFileSync(join(project.root, "answer"), "bad\n");
  t.equal(await runAndKill(project, text, "running@stop:down"), "SIGKILL");
  const steps = join(project.root, "storage_reports/cutover/demo-1/steps");
  const sample = readdirSync(steps).find((name) => name.startsWith("0-stop-down")) ?? "";
  await until(() => readdirSync(join(steps, sample)).includes("rc"), "the end of the sample");
  writeFileSync(join(project.root, "answer"), "ok\n");
  t.equal((await play(project, text, { resume: "demo-1" })).ending.outcome, "SUCCEEDED");
  t.strictSame(project.effects(), ["one"]);
});
