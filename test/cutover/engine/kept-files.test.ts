import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { keepFiles, restoreDriver } from "../../../tools/migration/cutover/verbs/restore.ts";
import { type CutoverProject, cutoverProject, demoPlan, only, type Playing, play } from "../../helpers/cutover.ts";
import { stubSsh } from "../../helpers/stub-ssh.ts";
import { contextOf } from "../../helpers/verb-context.ts";

const WAITS = "- {id: wait, manual: look, by: operator}";

/** A step that writes two files, of which one was not there; then somebody is waited for. */
function writing(how = "", undo = "", host = ""): string {
  return demoPlan(`hosts: {far: far.example}
phases:
- id: work
  steps:
  - id: edit
    ${host}
    sh: 'echo new > app.conf; chmod 600 app.conf; echo made > made.conf; echo edit >> effects'
    ${how}
    writes: [app.conf, made.conf]
    undo: {restore: [app.conf, made.conf]${undo}}
  ${WAITS}
`);
}

function conf(project: CutoverProject, name = "app.conf"): string | undefined {
  const path = join(project.root, name);
  return existsSync(path)
    ? `${(statSync(path).mode & 0o777).toString(8)} ${readFileSync(path, "utf8").trim()}`
    : undefined;
}

function prepared(project: CutoverProject): void {
  writeFileSync(join(project.root, "app.conf"), "old\n");
  chmodSync(join(project.root, "app.conf"), 0o640);
}

/** Asks for a rollback once the run waits for a person, after `change` has happened. */
async function rolledBack({ clock, said, ask }: Playing, change: () => void = () => {}): Promise<void> {
  while (!said.some((line) => line.startsWith("waiting"))) await clock.sleep(100);
  change();
  ask("rollback", { scope: "run", reason: "worse" });
}

async function held({ clock, said }: Playing): Promise<void> {
  while (!said.some((line) => line.startsWith("HOLD way-back"))) await clock.sleep(100);
}

t.test(
  "X10: a rollback restores bytes and mode of the files that a step wrote, and removes those it made",
  async (t) => {
    const project = cutoverProject(t);
    prepared(project);
    const { ending } = await play(project, writing(), { meanwhile: (playing) => rolledBack(playing) });
    t.equal(ending.outcome, "ROLLED_BACK");
    t.equal(conf(project), "640 old");
    t.equal(conf(project, "made.conf"), undefined);
    const [intent] = only(project.records(), "step.intent");
    t.match(intent?.data.preImage, {
      files: [
        { path: "app.conf", on: null, sha256: /^[0-9a-f]{64}$/, mode: "640" },
        { path: "made.conf", sha256: null, mode: null },
      ],
    });
    t.match(only(project.records(), "step.end")[0]?.data.left, [/^[0-9a-f]{64}$/, /^[0-9a-f]{64}$/]);
  },
);

t.test("X10: the bytes are kept before the act, and a file that cannot be kept refuses the step", async (t) => {
  const project = cutoverProject(t);
  prepared(project);
  const kept = "cat storage_reports/cutover/demo-1/steps/*.kept/1 > seen;";
  const text = writing().replace("sh: 'echo new", `sh: '${kept} echo new`);
  await play(project, text, { meanwhile: (playing) => rolledBack(playing) });
  t.equal(readFileSync(join(project.root, "seen"), "utf8"), "old\n", "they were there when the step ran");

  const other = cutoverProject(t);
  const folder = writing().replaceAll("app.conf", "migration");
  const { ending } = await play(other, folder, { exitOnHold: true });
  t.match(ending, { outcome: "HOLD", reason: /could not be looked at: migration is no regular file/ });
  t.strictSame(other.effects(), [], "it was not begun");
});

t.test("X10: what somebody else wrote since is a HOLD with its code, before anything is undone", async (t) => {
  for (const [choice, outcome, expected] of [
    ["again", "ROLLED_BACK", "640 old"],
    ["go", "ROLLED_BACK", "640 old"],
    ["leave", "ROLLBACK_FAILED", "600 theirs"],
  ] as const) {
    const project = cutoverProject(t);
    prepared(project);
    const text = writing("", ", else: [{sh: 'echo else >> effects'}]");
    const path = join(project.root, "app.conf");
    const { ending } = await play(project, text, {
      meanwhile: async (playing) => {
        await rolledBack(playing, () => writeFileSync(path, "theirs\n"));
        await held(playing);
        await playing.clock.sleep(60_000);
        t.equal(conf(project), "600 theirs", "nothing was overwritten");
        if (choice === "again") writeFileSync(path, "new\n");
        playing.sign(choice, "way-back");
      },
    });
    t.equal(ending.outcome, outcome, choice);
    t.equal(conf(project), expected, choice);
    t.strictSame(project.effects(), ["edit"], "what stands in for it did not run either");
    const hold = only(project.records(), "hold").find(({ step }) => step === "way-back");
    t.match(hold?.data, {
      code: "FILE_CHANGED",
      reason: /app\.conf holds neither what the step left nor what was before/,
    });
    const found = readdirSync(join(project.root, "storage_reports/cutover/demo-1/steps"), { recursive: true });
    const aside = found.map(String).filter((name) => name.endsWith(".found"));
    t.equal(aside.length, choice === "go" ? 1 : 0, "what was theirs is put aside, not lost");
  }
});

t.test("X10: a file that another undo writes before its turn is not overwritten either", async (t) => {
  const project = cutoverProject(t);
  prepared(project);
  const later = "- {id: later, sh: 'true', undo: {sh: 'echo other > app.conf'}}";
  const { ending } = await play(project, writing().replace(WAITS, `${later}\n  ${WAITS}`), {
    meanwhile: async (playing) => {
      await rolledBack(playing);
      await held(playing);
      playing.sign("leave", "way-back");
    },
  });
  t.equal(ending.outcome, "ROLLBACK_FAILED");
  t.equal(conf(project), "600 other");
  t.match(only(project.records(), "hold").at(-1), { step: "way-back", data: { code: "FILE_CHANGED" } });
});

t.test("X10: the restore itself compares once more, before it writes any of its files", async (t) => {
  const root = t.testdir({ "a.conf": "old a\n", "b.conf": "old b\n" });
  const at = (name: string) => ({ folder: join(root, name), dir: undefined });
  const files = await keepFiles(["a.conf", "b.conf"], undefined, join(root, "kept"), contextOf(root, {}, "", at("1")));
  const left = files.map(({ sha256 }) => sha256);
  for (const name of ["a.conf", "b.conf"]) writeFileSync(join(root, name), "theirs\n");
  const verb = { kind: "restore", files: ["a.conf", "b.conf"] } as const;
  const kept = { files, left: ["0".repeat(64), ...left.slice(1)], isForced: false };
  const context = contextOf(root, {}, "", { ...at("2"), kept });
  const result = await restoreDriver.run(verb, context, { text: "", preImage: null });
  t.match(result, { outcome: "failed", reason: /^FILE_CHANGED: / });
  t.equal(readFileSync(join(root, "a.conf"), "utf8"), "theirs\n");
});

t.test("X10: a second try keeps what was before the first one", async (t) => {
  const project = cutoverProject(t);
  prepared(project);
  const text = writing("redo: true").replace("echo edit >> effects", "echo edit >> effects; test -e good");
  const { ending } = await play(project, text, {
    meanwhile: async (playing) => {
      while (!playing.said.some((line) => line.startsWith("HOLD edit"))) await playing.clock.sleep(100);
      writeFileSync(join(project.root, "good"), "");
      playing.sign("again", "edit");
      await rolledBack(playing);
    },
  });
  t.equal(ending.outcome, "ROLLED_BACK");
  t.strictSame(project.effects(), ["edit", "edit"]);
  t.equal(conf(project), "640 old", "not what the first try had left");
});

t.test(
  "X10: kept bytes that are gone are told before anything is undone; the fallback of the plan stands in",
  async (t) => {
    const project = cutoverProject(t);
    prepared(project);
    const text = writing("", ", else: [{sh: 'echo old > app.conf; rm made.conf; echo else >> effects'}]");
    const steps = join(project.root, "storage_reports/cutover/demo-1/steps");
    const { ending } = await play(project, text, {
      meanwhile: async (playing) => {
        await rolledBack(playing, () => {
          for (const name of readdirSync(steps))
            if (name.endsWith(".kept")) rmSync(join(steps, name), { recursive: true });
        });
        await held(playing);
        playing.sign("go", "way-back");
      },
    });
    t.equal(ending.outcome, "ROLLED_BACK");
    t.strictSame(project.effects(), ["edit", "else"]);
    t.equal(conf(project), "600 old");
  },
);

t.test("X10: on another host the bytes are kept there, and never come here", async (t) => {
  const project = cutoverProject(t);
  prepared(project);
  stubSsh(t, project.root);
  const { ending } = await play(project, writing("", "", "on: far"), { meanwhile: (playing) => rolledBack(playing) });
  t.equal(ending.outcome, "ROLLED_BACK");
  t.equal(conf(project), "640 old");
  t.equal(conf(project, "made.conf"), undefined);
  const names = readdirSync(join(project.root, ".cutover/demo-1"), { encoding: "utf8" });
  t.ok(
    names.some((name) => name.endsWith(".kept")),
    "below the home of that host",
  );
  const here = readdirSync(join(project.root, "storage_reports/cutover/demo-1"), { recursive: true, encoding: "utf8" });
  const texts = here.flatMap((name) => readIfFile(join(project.root, "storage_reports/cutover/demo-1", name)));
  t.notMatch(texts.join("\n"), /^old$/m);
});

function readIfFile(path: string): readonly string[] {
  try {
    return [readFileSync(path, "utf8")];
  } catch {
    return [];
  }
}
