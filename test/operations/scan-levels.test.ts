import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import {
  ALL_CHECKS,
  DEFAULT_INPUT,
  type ScanOptions,
  scan,
  VERIFY_LEVELS,
} from "../../tools/migration/operations/scan.ts";
import { DIGEST_FAULTS } from "../fixtures/faults/digest-faults.ts";
import { LAYOUT_FAULTS } from "../fixtures/faults/layout-faults.ts";
import { LINE_FAULTS } from "../fixtures/faults/line-faults.ts";
import { candor, readJson } from "../helpers/cli-project.ts";
import { contextOf, runOperation, type Verdict } from "../helpers/operations.ts";
import { candidateOf, copyShop, makeMigratedShop } from "../helpers/shop.ts";

const DATA = "order-lines/data.jsonl";
const ENTITIES = "order-lines/checksums/entities.jsonl";
const LEVELS = ["quick", "scrub", "verify", "deep"] as const;
type Level = (typeof LEVELS)[number];

const sound = join(t.testdir(), "shop");
await makeMigratedShop(sound);

function levelRun(root: string, level: Level, extra: Partial<ScanOptions> = {}): Promise<Verdict> {
  if (level === "deep") return runOperation(root, "scan-all", extra);
  return runOperation(root, "verify-checksums", { checks: VERIFY_LEVELS[level], level, ...extra });
}

async function damagedShop(t: Test, damage: (root: string) => void | Promise<void>): Promise<string> {
  const root = join(t.testdir(), "shop");
  copyShop(sound, root);
  await damage(root);
  return root;
}

/** Changes the last decimal digit of a file of the candidate, and back when done twice. */
function flipByte(root: string, file: string): void {
  const path = join(candidateOf(root), file);
  const bytes = readFileSync(path);
  const at = bytes.toString("latin1").search(/[0-9][^0-9]*$/);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

t.test(
  "a sound candidate is clean on every level, with workers and without, and the report says the level",
  async (t) => {
    const reports = new Map<string, object>();
    for (const level of LEVELS) {
      const { summary, report } = await levelRun(sound, level);
      t.match(summary, { level, totalBlockers: 0, totalWarnings: 0, unverified: [] });
      t.equal(readJson(sound, report, "statement.json").predicate.level, level);
      t.equal(readJson(sound, report, "summary.json").level, level);
      reports.set(level, summary.modules);
      const tuning = { smallBytes: 0, rangeBytes: 1 };
      const again = await levelRun(sound, level, { tuning, workers: 2 });
      t.strictSame(again.summary, summary);
    }
    for (const level of LEVELS)
      t.strictSame(reports.get(level), reports.get("deep"), `${level} shows the same modules`);
  },
);

for (const { name, code, command, damage } of [...LAYOUT_FAULTS, ...DIGEST_FAULTS, ...LINE_FAULTS]) {
  if (command !== "scan-all") continue;
  t.test(`what a level says of ${name} (${code}), the next one says too`, async (t) => {
    const root = await damagedShop(t, damage);
    let below: readonly string[] = [];
    for (const level of LEVELS) {
      const { findings } = await levelRun(root, level);
      const all = findings.map((found) => JSON.stringify(found));
      t.strictSame(
        below.filter((found) => !all.includes(found)),
        [],
        `${level} says no less`,
      );
      below = all;
    }
  });
}

interface Damage {
  readonly name: string;
  readonly damage: (root: string) => void;
  /** Codes by level. */
  readonly found: Readonly<Record<Exclude<Level, "deep">, readonly string[]>>;
}

const DAMAGES: readonly Damage[] = [
  {
    name: "a byte of data",
    damage: (root) => flipByte(root, DATA),
    found: { quick: [], scrub: ["CHUNK_DIGEST"], verify: ["CHUNK_DIGEST", "DIGEST_MISMATCH"] },
  },
  {
    name: "a byte of the digests",
    damage: (root) => flipByte(root, ENTITIES),
    found: { quick: [], scrub: ["CHUNK_DIGEST"], verify: ["CHUNK_DIGEST", "DIGEST_MISMATCH", "MERKLE_ROOT"] },
  },
  {
    name: "a shorter file",
    damage: (root) => truncateSync(join(candidateOf(root), DATA), 1000),
    found: {
      quick: ["MERKLE_MISMATCH"],
      scrub: ["CHUNK_GAP", "MERKLE_MISMATCH"],
      verify: ["CHUNK_GAP", "DIGEST_LINE_ORPHAN", "DIGEST_MISMATCH", "FILE_TORN", "MERKLE_MISMATCH"],
    },
  },
  {
    name: "a missing file",
    damage: (root) => rmSync(join(candidateOf(root), DATA)),
    found: { quick: ["FILE_MISSING"], scrub: ["CHUNK_GAP", "FILE_MISSING"], verify: ["CHUNK_GAP", "FILE_MISSING"] },
  },
];

for (const { name, damage, found } of DAMAGES) {
  t.test(`each level finds what it looks at: ${name}`, async (t) => {
    const root = await damagedShop(t, damage);
    for (const level of ["quick", "scrub", "verify"] as const) {
      const { findings } = await levelRun(root, level);
      t.strictSame([...new Set(findings.map(({ code }) => code))].sort(), found[level], level);
    }
  });
}

t.test("a scrub names the chunk, and says that it was read twice", async (t) => {
  const root = await damagedShop(t, (root) => flipByte(root, DATA));
  const { findings } = await levelRun(root, "scrub");
  t.match(findings, [
    { code: "CHUNK_DIGEST", module: "order-lines", file: DATA, chunk: 0, offset: 0, rule: "damaged" },
  ]);
  t.equal(findings.length, 1);
});

t.test("a scrub tells of bytes that were right the second time", async (t) => {
  for (const [name, key] of [
    ["the whole scan", "module"],
    ["the chunk", "chunk"],
  ] as const) {
    const root = await damagedShop(t, (root) => flipByte(root, DATA));
    let isBad = true;
    const onMismatch: ScanOptions["onMismatch"] = (place) => {
      if (isBad && place[key] !== undefined) flipByte(root, DATA);
      isBad &&= place[key] === undefined;
    };
    const { findings } = await levelRun(root, "scrub", { onMismatch });
    t.match(
      findings,
      [{ code: "TRANSIENT_READ", severity: "WARNING", module: "order-lines", file: DATA, offset: 0 }],
      name,
    );
    t.equal(findings.length, 1);
    t.equal(findings[0]?.chunk, key === "chunk" ? 0 : undefined);
    rmSync(root, { recursive: true });
  }
});

t.test("a transient read beside faults of the content is still told", async (t) => {
  const root = await damagedShop(t, () => {});
  const mapping = join(root, "modules/products/module.json");
  writeFileSync(mapping, readFileSync(mapping, "utf8").replace('"value": 0,', '"value": 10,'));
  const clean = await runOperation(root, "scan-all");
  t.ok(clean.findings.some(({ code }) => code === "INVARIANT_VIOLATED"));
  flipByte(root, DATA);
  const { findings } = await runOperation(root, "scan-all", { onMismatch: () => flipByte(root, DATA) });
  t.match(findings.at(-1), { code: "TRANSIENT_READ", module: "order-lines" });
  t.equal(findings.length, clean.findings.length + 1);
});

t.test("the sequential scan counts every entity against an exact total", async (t) => {
  const root = await damagedShop(t, (root) => flipByte(root, "checksums/run.json"));
  for (const checks of [ALL_CHECKS, VERIFY_LEVELS.verify, VERIFY_LEVELS.scrub]) {
    const level = checks === VERIFY_LEVELS.scrub ? "scrub" : "verify";
    const stages: { name: string; total: number | undefined; count: number }[] = [];
    const progress = {
      stage: (name: string, total?: number) => stages.push({ name, total, count: 0 }),
      advance: (count: number) => {
        const stage = stages.at(-1);
        if (stage !== undefined) stage.count += count;
      },
      end: () => {},
    };
    const options = { command: "scan-all", runId: "run-test", input: DEFAULT_INPUT, modules: [], checks, level };
    for (const place of [sound, root])
      await scan(
        { ...contextOf(place), progress: { ...progress, stage: (name, total) => void progress.stage(name, total) } },
        options,
      );
    t.equal(stages.length, 8);
    for (const { name, total, count } of stages) t.equal(count, total, name);
  }
});

t.test("the options of the command line: levels, times, and what cannot be", async (t) => {
  const root = await damagedShop(t, (root) => flipByte(root, DATA));
  const quick = candor(root, ["verify-checksums", "--level", "quick"]);
  t.equal(quick.code, 0, quick.stderr);
  t.match(quick.stdout, /^verify-checksums --level quick: 0 BLOCKER, 0 WARNING$/m);
  t.equal(candor(root, ["verify-checksums", "--level", "scrub"]).code, 16);
  const [deep, all] = [candor(root, ["verify-checksums", "--level", "deep"]), candor(root, ["scan-all"])];
  t.equal(deep.code, 16);
  t.match(deep.stdout, /^verify-checksums --level deep: [1-9]/m);
  t.equal(deep.stdout.match(/[0-9]+ BLOCKER.*/)?.[0], all.stdout.match(/[0-9]+ BLOCKER.*/)?.[0]);
  t.equal(candor(root, ["scan-all", "--level", "quick"]).code, 2);
  for (const time of ["", "0s", "5", "1.5m", "-1s", "1d", "1h30m", "9999999s"]) {
    const ran = candor(root, ["verify-checksums", "--max-duration", time]);
    t.equal(ran.code, 2, time);
    t.match(ran.stderr, /^error USAGE: --max-duration takes a whole number of seconds, minutes or hours/);
  }
  const none = candor(root, ["verify-checksums", "--resume"]);
  t.equal(none.code, 2);
  t.match(none.stderr, /^error RESUME_REFUSED: There is no stopped verify-checksums to resume\./);
  t.equal(candor(root, ["verify-checksums", "--max-duration", "1h"]).code, 16);
  t.equal(candor(root, ["scan-module", "orders", "--resume"]).code, 2);
});
