import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { openRun as openDocuments } from "../../../tools/migration/cutover/documents/open-run.ts";
import { changePlan } from "../../../tools/migration/cutover/engine/change-plan.ts";
import { parsePlanText } from "../../../tools/migration/cutover/plan/load-plan.ts";
import { sha256Hex } from "../../../tools/migration/integrity/digest.ts";
import type { JsonObject } from "../../../tools/migration/model/json.ts";
import { type CutoverProject, cutoverProject, demoPlan, driverFor, only, play } from "../../helpers/cutover.ts";

/** The second step fails until there is a file; the first one has an undo that can be edited. */
const PLAN = demoPlan(`vars: {log: effects}
hosts: {moon: moon.example}
checks:
  ok: {probe: 'cat effects', out: one}
phases:
- id: first
  steps:
  - {id: one, sh: 'echo one >> \${log}', undo: {sh: 'echo undo-one >> \${log}'}}
- id: second
  needs: [first]
  steps:
  - {id: two, sh: 'echo two >> \${log}', undo: {sh: 'echo undo-two >> \${log}'}}
  - {id: see, see: [never]}
  - {id: three, sh: 'echo three >> \${log}', undo: {none: no}}
  checkpoint: [ok]
`);

const SIGNED = { role: "operator", name: "ana", reason: "the script has moved" };

/** A run that holds at its third step. */
async function held(project: CutoverProject): Promise<void> {
  const { ending } = await play(project, PLAN, { exitOnHold: true });
  if (ending.outcome !== "HOLD") throw new Error(ending.outcome);
}

async function change(project: CutoverProject, text: string, signature: JsonObject | undefined = SIGNED) {
  const said: string[] = [];
  const plan = parsePlanText(text, "new.yaml");
  const { options, end } = driverFor(project, (line) => said.push(line));
  try {
    await changePlan(options, "demo-1", { plan, file: "new.yaml" }, signature);
  } finally {
    end();
  }
  return said;
}

/** Goes on, and tries the failed step again. */
const again = (project: CutoverProject) =>
  play(project, "", { resume: "demo-1", meanwhile: ({ sign }) => sign("again", "see") });

const FREE = PLAN.replace("see: [never]", "see: [effects]");

t.test("F80: a step that has not begun may differ once somebody signs, and the run goes on with it", async (t) => {
  const project = cutoverProject(t);
  await held(project);
  const said = await change(project, FREE.replace("echo three >>", "echo drei >>"));
  t.match(said, ["differs step see differs", "differs step three differs", /^plan {4}[0-9a-f]{16} -> /]);
  const [deviation] = only(project.records(), "deviation");
  t.match(deviation?.data, {
    sign: { role: "operator", name: "ana", reason: "the script has moved", about: "deviation", say: "deviation" },
    plan: { before: sha256Hex(PLAN) },
  });
  const { ending } = await again(project);
  t.equal(ending.outcome, "SUCCEEDED");
  t.strictSame(project.effects(), ["one", "two", "drei"]);
  t.strictSame(openDocuments(project.root, "demo-1", { unsealed: false }).problems, [], "its documents are made of it");
});

const REFUSED: readonly (readonly [name: string, from: string, to: string, expected: RegExp])[] = [
  ["a step that was done", "echo two >>", "echo zwei >>", /step two differs: it was started/],
  ["a step before one that was started", "  - {id: two", "  - {id: nil, see: [effects]}\n  - {id: two", /started/],
  ["a step more in a phase that has passed", "- id: second", "  - {id: more, see: [x]}\n- id: second", /has passed/],
  [
    "the vars of a phase that has begun",
    "  needs: [first]\n",
    "  needs: [first]\n  vars: {x: y}\n",
    /vars of phase second/,
  ],
  [
    "a phase before those that have begun",
    "- id: first",
    "- id: nil\n  steps:\n  - {id: n, see: [x]}\n- id: first",
    /order/,
  ],
  ["the values of the run", "log: effects", "log: elsewhere", /vars differs: it was settled/],
  ["a host", "moon.example", "mars.example", /hosts moon differs: what was done there/],
  ["the people", "reviewer: bea", "reviewer: cem", /roles differs: it was settled/],
];

for (const [name, from, to, expected] of REFUSED) {
  t.test(`F80: a plan that changes ${name} is refused, and the run keeps its own`, async (t) => {
    const project = cutoverProject(t);
    await held(project);
    t.ok(FREE.includes(from), "the change is one");
    const error = await change(project, FREE.replace(from, to)).catch((one: unknown) => one);
    t.match(error, { code: "PLAN_CHANGED" });
    t.match((error as { problems: string[] }).problems.join("\n"), expected);
    t.strictSame(only(project.records(), "deviation"), []);
    t.equal(readFileSync(join(project.root, "storage_reports/cutover/demo-1/plan.yaml"), "utf8"), PLAN);
  });
}

t.test("F80: nobody signs, a stranger signs, no reason: the differences are shown and nothing changes", async (t) => {
  const project = cutoverProject(t);
  await held(project);
  await t.rejects(change(project, FREE, {}), { code: "REFUSED", problems: ["step see differs"] });
  await t.rejects(change(project, FREE, { ...SIGNED, reason: "" }), { code: "REFUSED" });
  await t.rejects(change(project, FREE, { ...SIGNED, name: "eve" }), { code: "REFUSED", message: /eve does not hold/ });
  t.strictSame(only(project.records(), "deviation"), []);
});

t.test("F80: comments and layout pass without a word, and without a signature", async (t) => {
  const project = cutoverProject(t);
  await held(project);
  const said = await change(
    project,
    `# a comment\n${PLAN.replace("vars: {log: effects}", "vars:\n  log: effects")}`,
    {},
  );
  t.match(said, ["plan    new.yaml says the same as the plan of the run"]);
  t.strictSame(only(project.records(), "deviation"), []);
});

t.test("F80: a plan that was changed in the run folder is refused, with its digest or without", async (t) => {
  const project = cutoverProject(t);
  await held(project);
  const folder = join(project.root, "storage_reports/cutover/demo-1");
  for (const isForged of [false, true]) {
    writeFileSync(join(folder, "plan.yaml"), FREE);
    if (isForged) writeFileSync(join(folder, "plan.sha256"), `${sha256Hex(FREE)}\n`);
    await t.rejects(play(project, "", { resume: "demo-1" }), { code: "PLAN_CHANGED" });
  }
  const { problems } = openDocuments(project.root, "demo-1", { unsealed: true });
  t.match(problems, [/plan.yaml of the run has SHA-256/]);
  t.strictSame(project.effects(), ["one", "two"]);
});

t.test("F80: a driver that is killed between signature and file goes on with what was signed", async (t) => {
  const project = cutoverProject(t);
  await held(project);
  await change(project, FREE);
  const folder = join(project.root, "storage_reports/cutover/demo-1");
  t.equal(readdirSync(folder).filter((name) => /^plan\.[0-9a-f]{16}\.yaml$/.test(name)).length, 2, "both are kept");
  writeFileSync(join(folder, "plan.yaml"), FREE.replace("echo three", "echo drei"));
  await t.rejects(again(project), { code: "PLAN_CHANGED" }, "a third plan is nobody's");
  writeFileSync(join(folder, "plan.yaml"), PLAN);
  writeFileSync(join(folder, "plan.sha256"), `${sha256Hex(PLAN)}\n`);
  const { ending } = await again(project);
  t.equal(ending.outcome, "SUCCEEDED");
  t.equal(readFileSync(join(folder, "plan.yaml"), "utf8"), FREE);
});

t.test("F81: the undo that was written down with its step rules over one that is edited later", async (t) => {
  const project = cutoverProject(t);
  await held(project);
  const said = await change(
    project,
    FREE.replace("echo undo-two", "echo other").replace("see: [effects]", "see: [never]"),
  );
  t.match(said.join("\n"), /the undo of step two differs, and the one that was written down with it rules/);
  const { ending } = await play(project, "", {
    resume: "demo-1",
    meanwhile: ({ ask }) => ask("rollback", { scope: "run", reason: "test" }),
  });
  t.equal(ending.outcome, "ROLLED_BACK");
  t.strictSame(project.effects(), ["one", "two", "undo-two", "undo-one"]);
});

t.test("F80: a phase that was rolled back may differ again", async (t) => {
  const project = cutoverProject(t);
  await held(project);
  await play(project, "", {
    resume: "demo-1",
    exitOnHold: true,
    meanwhile: ({ ask }) => ask("rollback", { scope: "second", reason: "test" }),
  });
  await change(project, FREE.replace("echo two >>", "echo zwei >>"));
  const { ending } = await play(project, "", {
    resume: "demo-1",
    meanwhile: async ({ clock, sign }) => {
      await clock.sleep(1000);
      sign("again", "second");
    },
  });
  t.equal(ending.outcome, "SUCCEEDED");
  t.strictSame(project.effects(), ["one", "two", "undo-two", "zwei", "three"]);
});
