import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import type { Test } from "tap";
import { runOperation } from "./operations.ts";
import { candidateOf } from "./shop.ts";

const ORACLE = "../shared/oracle/verify_candidate.py";

/** False where the independent verifier can run, else the reason to skip. */
export const noOracle: string | false = existsSync(ORACLE) ? false : "needs ../shared/oracle";

/** True where the independent verifier finds nothing wrong with a candidate. */
export function oracleAccepts(candidate: string): boolean {
  return spawnSync("python3", [ORACLE, candidate, "--quiet"]).status === 0;
}

/** Asserts that a full scan and the independent verifier, where it is there, find nothing in the project's candidate. */
export async function candidateIsSound(t: Test, root: string): Promise<void> {
  const { findings, summary } = await runOperation(root, "scan-all");
  t.strictSame(findings, [], "a full scan finds nothing");
  t.strictSame(summary.unverified, [], "everything could be read");
  if (noOracle === false) t.ok(oracleAccepts(candidateOf(root)), "the independent verifier accepts the candidate");
}
