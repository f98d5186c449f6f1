import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import t, { type Test } from "tap";
import { parseOptions } from "../../bench/options.ts";
import { checkShape } from "../../tools/migration/config/check-shape.ts";
import { Problems } from "../../tools/migration/config/problems.ts";
import { LIVE_SHAPE, WAIVERS_SHAPE } from "../../tools/migration/config/shapes.ts";
import { currentOwner, formatOwner } from "../../tools/migration/stores/owner.ts";
import { docsProject, missingLine, runScript } from "../helpers/docs-project.ts";
import { anchorsOf, type Block, blocksOf, linksOf, tableOf } from "../helpers/markdown.ts";

const RUN = ["README.md", "FORMATS.md", "OPERATIONS.md", "docs/cutover.md"];
const MORE = ["practice", "performance", "faults", "requirements"].map((name) => `docs/${name}.md`);
const ALL = [...RUN, "CONTRIBUTING.md", "CHANGELOG.md", ...MORE];
const INFO = /^(?:sh|sh untested|text|text output|json (?:file=\S+|shape=(?:waivers|live)|keys=[a-z]+))$/;
/** What a test cannot do: install, and run itself. */
const UNTESTABLE =
  /^(?:npm (?:ci|test|run (?:build|compile|lint|format|bench|drill|flips|faults|practice))|npx tap |\.ci\/run\b)/;
const SHAPES: Readonly<Record<string, object>> = { waivers: WAIVERS_SHAPE, live: LIVE_SHAPE };

// Some forty runs of the program: 15 s on a quiet machine, minutes on a crowded one.
t.setTimeout(900_000);

const read = (file: string): string => readFileSync(file, "utf8");

for (const file of RUN) {
  t.test(`the commands of ${file} run, and print what it says`, async (t) => {
    const root = docsProject(t);
    let output = "";
    for (const block of blocksOf(read(file))) {
      const at = `${file}:${block.line}`;
      if (block.info === "sh") {
        const run = runScript(root, block.text);
        output = run.output;
        t.equal(run.code, 0, `${at} ends well`, { output });
      } else if (block.info === "text output") {
        t.equal(missingLine(output, block.text), undefined, `${at} is what the block before it prints`, { output });
      } else if (block.info.startsWith("json keys=")) {
        const real = realDocument(root, block.info.slice("json keys=".length));
        t.strictSame(keysOf(JSON.parse(block.text)), keysOf(real, JSON.parse(block.text)), `${at} has the real keys`);
      }
    }
  });
}

for (const file of ALL) {
  t.test(`the blocks of ${file} say what they are, and what it quotes is there`, async (t) => {
    for (const block of blocksOf(read(file))) {
      const at = `${file}:${block.line}`;
      t.match(block.info, INFO, `${at} is of a known kind`);
      if (block.info === "sh untested") {
        for (const line of block.text.trim().split("\n")) t.match(line, UNTESTABLE, `${at} cannot run in a test`);
      }
      checkJson(t, block, at);
    }
  });

  t.test(`the links of ${file} lead somewhere`, async (t) => {
    for (const link of linksOf(read(file))) {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? file : join(dirname(file), path);
      if (!t.ok(existsSync(target), `${link} is there`) || anchor === undefined) continue;
      t.ok(anchorsOf(read(target)).includes(anchor), `${link} is a heading`);
    }
  });
}

t.test("every command of docs/cutover.md is run by one of its blocks", async (t) => {
  const page = read("docs/cutover.md");
  const scripts = blocksOf(page).flatMap(({ info, text }) => (info === "sh" ? [text] : []));
  // A driver of another host is not to be had in a document.
  const elsewhere = new Map([["take-over", "test/commands/cutover-verbs.test.ts"]]);
  for (const [name = ""] of tableOf(page, "command")) {
    const verb = /^`cutover ([a-z-]+)/.exec(name)?.[1] ?? "";
    const test = elsewhere.get(verb);
    const isRun = scripts.some(
      (script) => script.includes(`cli.js cutover ${verb} `) || script.includes(`cutover ${verb}\n`),
    );
    t.ok(test === undefined ? isRun : read(test).includes(`["${verb}"`), verb);
  }
});

t.test("the measurements of docs/performance.md are such that the benchmark takes them", async (t) => {
  const lines = blocksOf(read("docs/performance.md")).flatMap(({ text }) => text.trim().split("\n"));
  const calls = lines.map((line) => /^npm run bench(?: -- (.*?))?(?: +#.*)?$/.exec(line)?.[1]?.trim() ?? "");
  t.ok(calls.length > 3 && calls.some((call) => call !== ""), "there are some");
  for (const call of calls) t.ok(parseOptions(call === "" ? [] : call.split(" ")).runs > 0, `npm run bench -- ${call}`);
});

t.test("the workflow for users passes on this project", async (t) => {
  const root = docsProject(t);
  const env = { RUNNER_TEMP: join(root, "storage_reports"), CANDOR: "node tools/migration/cli.js" };
  const steps = workflowSteps(read(".github/workflows/candor.yml"));
  t.equal(steps.length, 6, "every step that is a script");
  for (const step of steps) {
    const { code, output } = runScript(root, step, env);
    t.equal(code, 0, step.trim(), { output });
  }
});

function checkJson(t: Test, block: Block, at: string): void {
  const [kind, name = ""] = block.info.replace("json ", "").split("=");
  if (kind === "file") t.equal(block.text, read(name), `${at} is the text of ${name}`);
  if (kind !== "shape") return;
  const problems = new Problems();
  t.ok(checkShape(SHAPES[name] ?? {}, JSON.parse(block.text), at, problems), `${at} is accepted`);
}

/** A document of the kind that a block shows, as the program wrote it. */
function realDocument(root: string, kind: string): unknown {
  const v1 = join(root, "storage_candidate/v1");
  const files: Readonly<Record<string, string>> = {
    chunk: join(v1, "hunde/checksums/chunks.jsonl"),
    merkle: join(v1, "hunde/checksums/merkle.json"),
    run: join(v1, "checksums/run.json"),
    lock: join(root, "migration/mapping/registry.lock.json"),
    entry: join(root, "migration/mapping/hunde.json"),
    flip: join(root, "storage/releases/flips/flips.jsonl"),
    release: join(root, "storage/releases", ...releaseRecords(root)),
  };
  if (kind === "owner") return JSON.parse(formatOwner(currentOwner("migrate")));
  const value: unknown = JSON.parse(read(files[kind] ?? ""));
  return kind === "entry" && Array.isArray(value) ? value[0] : value;
}

function releaseRecords(root: string): string[] {
  const folder = join(root, "storage/releases");
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
}

/** Paths of keys in order; where `like` names a single module, only that one counts. */
function keysOf(value: unknown, like: unknown = value): string[] {
  if (Array.isArray(value)) return keysOf(value[0]).map((path) => `0/${path}`);
  if (typeof value !== "object" || value === null) return [];
  const shown = Object.keys(like ?? {});
  const names = shown.length === 1 && shown[0] === "hunde" ? shown : Object.keys(value);
  return names.flatMap((name) => [
    name,
    ...keysOf(Reflect.get(value, name), Reflect.get(Object(like), name)).map((path) => `${name}/${path}`),
  ]);
}

/** The `run: |` scripts of a workflow. */
function workflowSteps(text: string): string[] {
  return [...text.matchAll(/^ {8}run: \|\n((?: {10}.*\n)+)/gm)].map((match) =>
    (match[1] ?? "").replaceAll(/^ {10}/gm, ""),
  );
}
