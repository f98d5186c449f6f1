import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { type CutoverProject, cutoverProject, demoPlan, only, play } from "../../helpers/cutover.ts";
import { mountTmpfs, noTmpfs } from "../../helpers/tmpfs.ts";

/** A project whose runs are on a small disk of their own. */
function onSmallDisk(t: Test, kib: number): { project: CutoverProject; disk: string } {
  const project = cutoverProject(t);
  const disk = mountTmpfs(t, kib);
  symlinkSync(disk, join(project.root, "storage_reports"));
  return { project, disk };
}

const FILL = "head -c 8M /dev/zero > storage_reports/fill 2> /dev/null || true";
/** Longer than what is left of a page: the record of it needs room. */
const LONG = "so much to say ".repeat(700);

t.test("F60: a step whose intent finds no room is not started; a HOLD says so", { skip: noTmpfs }, async (t) => {
  const { project, disk } = onSmallDisk(t, 1024);
  const text = demoPlan(`notify: {sh: cat >> told}
phases:
- id: work
  steps:
  - {id: one, sh: 'echo one >> effects; ${FILL}', undo: {none: no}}
  - {id: two, say: ${LONG}, sh: 'echo two >> effects', undo: {none: no}}
`);
  const { ending, said } = await play(project, text);
  t.match(ending, { outcome: "HOLD", reason: /nothing more is begun: .*full/ });
  t.strictSame(project.effects(), ["one"]);
  t.notOk(only(project.records(), "step.intent").some(({ step }) => step === "two"));
  t.match(only(project.records(), "hold").at(-1), { step: "storage", data: { code: "DISK_FULL" } });
  t.match(said.join("\n"), /HOLD storage/);
  t.match(readFileSync(join(project.root, "told"), "utf8"), /HOLD storage/, "people are told");
  await t.rejects(play(project, "", { resume: "demo-1" }), { code: "DISK_FULL" }, "as long as there is no room");
  rmSync(join(disk, "fill"));
  t.equal((await play(project, "", { resume: "demo-1" })).ending.outcome, "SUCCEEDED");
  t.strictSame(project.effects(), ["one", "two"]);
});

const NO_BALLAST = `rm storage_reports/cutover/demo-1/ballast; ${FILL}`;
/** Its end holds what was expected: more than what is left of a page. */
const ONE_STEP = `phases:
- id: work
  steps:
  - {id: one, sh: 'echo one >> effects; echo one; ${NO_BALLAST}', out: one|${LONG}, undo: {none: no}}
`;

t.test(
  "F61: a result waits until there is room for it, and nothing is started meanwhile",
  { skip: noTmpfs },
  async (t) => {
    const { project, disk } = onSmallDisk(t, 1024);
    const text = demoPlan(`${ONE_STEP}  - {id: two, sh: 'echo two >> effects', undo: {none: no}}\n`);
    const { ending, said } = await play(project, text, {
      meanwhile: async ({ clock, said: soFar }) => {
        while (!soFar.some((line) => line.includes("waits to be written"))) await clock.sleep(100);
        t.strictSame(project.effects(), ["one"]);
        rmSync(join(disk, "fill"));
      },
    });
    t.equal(ending.outcome, "SUCCEEDED");
    t.match(said.join("\n"), /the end of one waits to be written down/);
    t.strictSame(project.effects(), ["one", "two"]);
    t.notOk(only(project.records(), "step.end")[0]?.data.receipts[0]?.recovered);
  },
);

t.test(
  "F61: a result that never found room is read from its files by the next driver",
  { skip: noTmpfs },
  async (t) => {
    const { project, disk } = onSmallDisk(t, 1024);
    const { ending } = await play(project, demoPlan(ONE_STEP));
    t.equal(ending.outcome, "HOLD");
    t.strictSame(only(project.records(), "step.end"), []);
    rmSync(join(disk, "fill"));
    t.equal((await play(project, "", { resume: "demo-1" })).ending.outcome, "SUCCEEDED");
    t.match(only(project.records(), "step.end")[0]?.data.receipts, [{ recovered: true }]);
    t.strictSame(project.effects(), ["one"]);
  },
);

t.test("F60: a stop that fires on a full disk ends the run in HOLD, not in silence", { skip: noTmpfs }, async (t) => {
  const { project, disk } = onSmallDisk(t, 1024);
  writeFileSync(join(project.root, "ok"), "yes");
  const text = demoPlan(`phases:
- id: work
  steps:
  - {id: one, sh: 'echo one >> effects', undo: {none: no}}
  - {id: ack, manual: go on, by: operator}
stop:
- {id: down, probe: 'cat ok; if grep -q no ok; then ${NO_BALLAST}; fi', out: ^yes, every: 1s, say: ${LONG.repeat(8)}, then: rollback}
`);
  const { ending } = await play(project, text, {
    meanwhile: async ({ clock }) => {
      await clock.sleep(10_000);
      writeFileSync(join(project.root, "ok"), "no");
    },
  });
  t.match(ending, { outcome: "HOLD", reason: /full/ });
  t.ok(existsSync(join(disk, "fill")));
});
