import type { JsonObject } from "../../model/json.ts";
import type { Verdict } from "../journal/record.ts";
import type { Phase, Use } from "../plan/plan.ts";
import { checksNamed } from "../plan/sets.ts";
import { isUse } from "../plan/walk.ts";
import { compareBaseline, keepBaseline } from "./baseline.ts";
import { type Asking, ask, askAll } from "./checks.ts";
import { Diversion, WHOLE_RUN } from "./diversion.ts";
import { decide, passes, ready } from "./hold.ts";
import type { Run } from "./run.ts";
import { walkStep } from "./steps.ts";
import { worst } from "./verdicts.ts";

const CHOICES = ["again", "override", "rollback-phase", "rollback", "abort"];

/** One phase; leaves the walk behind the one that `--until` names. */
export async function walkUntil(run: Run, phase: Phase): Promise<void> {
  await walkPhase(run, phase);
  if (run.parts.options.until === phase.id) throw new Diversion({ kind: "until", phase: phase.id });
}

/** Takes a phase to its passed checkpoint; one that has passed is not looked at again. */
async function walkPhase(run: Run, phase: Phase): Promise<void> {
  // A driver that was killed right after it had passed had not kept what comes with it.
  if (run.state.phases.get(phase.id)?.status === "passed") return await keepBaseline(run, phase.id);
  await ready(run);
  await assertNeeds(run, phase);
  if (run.state.phases.get(phase.id)?.status !== "running") await startPhase(run, phase);
  const seen = new Map<string, number>();
  for (const item of phase.steps) {
    if (isUse(item)) await walkUse(run, phase, item, seen);
    else await walkStep(run, phase, item);
  }
  await checkpoint(run, phase);
  const harvested = harvestOf(run, phase);
  run.record({ type: "phase.end", step: phase.id, attempt: null, data: { result: "passed", harvested } });
  run.parts.say(`passed  ${phase.title}`);
  await keepBaseline(run, phase.id);
}

/** G01: every phase it needs has passed its checkpoint. */
async function assertNeeds(run: Run, phase: Phase): Promise<void> {
  for (const need of phase.needs) {
    while (run.state.phases.get(need)?.status !== "passed") {
      const reason = `${phase.id} needs ${need}, which has not passed`;
      await decide(run, {
        subject: phase.id,
        since: run.state.lastSeq,
        reason,
        choices: ["again", "rollback", "abort"],
      });
    }
  }
}

async function startPhase(run: Run, phase: Phase): Promise<void> {
  const running: Record<string, Verdict> = {};
  for (const undo of phase.undo) {
    if (undo.was === undefined || running[undo.was] !== undefined) continue;
    const asking: Asking = { place: "baseline", within: phase.id, phase };
    running[undo.was] = worst([...(await askAll(run, [undo.was], asking)).values()]);
  }
  const data = { title: phase.title, gate: phase.gate ?? null, running: running satisfies JsonObject };
  run.record({ type: "phase.start", step: phase.id, attempt: null, data });
  run.parts.say(`phase   ${phase.title}${phase.gate === undefined ? "" : ` (${phase.gate})`}`);
}

/** A check as a step: asked until it passes or a person lets it go. */
async function walkUse(run: Run, phase: Phase, { use, each }: Use, seen: Map<string, number>): Promise<void> {
  for (const name of checksNamed(run.plan, use)) {
    const check = run.plan.checks.get(name);
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    if (check === undefined) continue;
    const within = times === 1 ? phase.id : `${phase.id}#${times}`;
    const round = run.state.phases.get(phase.id)?.since ?? -1;
    await untilPassed(run, phase, [within, name], async (isFresh) => {
      const before = isFresh ? undefined : run.state.check("step", within, name, round);
      return (
        before ?? {
          verdict: await ask(run, check, { place: "step", within, phase, each, round }),
          seq: run.state.lastSeq,
        }
      );
    });
  }
}

async function checkpoint(run: Run, phase: Phase): Promise<void> {
  const round = run.state.phases.get(phase.id)?.since ?? -1;
  for (const name of phase.checkpoint.flatMap((one) => checksNamed(run.plan, one))) {
    const check = run.plan.checks.get(name);
    if (check === undefined) continue;
    await untilPassed(run, phase, [phase.id, name], async (isFresh) => {
      const before = isFresh ? undefined : run.state.check("checkpoint", phase.id, name, round);
      return (
        before ?? {
          verdict: await ask(run, check, { place: "checkpoint", within: phase.id, phase, round }),
          seq: run.state.lastSeq,
        }
      );
    });
  }
  await untilPassed(run, phase, [phase.id, "baseline"], async () => {
    const isSame = await compareBaseline(run, phase.id);
    return { verdict: isSame ? "PASS" : "FAIL", seq: run.state.lastSeq };
  });
}

interface Answer {
  readonly verdict: Verdict;
  readonly seq: number;
}

/**
 * Asks until it passes. What an earlier driver was told is kept if it was a PASS; a read that failed is asked anew when
 * the run is resumed, because a new evaluation is what a HOLD waits for (G02).
 */
async function untilPassed(
  run: Run,
  phase: Phase,
  [within, check]: readonly [string, string],
  look: (isFresh: boolean) => Promise<Answer>,
): Promise<void> {
  const subject = `${within}/${check}`;
  const checks = [check];
  await ready(run);
  let answer = await look(false);
  if (answer.verdict !== "PASS" && answer.seq <= run.since) answer = await look(true);
  while (answer.verdict !== "PASS") {
    const reason = `${subject} is ${answer.verdict}`;
    await ready(run, phase.onFail === "hold" ? checks : []);
    if (phase.onFail !== "hold") {
      const scope = phase.onFail === "rollback" ? WHOLE_RUN : phase.id;
      throw new Diversion({ kind: "rollback", scope, cause: reason });
    }
    const choice = await decide(run, { subject, since: answer.seq, reason, choices: CHOICES, checks });
    if (choice === "override") return;
    answer = await look(true);
  }
  passes(run, subject);
}

/** Everything `harvest` collected in this phase, also from what was asked or tried more than once (000-36). */
function harvestOf(run: Run, phase: Phase): Record<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  const since = run.state.phases.get(phase.id)?.since ?? -1;
  for (const record of run.parts.journal.records) {
    if (record.seq <= since || (record.type !== "check" && record.type !== "step.end")) continue;
    for (const [name, values] of record.data.receipts.flatMap(({ harvested }) => Object.entries(harvested))) {
      const all = found.get(name) ?? new Set();
      for (const value of values) all.add(value);
      found.set(name, all);
    }
  }
  return Object.fromEntries([...found].map(([name, values]) => [name, [...values]]));
}
