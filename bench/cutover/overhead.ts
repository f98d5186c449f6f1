// `node build/bench/cutover/overhead.js [steps] [rounds]`: what the driver of a cutover costs beside the command itself.
// The same trivial command as steps of a plan and as children of this process, one after the other, in turns.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRun } from "../../tools/migration/cutover/engine/arm.ts";
import { drive } from "../../tools/migration/cutover/engine/drive.ts";
import { parsePlanText } from "../../tools/migration/cutover/plan/load-plan.ts";
import { systemClock } from "../../tools/migration/cutover/time/clock.ts";
import { median } from "../measure/statistics.ts";

/** What a step may cost beside its command, in milliseconds. */
const TARGET_MS = 20;

const [steps = 100, rounds = 5] = process.argv.slice(2).map(Number);
const root = mkdtempSync(join(tmpdir(), "candor-overhead-"));
try {
  mkdirSync(join(root, "migration"));
  writeFileSync(join(root, "migration/migration.json"), "{}");
  const driven: number[] = [];
  const plain: number[] = [];
  for (let round = 0; round < rounds; round++) {
    driven.push((await timed(() => plan(steps))) / steps);
    plain.push((await timed(() => children(steps))) / steps);
  }
  const over = driven.map((ms, at) => ms - (plain[at] ?? 0));
  const shown = (values: readonly number[]): string =>
    `${(median(values) ?? 0).toFixed(1)} ms (${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)})`;
  const verdict = (median(over) ?? 0) <= TARGET_MS ? "met" : "missed";
  process.stdout.write(
    `cutover: ${steps} steps, ${rounds} rounds; a step ${shown(driven)}, sh -c true ${shown(plain)}; the driver costs ${shown(over)} a step, target <= ${TARGET_MS} ms: ${verdict}\n`,
  );
} finally {
  rmSync(root, { recursive: true, force: true });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begun = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - begun) / 1e6;
}

async function children(count: number): Promise<void> {
  for (let at = 0; at < count; at++) {
    await new Promise((done) => spawn("sh", ["-c", "true"], { stdio: "ignore" }).once("exit", done));
  }
}

async function plan(count: number): Promise<void> {
  const lines = Array.from(
    { length: count },
    (_, at) => `  - {id: s${at}, sh: 'true', undo: {none: nothing to undo}}\n`,
  );
  const text = `cutover: 1\nid: OVERHEAD\nowner: bench\nroles: {operator: bench}\nphases:\n- id: all\n  steps:\n${lines.join("")}`;
  const never = new AbortController().signal;
  const options = {
    ...{ root, clock: systemClock(), environment: process.env, command: "bench", driver: "candor bench" },
    ...{ exitOnHold: true, until: undefined, interrupted: never, hurried: never, say: () => {} },
  };
  const parsed = { plan: parsePlanText(text, "overhead.yaml"), file: "overhead.yaml" };
  const run = startRun(options, parsed, { vars: new Map(), roles: new Map() }, {});
  try {
    const { outcome, reason } = await drive(run);
    if (outcome !== "SUCCEEDED") throw new Error(`the plan ended with ${outcome}: ${reason}`);
  } finally {
    await run.close();
  }
}
