import { readdirSync, readFileSync } from "node:fs";
import t from "tap";
import { lintPlanText } from "../../../tools/migration/cutover/plan/load-plan.ts";
import type { Plan } from "../../../tools/migration/cutover/plan/plan.ts";
import { everyAction } from "../../../tools/migration/cutover/plan/walk.ts";

const FOLDER = "migration/cutover";

function planOf(file: string): Plan {
  const { plan, book } = lintPlanText(readFileSync(`${FOLDER}/${file}.yaml`, "utf8"));
  if (plan === undefined) throw new Error(book.messages.map(({ text }) => text).join("\n"));
  return plan;
}

t.test("every plan is clean: no error, no warning", async (t) => {
  const files = readdirSync(FOLDER).sort();
  t.strictSame(files, ["mint-prod-cutover.yaml", "mint-rank5plus.yaml", "station56.yaml", "step22.yaml"]);
  for (const file of files) {
    const { book } = lintPlanText(readFileSync(`${FOLDER}/${file}`, "utf8"));
    t.strictSame(
      book.messages.flatMap(({ severity, line, at, text }) =>
        severity === "notice" ? [] : [`${file}:${line} ${at}: ${text}`],
      ),
      [],
      file,
    );
  }
});

t.test("step22 names the linked files that are missing", async (t) => {
  const { book } = lintPlanText(readFileSync(`${FOLDER}/step22.yaml`, "utf8"), t.testdir());
  t.equal(book.errors, 7);
  t.match(book.messages[0]?.text, /step20-canary-rollback\.yml is not there/);
});

t.test("000: phases, gate labels, loops, stops and completion are those of the runbook", async (t) => {
  const plan = planOf("mint-rank5plus");
  t.strictSame(
    plan.phases.slice(1).map(({ gate }) => gate),
    ["Gate-0 → Gate-1", "Gate-1 → Gate-2", "Gate-2 → Gate-3", "Gate-3 → Gate-4"],
  );
  t.strictSame(
    plan.phases.slice(1).map(({ needs }) => needs),
    [["prerequisites"], ["foundation"], ["core-services"], ["core-services", "business-logic"]],
  );
  const loops = plan.vars.get("loops_all")?.value;
  t.equal(loops?.length, 7);
  for (const loop of loops ?? []) t.match(loop, /^LOOP-MINT-[A-Z0-9-]+-20260222$/);
  for (const [stop, then, badForMs] of [
    ["no-gaps-core", "hold", 0],
    ["pack-fail", "hold", 0],
    ["health", "rollback-phase", 60_000],
    ["secret-fail", "hold", 0],
    ["tailscale-lost", "pause", 0],
  ] as const) {
    t.match(
      plan.stops.find(({ id }) => id === stop),
      { then, badForMs },
      stop,
    );
  }
  t.ok(plan.done.noRollback);
  t.strictSame(plan.sets.get("verification")?.length, 6);
  const described = [...everyAction(plan)].flatMap(({ action: { verb } }) =>
    verb.kind === "sh"
      ? [...verb.command.matchAll(/--(?:description|action) "([^"]+)"/g)].map((match) => match[1])
      : [],
  );
  t.equal(described.length, 10, "five gaps filed and claimed with their texts");
});

t.test("002: the nine steps of the sequence come in their order", async (t) => {
  const cutover = planOf("mint-prod-cutover").phases.find(({ id }) => id === "cutover");
  const ids = (cutover?.steps ?? []).flatMap((step) => ("id" in step ? [step.id] : []));
  const nine = ["env", "source", "build", "stop-files-api", "stop-quote-page", "deploy", "settle", "migrate", "e2e"];
  t.strictSame(
    ids.filter((id) => nine.includes(id)),
    nine,
  );
  t.equal(cutover?.onFail, "rollback");
  const source = cutover?.steps.find((step) => "id" in step && step.id === "source");
  t.match(
    source,
    { verb: { command: /--exclude \.git --exclude \.env\.prod/ } },
    "--delete spares what was made before",
  );
});

t.test("003: the flip takes the recorded root, and everything after it reads through the pointer", async (t) => {
  const plan = planOf("station56");
  const actions = new Map([...everyAction(plan)].map(({ action }) => [action.name, action]));
  t.match(actions.get("pointer")?.verb, { flip: { kind: "link", link: /^\$\{live\}$/, root: /^\$\{run_root\}$/ } });
  t.match(actions.get("live-scan")?.verb, { command: /scan-all --live --json$/ });
  t.match(actions.get("scan")?.verb, { command: /scan-all --json$/ }, "a scan beside it cannot take its report away");
  t.strictSame(plan.distinct, [["operator", "reviewer"]]);
  t.strictSame(plan.writes, { kind: "none" });
  const order = plan.phases.map(({ id }) => id);
  t.ok(order.indexOf("drill") < order.indexOf("build"), "the drill comes before what is recorded");
  t.match(actions.get("drill-fail"), { expect: { exit: 1, absent: [/candidate/] } });
});

t.test("004: gates, ticks, roles and triggers are those of the runbook", async (t) => {
  const plan = planOf("step22");
  t.strictSame([...plan.gates.keys()], ["G1", "G2", "G3", "G4", "G5"]);
  t.strictSame(
    plan.timeline.map(({ label }) => label),
    ["T-60", "T-30", "T-10", "T0", "T+10", "T+30"],
  );
  t.equal(plan.roles.size, 9);
  t.match(
    plan.stops.find(({ id }) => id === "critical-down"),
    { badForMs: 600_000, everyMs: 10_000, then: "rollback" },
  );
  t.strictSame(plan.stops.filter(({ source }) => source.kind === "manual").length, 2);
  t.equal(Object.keys(plan.pack["package"] ?? {}).length, 11);
  t.equal(plan.assets.length, 7);
});
