import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Shape } from "./generate/shapes.ts";
import type { SourceKind } from "./generate/source-data.ts";
import { buildingLines } from "./lines/building.ts";
import type { Line, SizeResult } from "./lines/line.ts";
import { lineBytesOf, readingLines } from "./lines/reading.ts";
import { growthLines, memoryLines, startLines } from "./lines/resources.ts";
import { sourceLines } from "./lines/sources.ts";
import { machineFacts } from "./measure/machine.ts";
import { profileCommand, type StageSeconds } from "./measure/profile.ts";
import { runRounds } from "./measure/rounds.ts";
import { detectFeatures, type Features, REPOSITORY } from "./measure/tool.ts";
import { type BenchOptions, parseOptions, USAGE } from "./options.ts";
import { hasDuckdb } from "./peers/duckdb.ts";
import { bundleUnread } from "./peers/unread-program.ts";
import { loadDuckdb, type Prepared, prepare, prepareExample, publishedRoot } from "./prepare.ts";
import { stagesText, tableText } from "./print.ts";
import { type Program, programsOf, startPrograms } from "./programs.ts";
import { makeTables } from "./sources/tables.ts";

/** The targets speak of two workers. */
const WORKERS = Math.min(2, availableParallelism());
const PROBE_SIZE = 20;
/** Programs whose stages are told. */
const PROFILED: ReadonlySet<string> = new Set(["verify", "scrub", "scan", "dry-run", "migrate", "diff"]);

/** Measures everything that was asked for, prints the table and writes the JSON; returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const options = parseOptions(args);
  if (options.install && !hasDuckdb()) installPeers();
  const work = options.dir === undefined ? mkdtempSync(join(tmpdir(), "candor-bench-")) : resolve(options.dir);
  mkdirSync(work, { recursive: true });
  try {
    const same = await measure(work, options);
    return same ? 0 : 1;
  } finally {
    if (options.dir === undefined) rmSync(work, { recursive: true, force: true });
  }
}

async function measure(work: string, options: BenchOptions): Promise<boolean> {
  const machine = machineFacts();
  const probe = prepare(work, "standard", PROBE_SIZE, { source: "sqlite", rows: false, altered: false });
  const features = detectFeatures(probe.dir);
  const results: SizeResult[] = [];
  for (const size of options.sizes)
    results.push(await measureSize(work, size, options, features, results.length === 0));
  const lines = [
    ...results.flatMap((result) => [
      ...readingLines(result),
      ...buildingLines(result),
      ...sourceLines(result),
      ...memoryLines(result),
    ]),
    ...results.flatMap(startLines),
    ...growthLines(results),
  ];
  const roots = results.map(({ prepared }) => rootsOf(prepared));
  const same = roots.every(({ published, independent }) => published === undefined || published === independent);
  const { runs, shape } = options;
  const facts = { runs, shape, workers: WORKERS, source: sourceOf(features, shape), features, duckdb: hasDuckdb() };
  write(options.output, {
    format: "candor-bench/1",
    machine,
    ...facts,
    roots,
    lines,
    stages: results.map(({ prepared, stages }) => ({ size: prepared.size, seconds: Object.fromEntries(stages) })),
    programs: results.map(programFacts),
  });
  process.stdout.write(`${heading(machine, facts, lines)}\n${tableText(lines)}\n`);
  for (const { prepared, stages } of results) process.stdout.write(stagesText(prepared.size, stages));
  if (!same) process.stderr.write("error: migrate published another root than the independent writer\n");
  return same;
}

async function measureSize(
  work: string,
  size: number,
  { shape, groups, runs, peers }: BenchOptions,
  features: Features,
  first: boolean,
): Promise<SizeResult> {
  say(`generating ${size} entities`);
  const duckdb = peers && hasDuckdb();
  const rows = peers && groups.has("migrate");
  const prepared = prepare(work, shape, size, {
    source: sourceOf(features, shape),
    rows,
    altered: features.diff && groups.has("diff"),
  });
  if (groups.has("migrate")) await bundleUnread();
  const tables = groups.has("sources") ? await makeTables(join(work, "tables"), size, say) : undefined;
  const setting = {
    tables: tables?.places ?? new Map(),
    prepared,
    features,
    groups,
    peers,
    example: groups.has("start") && first ? prepareExample(work) : work,
    workers: WORKERS,
    duckdb: { scan: duckdb, migrate: duckdb && rows && loadDuckdb(prepared, WORKERS) },
    lineBytes: lineBytesOf(prepared),
  };
  const programs = [...programsOf(setting), ...(groups.has("start") && first ? startPrograms(setting) : [])];
  const measured = await runRounds(programs, runs, say).finally(() => tables?.drop());
  return { prepared, features, workers: WORKERS, measured, stages: await profileAll(programs) };
}

/** Where the time goes, in a run of its own for each: a profile costs time. */
async function profileAll(programs: readonly Program[]): Promise<ReadonlyMap<string, StageSeconds>> {
  const stages = new Map<string, StageSeconds>();
  for (const { name, command } of programs.filter((one) => PROFILED.has(one.name))) {
    say(`profile: ${name}`);
    const seconds = await profileCommand(command);
    if (seconds !== undefined) stages.set(name, seconds);
  }
  return stages;
}

/** A column of SQLite holds no array, so the shape with arrays is read from a module. */
function sourceOf({ sqlite }: Features, shape: Shape): SourceKind {
  return sqlite && shape !== "wide" ? "sqlite" : "module";
}

function rootsOf(prepared: Prepared) {
  return { size: prepared.size, independent: prepared.candidate.root, published: publishedRoot(prepared) };
}

function programFacts({ prepared, measured }: SizeResult) {
  const { size, candidate } = prepared;
  return { size, modules: candidate.modules, measured: Object.fromEntries(measured) };
}

function heading(
  machine: ReturnType<typeof machineFacts>,
  facts: { source: string; runs: number },
  lines: readonly Line[],
): string {
  const { cores, cpu, node, openssl, loadBefore } = machine;
  const met = lines.filter(({ verdict }) => verdict === "met").length;
  const missed = lines.filter(({ verdict }) => verdict === "missed").length;
  return [
    `${cores} cores (${cpu}), Node ${node}, OpenSSL ${openssl}, load ${loadBefore}; source ${facts.source}, ${facts.runs} rounds`,
    `targets: ${met} met, ${missed} missed; medians with least and most; ratios round by round`,
    "",
  ].join("\n");
}

function installPeers(): void {
  say("installing the peers (npm ci --prefix bench)");
  const { status } = spawnSync("npm", ["ci", "--prefix", "bench"], {
    cwd: REPOSITORY,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) say("the peers could not be installed: going on without DuckDB");
}

function write(file: string, value: object): void {
  mkdirSync(dirname(resolve(file)), { recursive: true });
  writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
