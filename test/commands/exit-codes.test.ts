import { spawn } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import t, { type Test } from "tap";
import { EXIT_CODES } from "../../tools/migration/exit-codes.ts";
import { candor, type Ran, startCandor, treeOf, until } from "../helpers/cli-project.ts";
import { flipHex } from "../helpers/fault.ts";
import { candidateOf, copyShop, editRecords, makeMigratedShop } from "../helpers/shop.ts";
import { candidateIsSound } from "../helpers/sound.ts";

/** How a run of the program comes to an exit code. */
interface Way {
  readonly code: number;
  readonly name: string;
  readonly run: (t: Test, root: string) => Ran | Promise<Ran>;
  readonly stderr?: RegExp;
  /** True where the candidate of before must still be there, byte by byte. */
  readonly keeps?: boolean;
}

const WAYS: readonly Way[] = [
  { code: 0, name: "a sound candidate", run: (_t, root) => candor(root, ["scan-all"]), keeps: true },
  { code: 0, name: "a build", run: (_t, root) => candor(root, ["migrate"]) },
  {
    code: 1,
    name: "a build that fails half way",
    run: (_t, root) => candor(root, ["migrate"], { env: { MIGRATE_FAIL_AFTER_MODULE: "orders" } }),
    stderr: /^error INJECTED_FAILURE: /m,
  },
  {
    code: 2,
    name: "an unknown option",
    run: (_t, root) => candor(root, ["migrate", "--fast"]),
    stderr: /unknown option '--fast'/,
    keeps: true,
  },
  {
    code: 2,
    name: "a broken configuration",
    run: (_t, root) => {
      writeFileSync(join(root, "migration/migration.json"), "{}");
      return candor(root, ["migrate"]);
    },
    stderr: /^error CONFIG_INVALID: /m,
    keeps: true,
  },
  {
    code: 16,
    name: "a damaged candidate",
    run: (_t, root) => {
      flipHex(root, "checksums/run.json", '],"root":"');
      return candor(root, ["scan-all"]);
    },
  },
  {
    code: 16,
    name: "a record that cannot be mapped",
    run: (_t, root) => {
      editRecords(root, ({ products }) => Object.assign(products[0] ?? {}, { price: "much" }));
      return candor(root, ["dry-run"]);
    },
    keeps: true,
  },
  {
    code: 17,
    name: "no candidate to scan",
    run: (_t, root) => {
      rmSync(candidateOf(root), { recursive: true });
      return candor(root, ["scan-all"]);
    },
    stderr: /^error UNVERIFIABLE: /m,
  },
  {
    code: 20,
    name: "a cutover that waits for a person",
    run: (_t, root) => runPlan(root, "hold", "true"),
    keeps: true,
  },
  { code: 21, name: "a cutover that rolled back", run: (_t, root) => runPlan(root, "rollback", "true"), keeps: true },
  { code: 22, name: "a rollback that failed", run: (_t, root) => runPlan(root, "rollback", "false"), keeps: true },
  { code: 30, name: "another run", run: runBesideAnother, stderr: /^error LOCK_HELD: /m, keeps: true },
  { code: 130, name: "an interrupt", run: runInterrupted, stderr: /^error INTERRUPTED: / },
];

const sound = join(t.testdir(), "shop");
await makeMigratedShop(sound);

t.test("every exit code has a way to it", async (t) => {
  t.strictSame(
    [...new Set(WAYS.map(({ code }) => code))],
    EXIT_CODES.map(({ code }) => code),
  );
});

for (const { code, name, run, stderr, keeps } of WAYS) {
  t.test(`${name} ends with ${code}`, async (t) => {
    const root = join(t.testdir(), "shop");
    copyShop(sound, root);
    const before = treeOf(candidateOf(root));
    const ran = await run(t, root);
    t.match({ code: ran.code, signal: ran.signal }, { code, signal: null }, ran.stderr);
    if (stderr !== undefined) {
      t.match(ran.stderr, stderr);
      t.equal(ran.stdout, "", "nothing looks like a result");
    }
    if (keeps === true) t.strictSame(treeOf(candidateOf(root)), before);
    if (code === 1 || code === 130) t.notOk(existsSync(candidateOf(root)), "nothing was published");
    if (code === 0) await candidateIsSound(t, root);
  });
}

/** A plan of one step that fails, and of an undo. */
function runPlan(root: string, onFail: string, undo: string): Ran {
  const step = `{id: step, sh: "false", undo: {sh: "${undo}"}}`;
  const phase = `{id: phase, on_fail: ${onFail}, steps: [${step}]}`;
  writeFileSync(
    join(root, "plan.yaml"),
    `cutover: 1\nid: DEMO\nowner: ana\nroles: {operator: ana}\nphases: [${phase}]\n`,
  );
  return candor(root, ["cutover", "run", "plan.yaml", "--exit-on-hold"]);
}

async function runBesideAnother(_t: Test, root: string): Promise<Ran> {
  const holder = spawn(process.execPath, [
    resolve("build/test/fixtures/stores/lock-holder.js"),
    join(root, "storage_candidate"),
  ]);
  await new Promise((done) => holder.stdout.once("data", done));
  const ran = candor(root, ["migrate"]);
  holder.stdin.end();
  await new Promise((done) => holder.on("close", done));
  return ran;
}

/** The source tells by a file that reading has begun, and never ends. */
async function runInterrupted(t: Test, root: string): Promise<Ran> {
  const source = `import { writeFileSync } from "node:fs";
function* endless() {
  writeFileSync(new URL("begun", import.meta.url), "");
  for (;;) yield {};
}
export const db = { customers: endless(), products: [], orders: [], order_lines: [] };
`;
  writeFileSync(join(root, "data/shop.js"), source);
  const { child, ended } = startCandor(t, root, ["migrate"]);
  await until(() => existsSync(join(root, "data/begun")));
  child.kill("SIGINT");
  return ended;
}
