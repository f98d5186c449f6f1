import { execFile } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import t, { type Test } from "tap";
import { readJournal } from "../../../tools/migration/cutover/journal/read-journal.ts";
import { listRuns, openRunDirectory } from "../../../tools/migration/cutover/journal/run-directory.ts";
import { RunState } from "../../../tools/migration/cutover/state/run-state.ts";
import { demoPlan } from "../../helpers/cutover.ts";

const CLI = resolve("tools/migration/cli.js");

/** Steps of every kind, and a way back for each; `rc` decides whether the last one fails. */
const PLAN = demoPlan(`vars: {rc: null, mods: [a, b]}
checks:
  there: {probe: 'cat effects', out: 'one'}
phases:
- id: first
  steps:
  - {id: one, sh: 'echo one >> effects', undo: {sh: 'echo undo-one >> effects'}}
  - {id: many, sh: 'echo "many-\${item}" >> effects', each: mods, undo: {sh: 'echo "undo-many-\${item}" >> effects'}}
  - {id: tag, sh: 'echo "id: T-42"; echo tag >> effects', save: {tag: 'id: (T-[0-9]+)'}, undo: {sh: 'echo "undo-\${tag}" >> effects'}}
  - use: there
  checkpoint: [there]
- id: second
  needs: [first]
  on_fail: rollback
  steps:
  - {id: key, flip: {file: app.json, key: /storage, to: new}}
  - {id: two, sh: 'echo "two-\${tag}" >> effects', undo: {none: nothing to undo}}
  - {id: last, sh: 'echo last >> effects; exit \${rc}', undo: [{sh: 'echo undo-last >> effects'}, {sh: 'exit 1', else: [{sh: 'echo else-last >> effects'}]}]}
  undo:
  - {sh: 'echo undo-second >> effects'}
writes: none
`);

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly output: string;
}

interface World {
  readonly root: string;
  readonly run: (args: readonly string[], crashAt?: string) => Promise<Ended>;
  readonly effects: () => string;
  readonly pointer: () => string;
}

function world(t: Test, name = "world"): World {
  if (!existsSync(t.testdirName)) t.testdir();
  const root = join(t.testdirName, name);
  mkdirSync(root, { recursive: true });
  mkdirSync(join(root, "migration"));
  writeFileSync(join(root, "migration/migration.json"), "{}");
  writeFileSync(join(root, "plan.yaml"), PLAN);
  writeFileSync(join(root, "effects"), "");
  writeFileSync(join(root, "app.json"), '{"storage":"old"}\n');
  const run: World["run"] = (args, crashAt) => {
    const crash = crashAt === undefined ? {} : { CUTOVER_CRASH_AT: crashAt };
    const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], ...crash };
    return new Promise((resolve) => {
      execFile(process.execPath, [CLI, "cutover", ...args], { cwd: root, env }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : null;
        resolve({ code, signal: error?.signal ?? null, output: stdout + stderr });
      });
    });
  };
  const effects = (): string => readFileSync(join(root, "effects"), "utf8");
  return { root, run, effects, pointer: () => readFileSync(join(root, "app.json"), "utf8") };
}

function reset({ root }: World): void {
  rmSync(join(root, "storage_reports"), { recursive: true, force: true });
  writeFileSync(join(root, "effects"), "");
  writeFileSync(join(root, "app.json"), '{"storage":"old"}\n');
}

/** What is left of a world: effects in order, the pointer, and how the run ended. */
function endOf(one: World): string {
  const { end } = RunState.of(readJournal(openRunDirectory(one.root, "demo-1")).records);
  return `${one.effects()}${one.pointer()}${end?.outcome}`;
}

function hasBegun({ root }: World): boolean {
  return listRuns(root).some((id) => readJournal(openRunDirectory(root, id)).records.length > 0);
}

/** Worlds at a time: a kill test waits more than it computes. */
const LANES = 3;
/** `npm run faults` kills at every point; the cut of `npm test` at every fortieth. */
const EVERY = Number(process.env["CANDOR_TEST_CRASH_EVERY"] ?? "40");

t.test("F01 to F14: killed at any point on the way forward and back, a resume comes to the same end", async (t) => {
  const args = ["run", "plan.yaml", "--var", "rc=3"];
  const first = world(t, "first");
  const unbroken = await first.run(args);
  t.equal(unbroken.code, 21, unbroken.output);
  const expected = endOf(first);
  let next = 1;
  let isOver = false;
  const lane = async (name: string): Promise<void> => {
    const one = world(t, name);
    while (!isOver) {
      const point = next;
      next += EVERY;
      reset(one);
      const broken = await one.run(args, `#${point}`);
      isOver ||= broken.signal !== "SIGKILL";
      if (isOver) return;
      // Killed before its first record there is no run yet: it is begun again.
      const resumed = await one.run(hasBegun(one) ? ["resume", "--run", "demo-1"] : args);
      t.equal(resumed.code, 21, `point ${point}: ${resumed.code === 21 ? "" : resumed.output}`);
      t.equal(endOf(one), expected, `point ${point}: nothing twice, nothing left out`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, (_, at) => lane(`lane-${at}`)));
  t.ok(next > 60, `${next} points`);
});

t.test("killed after its last step, a run that succeeds still succeeds", async (t) => {
  const one = world(t);
  for (const point of ["ended@last", "after-record@step.end:last", "running@there:checkpoint:first"]) {
    reset(one);
    t.equal((await one.run(["run", "plan.yaml", "--var", "rc=0"], point)).signal, "SIGKILL", point);
    t.equal((await one.run(["resume", "--run", "demo-1"])).code, 0, point);
    t.equal(one.effects(), "one\nmany-a\nmany-b\ntag\ntwo-T-42\nlast\n", point);
    t.match(one.pointer(), /new/);
  }
});

t.test("F07: a record that was not written to its end is cut off, and the run goes on", async (t) => {
  const one = world(t);
  await one.run(["run", "plan.yaml", "--var", "rc=0"], "after-record@step.end:tag");
  const { journal } = openRunDirectory(one.root, "demo-1");
  appendFileSync(journal, '{"at":"2026-03-14T');
  t.equal((await one.run(["resume", "--run", "demo-1"])).code, 0);
  t.match(one.effects(), /^one\nmany-a\nmany-b\ntag\ntwo-T-42\nlast\n$/);
});

t.test("F13: two kills in a rollback, and it still goes back and never forward", async (t) => {
  const one = world(t);
  const args = ["run", "plan.yaml", "--var", "rc=3"];
  t.equal((await one.run(args, "after-record@undo.intent:last.undo.1")).signal, "SIGKILL");
  t.equal((await one.run(["resume", "--run", "demo-1"], "after-record@undo.end:many.undo.1[b]")).signal, "SIGKILL");
  t.equal((await one.run(["resume", "--run", "demo-1"])).code, 21);
  t.match(one.effects(), /last\nundo-last\nelse-last\nundo-second\nundo-T-42\nundo-many-b\nundo-many-a\nundo-one\n$/);
});
