import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { count, ends, once } from "../estate/claims.ts";
import { LAYERS } from "../estate/lay.ts";
import { approve, type Played, play, type Script } from "../estate/play.ts";
import type { Practice } from "../estate/practice.ts";
import { blocksOf, codeWordsOf, tableOf } from "../helpers/markdown.ts";
import { makeRemovable } from "../helpers/release.ts";

const PAGE = readFileSync("docs/practice.md", "utf8");

t.setTimeout(600_000);

/** Rows of the table that have a test below; a row without one is a lesson that nobody has tried. */
const tried = new Set<string>();

/** The first row of the table that says this; its commands are taken from there. */
function rowOf(words: string): { readonly lesson: string; readonly commands: readonly string[] } {
  const [lesson = ""] = tableOf(PAGE, "do").find(([cell]) => cell?.includes(words)) ?? [];
  tried.add(lesson);
  return { lesson, commands: codeWordsOf(lesson).filter((word) => word.includes(" > ")) };
}

async function world(t: Test, plan: Practice["plan"]): Promise<Practice> {
  const dir = mkdtempSync(join(tmpdir(), "practice-"));
  const practice = await LAYERS[plan](dir);
  t.teardown(() => {
    practice.estate.close();
    makeRemovable(dir);
    rmSync(dir, { recursive: true, force: true });
  });
  return practice;
}

/** Types a command of the page in the project of the world. */
function type({ estate }: Practice, command: string | undefined): void {
  const folder = join(estate.project, "..", /\.\.\/(.*)\//.exec(command ?? "")?.[1] ?? "");
  const { status, stderr } = spawnSync("bash", ["-c", `mkdir -p ${folder}; ${command ?? "false"}`], {
    cwd: estate.project,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
}

const operator: Script = {
  answer: (asked, { practice: { estate } }) => {
    if (asked.about === "env") estate.run("docker-host", "echo MINIO_URL=x > mint-modules-prod/.env.prod");
    return approve(asked);
  },
};

t.test("a gate that fails is a HOLD, and nothing of T0 runs", async (t) => {
  const { commands } = rowOf("preflight");
  const practice = await world(t, "step22");
  type(practice, commands[0]);
  const played = await play(practice, {});
  t.equal(played.outcome, "HOLD");
  t.ok(count(played, "hold", "gate:G1") > 0);
  t.equal(count(played, "step.intent"), 0);
});

const afterT0 = (act: (practice: Practice, at: Parameters<NonNullable<Script["onRecord"]>>[1]) => void): Script => {
  const passed = once((record) => record.type === "tick" && record.step === "T0");
  return { onRecord: (record, stage) => (passed(record) ? act(stage.practice, stage) : undefined) };
};

t.test("a service that stays down is rolled back by itself, after ten minutes", async (t) => {
  const { commands } = rowOf("services/api/mode");
  const practice = await world(t, "step22");
  const played = await play(
    practice,
    afterT0((there) => type(there, commands[0])),
  );
  t.equal(played.outcome, "ROLLED_BACK");
  t.equal(count(played, "stop.fire", "critical-down"), 1);
  t.ok(badMinutes(played) >= 10 && badMinutes(played) < 11, `${badMinutes(played)} minutes`);
});

function badMinutes({ records }: Played): number {
  const [fire] = records.flatMap((record) => (record.type === "stop.fire" ? [record.data.badMs] : []));
  return (fire ?? 0) / 60_000;
}

t.test("a step that fails once is undone with everything before it, newest first", async (t) => {
  const { commands } = rowOf("compose-up-mint-modules-prod");
  const practice = await world(t, "mint-prod-cutover");
  type(practice, commands[0]);
  const played = await play(practice, operator);
  t.equal(played.outcome, "ROLLED_BACK");
  const begun = played.records.flatMap((record) => (record.type === "step.intent" ? [record.step] : []));
  const undone = played.records.flatMap((record) => (record.type === "undo.intent" ? [record.data.of] : []));
  t.ok(undone.length > 1);
  const places = undone.map((step) => begun.indexOf(step));
  t.strictSame(
    places,
    [...places].sort((a, b) => b - a),
    undone.join(", "),
  );
  t.ok(played.records.some((record) => ends(record, begun.at(-1) ?? "")));
});

t.test("where the workflow does not succeed the fallback script rolls back", async (t) => {
  const { commands } = rowOf("gh-watch");
  const practice = await world(t, "step22");
  const trigger = { stop: "p1", role: "l1", name: "ann", reason: "checkout is broken" };
  const played = await play(
    practice,
    afterT0((there, stage) => {
      type(there, commands[0]);
      stage.request("trigger", trigger);
    }),
  );
  t.equal(played.outcome, "ROLLED_BACK");
  t.equal(played.effects.at(-1), "local: rolled back by the script");
});

t.test("what the page says to type can be typed", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "practice-"));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const [block] = blocksOf(PAGE);
  const [, plan = ""] = /^npm run practice -- (\S+) \.\.\/\S+\n$/.exec(block?.text ?? "") ?? [];
  const script: string = JSON.parse(readFileSync("package.json", "utf8")).scripts.practice;
  const laid = bash(`${script} ${plan} ${join(dir, "world")}`, process.cwd());
  t.teardown(() => spawnSync("pkill", ["-f", join(dir, "world/state")]));
  t.equal(laid.status, 0, laid.stderr);
  const [open = "", lint = "", show = "", arm = ""] = laid.stdout
    .split("\n")
    .filter((line) => line.startsWith("  "))
    .map((line) => line.trim());
  for (const line of [lint, show, arm, "candor cutover status"]) {
    const typed = bash(`${open}\n${line}`, dir);
    t.equal(typed.status, 0, `${line}: ${typed.stderr}`);
  }
});

/** Lessons that other tests show. */
const ELSEWHERE = [
  ["run the plan to its end", "cutover/documents/played-run.test.ts", "a run that the engine drove verifies"],
  ["kill -9", "cutover/engine/crash-matrix.test.ts", "F01 to F14: killed at any point on the way forward and back"],
  ["run` twice", "cutover/engine/safety.test.ts", "F70: a second driver is refused and told who drives"],
] as const;

t.test("every other lesson is one of the tests", async (t) => {
  for (const [words, file, title] of ELSEWHERE) {
    rowOf(words);
    t.match(readFileSync(join("test", file), "utf8"), title);
  }
});

t.test("every lesson of the page was tried, and every fault and mode it names is one", async (t) => {
  t.strictSame(
    [...tried].sort(),
    tableOf(PAGE, "do")
      .map(([lesson]) => lesson)
      .sort(),
  );
  const sources = ["bin", "."].flatMap((folder) =>
    readdirSync(join("test/estate", folder)).map((name) => join("test/estate", folder, name)),
  );
  const texts = sources
    .filter((file) => /\.(ts|sh)$|\/bin\//.test(file))
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");
  const faults = PAGE.slice(PAGE.indexOf("the file is named after the program")).split("Services answer")[0] ?? "";
  const names = codeWordsOf(faults).map((name) => name.replace(/<.*/, ""));
  t.ok(names.length > 10, names.join(" "));
  for (const name of names) t.match(texts, new RegExp(`fault "?${name}|faults/${name}|fault\\("${name}`), name);
  const modes = codeWordsOf(PAGE.slice(PAGE.indexOf("mode` says:")).split("\n\n")[0] ?? "").filter((word) =>
    /^[a-z]+$/.test(word),
  );
  t.ok(modes.length > 5, modes.join(" "));
  const service = readFileSync("test/estate/service.ts", "utf8");
  for (const mode of modes) t.match(service, `"${mode}"`);
  t.ok(existsSync("build/test/estate/main.js"));
});

function bash(text: string, cwd: string) {
  return spawnSync("bash", ["-c", text], { cwd, encoding: "utf8", timeout: 60_000 });
}
