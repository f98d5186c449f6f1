import { opensslRate } from "../peers/openssl.ts";
import type { Program } from "../programs.ts";
import { runCommand } from "./child.ts";

/** What the rounds gave for one program; a round that failed has no value. */
export interface Measured {
  /** Seconds, or bytes per second for a rate; by round. */
  readonly values: (number | undefined)[];
  readonly peakBytes: number[];
  readonly cpuSeconds: number[];
  failure?: string;
}

/** Measurements by the name of the program. */
export type Measurements = ReadonlyMap<string, Measured>;

/**
 * Runs every program once in each round, so that all of them see the same weather. A program that failed is not run
 * again: its failure is the result.
 */
export async function runRounds(
  programs: readonly Program[],
  rounds: number,
  say: (text: string) => void,
): Promise<Measurements> {
  const measured = new Map<string, Measured>(
    programs.map(({ name }) => [name, { values: [], peakBytes: [], cpuSeconds: [] }]),
  );
  for (let round = 0; round < rounds; round += 1) {
    for (const program of programs) {
      const entry = measured.get(program.name);
      if (entry === undefined || entry.failure !== undefined) continue;
      say(`round ${round + 1} of ${rounds}: ${program.name}`);
      await runOnce(program, entry, round);
    }
  }
  return measured;
}

async function runOnce({ command, reads }: Program, entry: Measured, round: number): Promise<void> {
  const result = await runCommand(command);
  if ("failure" in result) {
    entry.failure = result.failure;
    return;
  }
  entry.values[round] = reads === "rate" ? opensslRate(result.stdout) : result.sample.seconds;
  const { peakBytes, cpuSeconds } = result.sample;
  if (peakBytes !== undefined) entry.peakBytes.push(peakBytes);
  if (cpuSeconds !== undefined) entry.cpuSeconds.push(cpuSeconds);
}
