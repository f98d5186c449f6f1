import { readFileSync } from "node:fs";
import t from "tap";
import { lintPlanText, parsePlanText } from "../../../tools/migration/cutover/plan/load-plan.ts";
import type { Plan } from "../../../tools/migration/cutover/plan/plan.ts";
import { everyAction } from "../../../tools/migration/cutover/plan/walk.ts";
import { demoPlan } from "../../helpers/cutover.ts";

const PLANS = ["mint-rank5plus", "mint-prod-cutover", "station56", "step22"] as const;
const textOf = (name: string): string => readFileSync(`migration/cutover/${name}.yaml`, "utf8");
const planOf = (name: string): Plan => parsePlanText(textOf(name), name);
const said = (text: string, root?: string): readonly string[] =>
  lintPlanText(text, root).book.messages.map((one) => `${one.severity} ${one.text}`);
const oneStep = (step: string, more = ""): string => demoPlan(`${more}phases:\n- id: one\n  steps:\n  - ${step}\n`);

t.test("G04 a step that changes something and states no undo is refused, and no undo needs a reason", async (t) => {
  t.match(said(oneStep("{id: a, sh: touch x}")), [/^error .*undo/]);
  t.match(said(oneStep("{id: a, sh: touch x, undo: {none: ''}}")), [/^error/]);
  t.strictSame(said(oneStep("{id: a, sh: touch x, undo: {none: it is only a mark}}")), []);
  for (const name of PLANS) {
    for (const { steps } of planOf(name).phases) {
      for (const step of steps) {
        if ("use" in step) continue;
        t.ok(step.undo.kind !== "none" || step.undo.reason !== "", `${name} ${step.id}`);
      }
    }
  }
});

t.test("G11 a name that nobody gives and a placeholder of the documents are refused", async (t) => {
  for (const word of ["${nobody}", "<release-operator>", "GAP-OP-XXX"]) {
    t.match(said(oneStep(`{id: a, probe: 'echo ${word}', out: a}`)), [/^error/], word);
  }
});

t.test("G12 a check that looks at nothing but an exit code is warned about", async (t) => {
  t.match(said(oneStep("{id: a, probe: ./health}")), [/^warning .*exit code/]);
  t.strictSame(said(oneStep("{id: a, probe: ./health, out: '^ok$'}")), []);
  t.match(said(oneStep("{id: a, probe: curl -s http://localhost/health, out: ok}")), [
    /^warning curl exits 0 on HTTP 500/,
  ]);
});

t.test("000-35 the six verification commands are one named set", async (t) => {
  const plan = planOf("mint-rank5plus");
  const commands = plan.sets.get("verification")?.map((name) => {
    const verb = plan.checks.get(name)?.verb;
    return verb !== undefined && "command" in verb ? verb.command.replace("./bin/ops cap run ", "") : "";
  });
  t.strictSame(commands, [
    "loops.status",
    "gaps.status",
    "verify.pack.run mint",
    "verify.pack.run loop_gap",
    "verify.core.run",
    "secrets.status",
  ]);
});

t.test("000-38 hosts are declared once by name, and no step spells an address", async (t) => {
  const plan = planOf("mint-rank5plus");
  t.strictSame([...plan.hosts.keys()], ["mint-apps", "docker-host"]);
  for (const { action } of everyAction(plan)) {
    if ("command" in action.verb)
      t.notMatch(action.verb.command, /\bssh\b|[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+/, action.name);
  }
});

t.test(
  "001-16 images are built on the remote host by a step, and the pack says that this is an adaptation",
  async (t) => {
    const plan = planOf("mint-prod-cutover");
    const build = [...everyAction(plan)].find(({ action }) => action.name === "build")?.action;
    t.match(build?.verb, { on: "docker-host", command: /docker-compose\.prod\.yml build$/ });
    t.match(plan.pack["adaptations"], [/built on the remote host/]);
  },
);

t.test("003-18 what is specific to an environment is a variable, and one without a value must be given", async (t) => {
  for (const name of ["m", "candidate", "live", "run_id"]) t.ok(planOf("station56").vars.has(name), name);
  const open = planOf("mint-prod-cutover").vars.get("psql");
  t.equal(open?.value ?? null, null);
  t.match(said(textOf("station56").replace("  live: storage/current\n", "")).join("\n"), /error .*live/);
});

t.test("004-01 linked assets that are missing are named", async (t) => {
  const missing = said(textOf("step22"), t.testdir());
  const assets = planOf("step22").assets;
  t.equal(assets.length, 7);
  t.equal(missing.length, 7);
  for (const asset of assets)
    t.ok(
      missing.some((line) => line.startsWith("error") && line.includes(asset)),
      asset,
    );
});

t.test("004-02 a gate, a tick and a done_if can hold nothing that changes something", async (t) => {
  const gate = demoPlan(
    "gates:\n  G1: {by: operator, fresh: 60m, pass: [{sh: touch x}]}\nphases:\n- id: one\n  steps: []\n",
  );
  t.match(said(gate).join("\n"), /error sh changes things, and nothing here may/);
  t.match(
    said(oneStep("{id: a, sh: touch x, undo: {none: x y}, done_if: {sh: touch y}}")).join("\n"),
    /error sh changes things/,
  );
});
