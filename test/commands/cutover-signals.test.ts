import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import t, { type Test } from "tap";
import { shell } from "../helpers/cli-project.ts";
import { type CutoverProject, cutoverProject, demoPlan, only } from "../helpers/cutover.ts";

const CLI = resolve("tools/migration/cli.js");
const PLAN = demoPlan(`phases:
- id: work
  steps:
  - {id: one, sh: 'echo one >> effects; sleep "$long"; echo end >> effects', undo: {sh: 'echo undo >> effects'}}
  - {id: two, sh: 'echo two >> effects', undo: {none: no}}
`).replace("phases:", "vars: {long: 2}\nphases:");

/** A project with a driver in its first step. */
async function driven(t: Test, long: string, command = [process.execPath, CLI]) {
  const project = cutoverProject(t);
  writeFileSync(join(project.root, "plan.yaml"), PLAN.replace("long: 2", `long: ${long}`));
  const [program = "", ...args] = [...command, "cutover", "run", "plan.yaml"];
  const words =
    program === "script"
      ? ["-qefc", [process.execPath, CLI, "cutover", "run", "plan.yaml"].join(" "), "/dev/null"]
      : args;
  const driver = spawn(program, words, { cwd: project.root, stdio: "ignore" });
  t.teardown(() => driver.kill("SIGKILL"));
  while (!project.effects().includes("one")) await setTimeout(50);
  return { project, driver };
}

/** States of the run, once one of them is this. */
async function waitForState(project: CutoverProject, state: string): Promise<readonly string[]> {
  for (;;) {
    const states = only(project.records(), "run.state").map(({ data }) => data.state);
    if (states.includes(state)) return states;
    await setTimeout(50);
  }
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  t.test(`F15: ${signal} begins nothing new, lets the step end, and rolls nothing back`, async (t) => {
    const { project, driver } = await driven(t, "2");
    driver.kill(signal);
    t.strictSame(await once(driver, "exit"), [130, null]);
    t.strictSame(project.effects(), ["one", "end"]);
    t.match(only(project.records(), "step.end").at(-1)?.data, { result: "done" });
    t.strictSame(await waitForState(project, "INTERRUPTED"), ["INTERRUPTED"]);
  });
}

t.test("F15: a second SIGINT ends the step that runs, and still rolls nothing back", async (t) => {
  const { project, driver } = await driven(t, "600");
  driver.kill("SIGINT");
  await setTimeout(500);
  driver.kill("SIGINT");
  t.strictSame(await once(driver, "exit"), [130, null]);
  t.strictSame(project.effects(), ["one"]);
  t.match(only(project.records(), "step.end").at(-1)?.data, { result: "failed", reason: "ended on request" });
});

const noScript = spawnSync("script", ["--version"]).status === 0 ? false : "there is no script(1) to make a terminal";

t.test("F15: a terminal that is closed does not take the evidence with it", { skip: noScript }, async (t) => {
  const { project, driver } = await driven(t, "2", ["script"]);
  driver.kill("SIGKILL");
  await waitForState(project, "INTERRUPTED");
  t.strictSame(project.effects(), ["one", "end"]);
});

const noFull = existsSync("/dev/full") ? false : "there is no /dev/full";

t.test("a log on a full disk does not end the driver in the middle of a step", { skip: noFull }, async (t) => {
  const project = cutoverProject(t);
  writeFileSync(join(project.root, "plan.yaml"), PLAN);
  const run = shell(project.root, `node "$CLI" cutover run plan.yaml 2>/dev/full`);
  t.match(run, { code: 0, stdout: /^SUCCEEDED demo-1/ });
  t.strictSame(project.effects(), ["one", "end", "two"]);
});
