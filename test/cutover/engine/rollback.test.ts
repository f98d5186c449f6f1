import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import type { DriverOptions } from "../../../tools/migration/cutover/engine/open-run.ts";
import { openRun } from "../../../tools/migration/cutover/engine/open-run.ts";
import { undoOne } from "../../../tools/migration/cutover/engine/undo-one.ts";
import { type CutoverProject, cutoverProject, demoPlan, only, play } from "../../helpers/cutover.ts";
import { VirtualClock } from "../../helpers/virtual-clock.ts";

function driver(project: CutoverProject, clock: VirtualClock): DriverOptions {
  return {
    root: project.root,
    clock,
    environment: {},
    command: "cutover undo",
    driver: "candor test",
    exitOnHold: false,
    until: undefined,
    interrupted: new AbortController().signal,
    hurried: new AbortController().signal,
    say: () => {},
  };
}

const FAILING = `on_fail: rollback
  steps:
  - {id: one, sh: 'echo one >> effects', undo: {sh: 'echo undo-one >> effects'}}
  - {id: two, sh: 'echo two >> effects', undo: {sh: 'test -e mended', else: [{sh: 'test -e mended'}]}}
  - {id: three, sh: 'echo three >> effects; exit 1', undo: {sh: 'echo undo-three >> effects'}}`;

t.test(
  "F40: an undo that fails, and its else too, ends in ROLLBACK_FAILED; the rest is left and run one at a time",
  async (t) => {
    const project = cutoverProject(t);
    const text = demoPlan(
      `checks:\n  ok: {probe: cat effects, out: undo-one}\nrestored: [ok]\nphases:\n- id: work\n  ${FAILING}\n`,
    );
    const { ending, said } = await play(project, text);
    t.equal(ending.outcome, "ROLLBACK_FAILED");
    t.strictSame(project.effects(), ["one", "two", "three", "undo-three"], "what comes after may lean on it");
    t.match(said.join("\n"), /left: two.undo.1; candor cutover undo two.undo.1\n\s+left: one.undo.1/);
    await t.rejects(
      play(project, text, { resume: "demo-1" }).then(({ ending: again }) => Promise.reject(new Error(again.outcome))),
      /ROLLBACK_FAILED/,
    );
    const clock = new VirtualClock();
    writeFileSync(join(project.root, "mended"), "");
    const run = openRun(driver(project, clock), "demo-1");
    t.match(await undoOne(run, "two"), { isDone: true, left: ["one.undo.1"] });
    t.match(await undoOne(run, "one"), { isDone: true, left: [], ending: { outcome: "ROLLED_BACK" } });
    clock.end();
    await run.close();
    const ends = only(project.records(), "run.end").map(({ data }) => `${data.outcome} ${data.closable}`);
    t.strictSame(ends.slice(-1), ["ROLLED_BACK true"]);
  },
);

t.test("F42: undos that say they are done and a service that is not back are a failed rollback", async (t) => {
  const project = cutoverProject(t);
  const text = demoPlan(
    `checks:\n  ok: {probe: cat effects, out: restored}\nrestored: [ok]\nphases:\n- id: work\n  ${FAILING.replaceAll("test -e mended", "true")}\n`,
  );
  const { ending } = await play(project, text);
  t.equal(ending.outcome, "ROLLBACK_FAILED");
  t.match(only(project.records(), "escalation").at(-1)?.data.cause, /not restored: ok is FAIL/);
});

t.test("F44, F45: a rollback of nothing, and a second one, do nothing", async (t) => {
  const project = cutoverProject(t);
  const text = demoPlan("phases:\n- id: work\n  steps:\n  - {id: ack, manual: go on, by: operator}\n");
  const { ending } = await play(project, text, {
    meanwhile: ({ ask }) => {
      ask("rollback", { scope: "run", reason: "never mind" });
      ask("rollback", { scope: "run", reason: "twice" });
    },
  });
  t.equal(ending.outcome, "ROLLED_BACK");
  t.equal(only(project.records(), "rollback.start").length, 1);
  t.strictSame(project.effects(), []);
});

t.test("F46: done_if decides whether a step that failed half-way is taken back", async (t) => {
  for (const [isDone, effects] of [
    ["true", ["half", "undo"]],
    ["false", ["half"]],
  ] as const) {
    const project = cutoverProject(t);
    const step = `{id: half, sh: 'echo half >> effects; exit 1', done_if: {probe: '${isDone}', exit: 0}, undo: {sh: 'echo undo >> effects'}}`;
    await play(project, demoPlan(`phases:\n- id: work\n  on_fail: rollback\n  steps:\n  - ${step}\n`));
    t.strictSame(project.effects(), effects);
  }
});

t.test("F47: an undo that loses data comes last and waits for its role", async (t) => {
  const project = cutoverProject(t);
  const text = demoPlan(`phases:
- id: work
  on_fail: rollback
  steps:
  - {id: one, sh: 'echo one >> effects', undo: {sh: 'echo undo-one >> effects'}}
  - {id: column, sh: 'echo column >> effects', undo: {last: true, by: reviewer, sh: 'echo drop >> effects'}}
  - {id: bad, sh: 'exit 1', undo: {none: no}}
`);
  const { ending, said } = await play(project, text, {
    meanwhile: async ({ clock, sign }) => {
      await clock.sleep(60_000);
      t.strictSame(project.effects(), ["one", "column", "undo-one"], "the service is restored first");
      sign("done", "column.undo.1", { role: "reviewer", name: "bea" });
    },
  });
  t.equal(ending.outcome, "ROLLED_BACK");
  t.strictSame(project.effects(), ["one", "column", "undo-one", "drop"]);
  t.match(said.join("\n"), /waiting for reviewer: undo column.undo.1 \(it loses data\)/);
});

t.test("F47: who must agree to a loss is shown what would be lost", async (t) => {
  for (const [rows, shown] of [
    ["42", "it loses data: rows=42"],
    ["many", "it loses data: it could not be counted"],
  ] as const) {
    const project = cutoverProject(t);
    const text = demoPlan(`checks:
  count: {probe: 'echo "rows ${rows}"', out: rows, 'save?': {rows: 'rows ([0-9]+)'}}
phases:
- id: work
  on_fail: rollback
  steps:
  - {id: column, sh: 'echo column >> effects', undo: {last: true, by: reviewer, loses: count, sh: 'echo drop >> effects'}}
  - {id: bad, sh: 'exit 1', undo: {none: no}}
`);
    const { ending, said } = await play(project, text, {
      meanwhile: async ({ clock, sign }) => {
        await clock.sleep(60_000);
        sign("failed", "column.undo.1", { role: "reviewer", name: "bea" });
      },
    });
    t.equal(ending.outcome, "ROLLED_BACK");
    t.strictSame(project.effects(), ["column"], "refused: it is left as it is");
    t.ok(said.join("\n").includes(shown), shown);
  }
});

const GONE = `checks:
  image: {probe: cat image, out: old}
phases:
- id: work
  steps:
  - {id: one, sh: 'echo one >> effects', undo: {sh: 'echo undo-one >> effects'}}
  - {id: two, sh: 'echo two >> effects', undo: {needs: [image], sh: 'echo undo-two >> effects'}}
  - {id: ack, manual: go on, by: operator}
`;

t.test("F43: what the way back needs is looked at before the first change", async (t) => {
  const project = cutoverProject(t);
  const { ending } = await play(project, demoPlan(GONE));
  t.match(ending, { outcome: "HOLD", reason: "two.undo.1: image, which the way back needs, is FAIL" });
  t.strictSame(project.effects(), []);
});

t.test("F43: what has gone since is a HOLD before anything is undone, and a person chooses", async (t) => {
  for (const [choice, outcome, effects] of [
    ["again", "ROLLED_BACK", ["one", "two", "undo-two", "undo-one"]],
    ["go", "ROLLED_BACK", ["one", "two", "undo-two", "undo-one"]],
    ["leave", "ROLLBACK_FAILED", ["one", "two"]],
  ] as const) {
    const project = cutoverProject(t);
    const image = join(project.root, "image");
    writeFileSync(image, "old\n");
    const { ending } = await play(project, demoPlan(GONE), {
      meanwhile: async ({ clock, ask, sign, said }) => {
        while (!said.some((line) => line.startsWith("waiting"))) await clock.sleep(100);
        writeFileSync(image, "pruned\n");
        ask("rollback", { scope: "run", reason: "worse" });
        while (!said.some((line) => line.startsWith("HOLD way-back"))) await clock.sleep(100);
        await clock.sleep(60_000);
        t.strictSame(project.effects(), ["one", "two"], "nothing was undone yet");
        if (choice === "again") writeFileSync(image, "old\n");
        sign(choice, "way-back");
      },
    });
    t.equal(ending.outcome, outcome, choice);
    t.strictSame(project.effects(), effects);
    const left = only(project.records(), "rollback.end").at(-1)?.data.left;
    t.strictSame(left, choice === "leave" ? ["two.undo.1", "one.undo.1"] : [], "each can be run by hand");
  }
});

t.test("F43: an undo with an else does not wait for what it needs", async (t) => {
  const project = cutoverProject(t);
  writeFileSync(join(project.root, "image"), "old\n");
  const undo = "{needs: [image], sh: 'grep old image', else: [{sh: 'echo other >> effects'}]}";
  const text = demoPlan(GONE.replace("{needs: [image], sh: 'echo undo-two >> effects'}", undo));
  const { ending } = await play(project, text, {
    meanwhile: async ({ clock, ask, said }) => {
      while (!said.some((line) => line.startsWith("waiting"))) await clock.sleep(100);
      writeFileSync(join(project.root, "image"), "pruned\n");
      ask("rollback", { scope: "run", reason: "worse" });
    },
  });
  t.equal(ending.outcome, "ROLLED_BACK");
  t.strictSame(project.effects(), ["one", "two", "other", "undo-one"]);
});

t.test("F41: an undo that hangs is ended at its time, and what stands in for it runs", async (t) => {
  const project = cutoverProject(t);
  const text = demoPlan(`phases:
- id: work
  on_fail: rollback
  steps:
  - {id: one, sh: 'echo one >> effects', undo: {sh: sleep 1d, timeout: 300ms, else: [{sh: 'echo other >> effects'}]}}
  - {id: bad, sh: 'exit 1', undo: {none: no}}
`);
  const { ending } = await play(project, text);
  t.equal(ending.outcome, "ROLLED_BACK");
  t.match(only(project.records(), "undo.end")[0]?.data, { result: "failed", receipts: [{ timedOut: true }] });
  t.strictSame(project.effects(), ["one", "other"]);
});

t.test("F48: evidence of a phase is read before its first undo", async (t) => {
  const project = cutoverProject(t);
  const text = demoPlan(
    `phases:\n- id: work\n  evidence:\n  - {probe: 'echo evidence >> effects'}\n  ${FAILING.replaceAll("test -e mended", "true")}\n`,
  );
  await play(project, text);
  t.strictSame(project.effects(), ["one", "two", "three", "evidence", "undo-three", "undo-one"]);
});

t.test("F48: evidence that fails or takes too long is noted, and the rollback goes on within 30 s", async (t) => {
  const project = cutoverProject(t);
  const reads = "[{probe: 'echo gone; exit 1'}, {wait: 1h}, {probe: 'echo never'}]";
  const text = demoPlan(
    `phases:\n- id: work\n  evidence: ${reads}\n  ${FAILING.replaceAll("test -e mended", "true")}\n`,
  );
  const { ending } = await play(project, text);
  t.equal(ending.outcome, "ROLLED_BACK");
  t.strictSame(project.effects().slice(3), ["undo-three", "undo-one"]);
  const records = project.records();
  const read = only(records, "check").filter(({ data }) => data.place === "evidence");
  t.match(read[0]?.data, { verdict: "FAIL", receipts: [{ exit: 1 }] });
  t.equal(read.length, 2, "no time was left for a third");
  const [begun, undo] = [only(records, "rollback.start")[0], only(records, "undo.intent")[0]];
  const tookMs = (undo?.mono ?? 0) - (begun?.mono ?? 0);
  t.ok(tookMs >= 30_000 && tookMs < 32_000, `${tookMs} ms until the first undo`);
});

t.test("F48: nor does evidence that is tried again, or goes through a list, take longer", async (t) => {
  for (const read of ["{probe: 'exit 1', retry: 1h}", "{wait: 20s, each: hosts}"]) {
    const project = cutoverProject(t);
    const text = demoPlan(
      `vars: {hosts: [a, b, c, d]}\nphases:\n- id: work\n  evidence: [${read}]\n  ${FAILING.replaceAll("test -e mended", "true")}\n`,
    );
    t.equal((await play(project, text)).ending.outcome, "ROLLED_BACK");
    const [begun, undo] = [only(project.records(), "rollback.start")[0], only(project.records(), "undo.intent")[0]];
    const tookMs = (undo?.mono ?? 0) - (begun?.mono ?? 0);
    t.ok(tookMs >= 30_000 && tookMs < 32_000, `${read}: ${tookMs} ms until the first undo`);
  }
});

t.test("what ran before a phase began is stopped only if its role agrees (2.1)", async (t) => {
  const project = cutoverProject(t);
  writeFileSync(join(project.root, "up"), "");
  const text = demoPlan(`checks:
  up: {probe: 'test -e up', exit: 0}
phases:
- id: work
  on_fail: rollback
  steps:
  - {id: bad, sh: 'exit 1', undo: {none: no}}
  undo:
  - {sh: 'rm up', was: up, by: operator}
`);
  await play(project, text, {
    meanwhile: async ({ clock, sign }) => {
      await clock.sleep(1000);
      sign("failed", "work.undo.1");
    },
  });
  t.ok(existsSync(join(project.root, "up")));
  t.match(only(project.records(), "undo.none")[0]?.data.reason, /operator decided to leave it/);
});

t.test("a phase that was rolled back is asked about, also after a resume, and can run again", async (t) => {
  const project = cutoverProject(t);
  const text = demoPlan(`phases:
- id: first
  steps:
  - {id: one, sh: 'echo one >> effects', undo: {sh: 'echo undo-one >> effects'}}
- id: second
  needs: [first]
  on_fail: rollback-phase
  steps:
  - {id: two, sh: 'echo two >> effects; test -e mended', undo: {sh: 'echo undo-two >> effects'}}
`);
  t.equal((await play(project, text, { exitOnHold: true })).ending.outcome, "HOLD");
  t.strictSame(project.effects(), ["one", "two", "undo-two"]);
  writeFileSync(join(project.root, "mended"), "");
  const { ending } = await play(project, text, { resume: "demo-1", meanwhile: ({ sign }) => sign("again", "second") });
  t.equal(ending.outcome, "SUCCEEDED");
  t.strictSame(project.effects(), ["one", "two", "undo-two", "two"]);
});

t.test("F49: a workflow that was accepted and did not succeed is a failed undo, and the script runs", async (t) => {
  const project = cutoverProject(t);
  const undo = "{sh: 'echo conclusion=failure', out: ^conclusion=success, else: [{sh: 'echo script >> effects'}]}";
  const text = demoPlan(`phases:
- id: work
  on_fail: rollback
  steps:
  - {id: one, sh: 'echo one >> effects', undo: ${undo}}
  - {id: bad, sh: 'exit 1', undo: {none: no}}
`);
  const { ending } = await play(project, text);
  t.equal(ending.outcome, "ROLLED_BACK");
  t.strictSame(project.effects(), ["one", "script"]);
});
