import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import t, { type Test } from "tap";
import { MigrationError } from "../../tools/migration/model/errors.ts";
import type { ScanOptions } from "../../tools/migration/operations/scan.ts";
import { scan } from "../../tools/migration/operations/scan.ts";
import { treeOf } from "../helpers/cli-project.ts";
import { editJson } from "../helpers/edit-json.ts";
import { flipHex } from "../helpers/fault.ts";
import { contextOf, runOperation } from "../helpers/operations.ts";
import { type PausedCommand, pausedScan, reportOf, stoppingContext } from "../helpers/paused-scan.ts";
import { candidateOf, copyShop, makeMigratedShop, shopRecords } from "../helpers/shop.ts";

const COMMANDS: readonly PausedCommand[] = ["scan-all", "verify-checksums"];
const RESUME = { pause: { maxMs: undefined, resume: true } };
const STOP = { pause: { maxMs: 1000, resume: false } };
/** Ranges, milliseconds after them, and workers. */
const KILLS = [
  [1, 0, 0],
  [3, 0, 2],
  [1, 1 + Math.random() * 20, 2],
  [2, 1 + Math.random() * 10, 0],
] as const;
/** One range per chunk: each module has one at least, and the order lines have several. */
const LINES_PER_ORDER = 900;

const base = join(t.testdir(), "shop");
await makeLargeShop(base);
const ranges = rangesOf(base);

/** A shop with many order lines, and a rule that came after the build and that some of them break. */
async function makeLargeShop(root: string): Promise<void> {
  const records = shopRecords();
  const orders = records.orders.map((order) => order["order_no"]);
  records.order_lines = orders.flatMap((order_no) =>
    Array.from({ length: LINES_PER_ORDER }, (_, at) => ({
      order_no,
      line_no: at + 1,
      sku: "P-001",
      unit_price: "24.50",
    })),
  );
  await makeMigratedShop(root, records);
  const rule = {
    name: "few-lines",
    rule: "maximum",
    fields: ["lineNo"],
    value: LINES_PER_ORDER - 2,
    message: "too many",
    severity: "WARNING",
  };
  editJson<{ invariants: object[] }>(join(root, "modules/order-lines/module.json"), ({ invariants }) => {
    invariants.push(rule);
  });
}

function rangesOf(root: string): number {
  const modules = readdirSync(candidateOf(root)).filter((name) => name !== "checksums");
  const lists = modules.map((name) => readFileSync(join(candidateOf(root), name, "checksums/chunks.jsonl"), "utf8"));
  return lists.reduce((sum, list) => sum + list.split("\n").length - 1, 0);
}

function progressFile(root: string, command: PausedCommand): string {
  return join(root, `storage_reports/.resume-${command}.jsonl`);
}

function copyOf(t: Test): string {
  const root = join(t.testdir(), "shop");
  copyShop(base, root);
  return root;
}

/** The error of a scan that must not come to a verdict. */
async function refused(t: Test, root: string, options: ScanOptions, after = 0): Promise<MigrationError> {
  try {
    await scan(after > 0 ? stoppingContext(root, after) : contextOf(root), options);
  } catch (error) {
    if (error instanceof MigrationError) return error;
    throw error;
  }
  t.fail("the scan came to an end");
  return new MigrationError("INTERNAL", { message: "" });
}

function latest(root: string, command: PausedCommand): string[] {
  const name = command === "scan-all" ? "latest-scan" : `latest-${command}`;
  return readdirSync(join(root, "storage_reports")).filter((one) => one.includes(name));
}

function identity(error: unknown): unknown {
  return error;
}

t.test("the shop has some ranges and the report has findings of several of them", async (t) => {
  t.ok(ranges >= 6, `${ranges} ranges`);
  await scan(contextOf(base), pausedScan("scan-all"));
  const found = readFileSync(join(base, "storage_reports/latest-scan/findings.jsonl"), "utf8");
  t.equal(found.match(/INVARIANT_VIOLATED/g)?.length, 2 * shopRecords().orders.length);
  t.match(found, /INPUT_DRIFT/);
});

for (const command of COMMANDS) {
  t.test(`${command} that is stopped after any range and resumed gives the same report`, async (t) => {
    const root = copyOf(t);
    await scan(contextOf(root), pausedScan(command));
    const whole = reportOf(root, command);
    t.notOk(existsSync(progressFile(root, command)), "a verdict leaves no progress");
    for (let after = 1; after < ranges; after += 1) {
      const error = await refused(t, root, pausedScan(command, STOP), after);
      t.equal(error.code, "TIME_OVER");
      t.match(error.message, `${after} of ${ranges} ranges are done`);
      t.equal(error.remedy, `\`candor ${command} --resume\` goes on from there.`);
      t.strictSame(latest(root, command), [], "nothing looks like a verdict");
      const lines = readFileSync(progressFile(root, command), "utf8").split("\n");
      t.equal(lines.length, after + 2);
      let done = 0;
      const context = contextOf(root);
      const progress = {
        ...context.progress,
        advance: () => {
          done += 1;
        },
      };
      await scan({ ...context, progress }, pausedScan(command, RESUME));
      t.equal(done, ranges - after, "what was done is not done again");
      t.strictSame(reportOf(root, command), whole);
      t.notOk(existsSync(progressFile(root, command)));
    }
  });

  t.test(`${command} that is stopped again and again comes to its end`, async (t) => {
    const root = copyOf(t);
    await scan(contextOf(root), pausedScan(command));
    const whole = reportOf(root, command);
    let error: unknown;
    let runs = 0;
    do {
      const pause = { maxMs: 1, resume: runs > 0 };
      error = await scan(stoppingContext(root, 1), pausedScan(command, { pause, workers: runs % 2 })).catch(identity);
      runs += 1;
    } while (error instanceof MigrationError && error.code === "TIME_OVER" && runs <= ranges);
    t.notOk(error instanceof Error, "there is a verdict");
    t.ok(runs > 2, `${runs} runs`);
    t.strictSame(reportOf(root, command), whole);
  });

  t.test(`${command} that is killed at any moment can be resumed`, async (t) => {
    const root = copyOf(t);
    await scan(contextOf(root), pausedScan(command));
    const whole = reportOf(root, command);
    for (const [after, milliseconds, workers] of KILLS) {
      const args = [root, command, after, milliseconds, workers].map(String);
      const child = spawn(process.execPath, [resolve("build/test/fixtures/scan/killed-scan.js"), ...args]);
      const signal = await new Promise((done) => child.on("close", (_code, name) => done(name)));
      const when = `after ${after} ranges and ${milliseconds} ms`;
      if (signal === null && milliseconds !== 0) continue;
      t.equal(signal, "SIGKILL", when);
      if (!existsSync(progressFile(root, command))) {
        t.ok(milliseconds > 0, "only a scan at its very end has no progress");
        continue;
      }
      await scan(contextOf(root), pausedScan(command, RESUME));
      t.strictSame(reportOf(root, command), whole, when);
    }
  });
}

t.test("a line of progress that was torn, changed or of another run does not count", async (t) => {
  const root = copyOf(t);
  await scan(contextOf(root), pausedScan("scan-all"));
  const whole = reportOf(root, "scan-all");
  const path = progressFile(root, "scan-all");
  const damages: readonly ((text: string) => string)[] = [
    (text) => text.slice(0, -5),
    (text) => text.replace('"end":', '"end":1'),
    (text) => text.replace(/"level"?,?\d+/, ""),
    (text) => `${text}{"check":"0000000000000000","part":{"range":"order-lines 0 1"}}\n`,
    (text) => text.replace("few-lines", "new-lines"),
  ];
  for (const damage of damages) {
    await refused(t, root, pausedScan("scan-all", STOP), ranges - 1);
    writeFileSync(path, damage(readFileSync(path, "utf8")));
    await scan(contextOf(root), pausedScan("scan-all", RESUME));
    t.strictSame(reportOf(root, "scan-all"), whole);
  }
});

interface Change {
  readonly name: string;
  readonly change: (root: string) => void;
  readonly options?: Partial<ScanOptions>;
  readonly problem: RegExp;
}

const CHANGES: readonly Change[] = [
  {
    name: "a byte of data",
    change: (root) => rewrite(join(candidateOf(root), "customers/data.jsonl")),
    problem: /^candidate:/,
  },
  {
    name: "a root",
    change: (root) => flipHex(root, "customers/checksums/merkle.json", '"root":"'),
    problem: /^candidate:/,
  },
  {
    name: "the configuration",
    change: (root) =>
      editJson<{ pii: object }>(join(root, "migration/migration.json"), (one) => {
        one.pii = { regions: ["DE"] };
      }),
    problem: /^configuration:/,
  },
  {
    name: "the waivers",
    change: (root) => writeFileSync(join(root, "migration/waivers.json"), WAIVERS),
    problem: /^configuration:/,
  },
  {
    name: "a registry",
    change: (root) => appendFileSync(join(root, "migration/mapping/customers.json"), " "),
    problem: /^registries:/,
  },
  {
    name: "other ranges",
    change: () => {},
    options: { tuning: { smallBytes: 0, rangeBytes: 1 << 20 } },
    problem: /^tool:/,
  },
];
const WAIVERS = JSON.stringify([{ code: "INPUT_DRIFT", owner: "rosa", reason: "known", expires: "2030-01-01" }]);

function rewrite(path: string): void {
  const bytes = readFileSync(path);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  utimesSync(path, 1, 1);
}

for (const { name, change, options, problem } of CHANGES) {
  t.test(`what was stopped is not resumed after a change of ${name}`, async (t) => {
    const root = copyOf(t);
    await refused(t, root, pausedScan("scan-all", STOP), 2);
    change(root);
    const before = treeOf(join(root, "storage_reports"));
    const error = await refused(t, root, pausedScan("scan-all", { ...RESUME, ...options }));
    t.equal(error.code, "RESUME_REFUSED");
    t.equal(error.problems.length, 1, error.problems.join());
    t.match(error.problems[0], problem);
    t.equal(error.remedy, "Run the command without --resume; it begins anew.");
    t.strictSame(treeOf(join(root, "storage_reports")), before, "nothing was touched");
  });
}

t.test("there must be something to resume, of this command and level", async (t) => {
  const root = copyOf(t);
  const none = await refused(t, root, pausedScan("verify-checksums", RESUME));
  t.match(none, { code: "RESUME_REFUSED", message: "There is no stopped verify-checksums to resume." });
  await refused(t, root, pausedScan("verify-checksums", { ...STOP, level: "scrub" }), 2);
  const other = await refused(t, root, pausedScan("verify-checksums", RESUME));
  t.match(other.problems, [/^level:/]);
  const gone = join(candidateOf(root), "customers/checksums/chunks.jsonl");
  writeFileSync(gone, "");
  const broken = await refused(t, root, pausedScan("verify-checksums", { ...RESUME, level: "scrub" }));
  t.match(broken, { code: "RESUME_REFUSED", message: /^The candidate is not the one/ });
});

t.test("where a range is damaged the resumed scan words it as an uninterrupted one", async (t) => {
  const root = copyOf(t);
  const path = join(candidateOf(root), "order-lines/data.jsonl");
  rewrite(path);
  const whole = await runOperation(root, "scan-all");
  const before = reportOf(root, "scan-all");
  t.ok(whole.findings.some(({ code }) => code === "CHUNK_DIGEST"));
  await refused(t, root, pausedScan("scan-all", STOP), 2);
  await scan(contextOf(root), pausedScan("scan-all", RESUME));
  t.strictSame(reportOf(root, "scan-all"), before);
});
