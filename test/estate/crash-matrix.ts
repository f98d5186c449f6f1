// Kills the driver of each plan at every point, resumes, and compares with a run that nobody killed.
//   node build/test/estate/crash-matrix.js [plan] [forward|back]
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CrashWay } from "./crash-plays.ts";
import { CrashWorld } from "./crash-world.ts";
import { PLANS } from "./lay.ts";
import type { Practice } from "./practice.ts";

/** What came of the matrix of one plan, played one way. */
export interface CrashResult {
  /** Points at which a driver was killed: those of the run that nobody killed, and those of a resume. */
  readonly killed: readonly string[];
  /** Runs that were killed again and again, from their beginning to their end. */
  readonly rounds: number;
  /** Points of the run that nobody killed at which no driver was killed. */
  readonly missed: readonly string[];
  /** Sentences on what was different. */
  readonly problems: readonly string[];
}

/** More kills in one run than that are a run that does not come to its end. */
const MOST_KILLS = 1500;

/** The points of a play by name, from a run that nobody killed, and how that run ended. */
export async function survey(world: CrashWorld, way: CrashWay): Promise<{ points: readonly string[]; end: string }> {
  const log = `${world.practice.estate.dir}.survey`;
  world.restore();
  const { code, output } = await world.drive(way, { log });
  if (code !== 0) throw new Error(`the run without a kill ended with ${code}: ${output}`);
  return { points: [...linesOf(log)], end: world.end() };
}

/**
 * The whole matrix of a play. In each round every driver is killed at the first point at which none was killed before,
 * until one comes to the end: the world must then be that of the unbroken run, however often drivers died. There are as
 * many rounds as it takes to a round without a new point, because a kill leads past the points that come right after it.
 */
export async function crashMatrix(world: CrashWorld, way: CrashWay, say = (_: string) => {}): Promise<CrashResult> {
  const { points, end } = await survey(world, way);
  const log = `${world.practice.estate.dir}.killed`;
  const problems: string[] = [];
  let rounds = 0;
  for (let before = -1; before < linesOf(log).size && problems.length === 0; rounds++) {
    before = linesOf(log).size;
    problems.push(...(await crashThrough(world, way, { at: ["new"], expected: end, log })));
    say(`round ${rounds + 1}: ${linesOf(log).size - before} kills`);
  }
  const killed = linesOf(log);
  return { killed: [...killed], rounds: rounds - 1, missed: points.filter((point) => !killed.has(point)), problems };
}

/** How a run is killed on its way. */
export interface Crashes {
  /** Points at which a driver is killed, each once. */
  readonly at: readonly string[];
  /** How a run without a kill ended. */
  readonly expected: string;
  /** Gets the points at which one was killed. */
  readonly log: string;
}

/** One run, killed at each of the points that it comes to and resumed each time; sentences on what is different at its end. */
export async function crashThrough(
  world: CrashWorld,
  way: CrashWay,
  { at, expected, log }: Crashes,
): Promise<readonly string[]> {
  world.restore();
  let points: readonly string[] = [];
  for (let kills = 0; kills < MOST_KILLS; kills++) {
    const { code, signal, output } = await world.drive(way, { resume: kills > 0, at: at.join("\n"), log });
    points = [...linesOf(log)];
    const point = points.at(-1) ?? "";
    if (signal === "SIGKILL") {
      if (point.startsWith("before-record@")) world.tear();
      continue;
    }
    const last = points.slice(-Math.min(kills, 3)).join(", ");
    if (code !== 0)
      return [`killed ${kills} times, last at ${last}: the resume ended with ${code ?? signal}: ${output}`];
    const end = world.end();
    return end === expected ? [] : [`killed ${kills} times: ${differences(expected, end)}`];
  }
  return [`killed ${MOST_KILLS} times, and not at its end: ${points.slice(-3).join(", ")}`];
}

/** Lines that only one of the two ends has. */
function differences(expected: string, got: string): string {
  const [before = [], after = []] = [expected, got].map((text) => text.split("\n"));
  const gone = before.filter((line) => !after.includes(line)).map((line) => `- ${line}`);
  const come = after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`);
  return gone.length + come.length > 0 ? ["another end", ...gone, ...come].join("\n  ") : "the same in another order";
}

/** The lines of a file, none where it is missing. */
export function linesOf(path: string): ReadonlySet<string> {
  return new Set(existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : []);
}

/** A world for a plan in a new folder, for as long as `use` takes. */
export async function withCrashWorld<T>(plan: Practice["plan"], use: (world: CrashWorld) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), "crash-"));
  mkdirSync(join(dir, "world"));
  const world = await CrashWorld.lay(plan, join(dir, "world"));
  try {
    return await use(world);
  } finally {
    world.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function main([wanted = "", wayed = ""]: readonly string[]): Promise<void> {
  for (const plan of PLANS.filter((name) => name.includes(wanted))) {
    for (const way of (["forward", "back"] as const).filter((name) => name.includes(wayed))) {
      const begun = process.hrtime.bigint();
      const say = (line: string): void => void process.stderr.write(`${plan} ${way}: ${line}\n`);
      const { killed, rounds, missed, problems } = await withCrashWorld(plan, (world) => crashMatrix(world, way, say));
      const seconds = Math.round(Number(process.hrtime.bigint() - begun) / 1e9);
      process.stdout.write(
        `${plan} ${way}: killed at ${killed.length} points in ${rounds} rounds and ${seconds} s; ${missed.length} points missed, ${problems.length} problems\n`,
      );
      for (const line of [...missed.map((point) => `missed ${point}`), ...problems])
        process.stdout.write(`  ${line}\n`);
      if (problems.length > 0 || missed.length > 0) process.exitCode = 1;
      if (process.env["CRASH_KEEP"] !== undefined) writeFileSync(process.env["CRASH_KEEP"], killed.join("\n"));
    }
  }
}

if (process.argv[1]?.endsWith("crash-matrix.js") === true) await main(process.argv.slice(2));
