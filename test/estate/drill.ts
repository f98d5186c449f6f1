// `npm run drill`: plays the four plans on the practice estate, good and bad, and prints what came of each.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeRemovable } from "../helpers/release.ts";
import { LAYERS } from "./lay.ts";
import { play } from "./play.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";

/** What came of one scenario. */
export interface DrillResult {
  readonly outcome: string;
  readonly problems: readonly string[];
  readonly lines: readonly string[];
  readonly virtualMs: number;
}

/** Plays one scenario in a world of its own. */
export async function drillOne(scenario: Scenario): Promise<DrillResult> {
  const dir = mkdtempSync(join(tmpdir(), "drill-"));
  const practice = await LAYERS[scenario.plan](dir);
  try {
    const played = await play(practice, scenario.script());
    const { outcome, lines, virtualMs } = played;
    const wrong = outcome === scenario.outcome ? [] : [`expected ${scenario.outcome}, got ${outcome}`];
    return { outcome, lines, virtualMs, problems: [...wrong, ...(scenario.problems?.(played, practice) ?? [])] };
  } finally {
    practice.estate.close();
    makeRemovable(dir);
    rmSync(dir, { recursive: true, force: true });
  }
}

async function main(filter: string): Promise<number> {
  let failed = 0;
  const begun = process.hrtime.bigint();
  const plays = SCENARIOS.filter(({ plan, name }) => `${plan} ${name}`.includes(filter));
  for (const scenario of plays) {
    const { outcome, problems, lines, virtualMs } = await drillOne(scenario);
    const verdict = problems.length === 0 ? "ok    " : "NOT OK";
    const minutes = `${(virtualMs / 60_000).toFixed(1)} min`.padStart(9);
    process.stdout.write(`${verdict}  ${outcome.padEnd(15)} ${minutes}  ${scenario.plan}: ${scenario.name}\n`);
    if (problems.length > 0) {
      failed += 1;
      process.stdout.write(`${[...problems, ...lines.slice(-40)].map((line) => `        ${line}`).join("\n")}\n`);
    }
  }
  const seconds = Math.round(Number(process.hrtime.bigint() - begun) / 1e9);
  process.stdout.write(
    `${plays.length} plays of ${new Set(plays.map(({ plan }) => plan)).size} plans in ${seconds} s\n`,
  );
  process.stdout.write(failed === 0 ? "every plan did what it should\n" : `${failed} did not\n`);
  return failed === 0 ? 0 : 1;
}

if (process.argv[1]?.endsWith("drill.js") === true) process.exitCode = await main(process.argv[2] ?? "");
