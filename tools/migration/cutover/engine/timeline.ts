import type { Signature, TickResult } from "../journal/record.ts";
import type { Tick } from "../plan/plan.ts";
import type { Kept } from "../state/run-state.ts";
import { compareBaseline, keepBaseline } from "./baseline.ts";
import { ask, askAll } from "./checks.ts";
import { Diversion, WHOLE_RUN } from "./diversion.ts";
import { freezeProblems } from "./freeze.ts";
import { evaluateGate, gateProblem } from "./gates.ts";
import { decide, passes, ready } from "./hold.ts";
import { walkUntil } from "./phases.ts";
import { repositoryHeads } from "./repository-heads.ts";
import type { Run } from "./run.ts";
import { refused } from "./signatures.ts";
import { sleepOrChange } from "./wait-for.ts";
import { wayBackProblems } from "./way-back.ts";

/** A tick that begins later than this after its time is marked late. */
const LATE_MS = 60_000;
const NO_GO = "NO_GO";
const CHOICES = ["again", "override", "rollback", "abort"];

/** Plays every tick at its time, in order; those that were played are passed over. */
export async function walkTimeline(run: Run): Promise<void> {
  const { timeline } = run.plan;
  for (const [at, tick] of timeline.entries()) {
    if (run.state.ticks.has(tick.label)) {
      await keepBaseline(run, tick.label);
      continue;
    }
    await waitUntil(run, timeOf(run, tick.offsetMs));
    const next = timeline[at + 1];
    await play(run, tick, next === undefined ? undefined : timeOf(run, next.offsetMs));
  }
}

/** Wall time of an offset from T0, in milliseconds. */
function timeOf(run: Run, offsetMs: number): number {
  if (run.state.t0 === undefined) throw refused("The run has no T0: `candor cutover arm` sets it.");
  return Date.parse(run.state.t0) + offsetMs;
}

/** Waits for a wall time; stops, requests and holds are heard meanwhile. */
async function waitUntil(run: Run, atMs: number): Promise<void> {
  for (;;) {
    await ready(run);
    const leftMs = atMs - run.clock.wall().getTime();
    if (leftMs <= 0) return;
    // The wall clock may be set, or the machine may sleep: a look now and then finds out.
    await sleepOrChange(run, Math.min(leftMs, 30_000));
  }
}

async function play(run: Run, tick: Tick, deadlineMs: number | undefined): Promise<void> {
  const late = run.clock.wall().getTime() - timeOf(run, tick.offsetMs) > LATE_MS;
  if (!run.state.begun.has(tick.label)) {
    run.record({
      type: "run.state",
      step: tick.label,
      attempt: null,
      data: { state: "TICK", reason: tick.evidence ?? null },
    });
    run.record({
      type: "heads",
      step: tick.label,
      attempt: null,
      data: { moment: tick.label, heads: repositoryHeads(run.parts.root, run.plan) },
    });
    run.parts.say(`tick    ${tick.label}${late ? " (late)" : ""}: ${tick.by.join(", ")}`);
  }
  if (tick.offsetMs === 0) await requireGates(run, tick);
  for (const id of tick.gates) await passGate(run, tick, id, tick.offsetMs < 0 ? deadlineMs : undefined);
  await passChecks(run, tick);
  if (tick.offsetMs < 0) await requireOnTime(run, tick, deadlineMs);
  for (const id of tick.phases) {
    const phase = run.plan.phases.find((one) => one.id === id);
    if (phase !== undefined) await walkUntil(run, phase);
  }
  for (const action of tick.actions) {
    if (run.state.check("tick", tick.label, action.name)?.verdict !== "PASS")
      await acknowledgeUntil(run, tick, action.name);
  }
  const decision = await decideTick(run, tick, tick.offsetMs < 0 ? deadlineMs : undefined);
  const data: TickResult = {
    verdict: "PASS",
    late,
    by: tick.by,
    evidence: tick.evidence ?? null,
    decision,
    reason: null,
  };
  run.record({ type: "tick", step: tick.label, attempt: null, data });
  await keepBaseline(run, tick.label);
}

/**
 * Before T0 a tick has to be passed by the time of the next one; where it was not, because the machine slept or nobody
 * drove, a person says whether to go on (F75). A decision has its own time limit.
 */
async function requireOnTime(run: Run, tick: Tick, deadlineMs = Number.POSITIVE_INFINITY): Promise<void> {
  if (tick.decision !== undefined || run.clock.wall().getTime() < deadlineMs) return;
  const begun = run.state.begun.get(tick.label) ?? -1;
  const isKnown = run.parts.journal.records.some(
    ({ seq, type, step }) => seq > begun && type === "hold" && step !== tick.label,
  );
  // Who has answered for something else of this tick knows how late it is.
  if (isKnown) return;
  const reason = `${tick.label} was not passed by the time of the next tick`;
  await decide(run, { subject: tick.label, since: begun, reason, choices: ["override", "rollback", "abort"] });
}

/** No-Go: every gate of the plan must be a fresh PASS, and every decision before T0 a go (G02, X40). */
async function requireGates(run: Run, tick: Tick): Promise<void> {
  for (;;) {
    const gates = [...run.plan.gates.values()]
      .filter((gate) => !isOverridden(run, gate.id))
      .flatMap((gate) => gateProblem(run, gate) ?? []);
    // I6: what the way back needs may have gone since the run was opened.
    const problems = [
      ...gates,
      ...(await freezeProblems(run)),
      ...(run.state.hasMutated ? [] : await wayBackProblems(run)),
    ];
    if (problems.length === 0) return passes(run, tick.label, NO_GO);
    const reason = `${tick.label} is blocked: ${problems.join("; ")}`;
    const since = run.state.lastSeq;
    const checks = [...run.plan.gates.keys()].flatMap((id) => failingOf(run, id));
    const choice = await decide(run, { subject: tick.label, since, reason, choices: CHOICES, code: NO_GO, checks });
    if (choice === "override") return;
    for (const gate of run.plan.gates.values()) if (gateProblem(run, gate) !== undefined) await evaluateGate(run, gate);
  }
}

function isOverridden(run: Run, gate: string): boolean {
  const last = run.state.gates.get(gate)?.seq ?? -1;
  return run.state.decision(`gate:${gate}`, ["override"], last) !== undefined;
}

/** A gate of this tick: FAIL is a HOLD at once; while signatures are missing it is waited for until the next tick. */
async function passGate(run: Run, tick: Tick, id: string, deadlineMs: number | undefined): Promise<void> {
  const gate = run.plan.gates.get(id);
  if (gate === undefined) return;
  const begun = run.state.begun.get(tick.label) ?? -1;
  const isHere = (): boolean => (run.state.gates.get(id)?.seq ?? -1) > begun && gateProblem(run, gate) === undefined;
  for (let isFirst = true; ; isFirst = false) {
    await ready(run);
    if (isHere() || isOverridden(run, id)) return passes(run, `gate:${id}`);
    const known = run.state.gates.get(id);
    const isOld = known === undefined || known.seq <= begun || (isFirst && known.seq <= run.since);
    const verdict = isOld || !isFirst ? await evaluateGate(run, gate) : known.verdict;
    if (verdict === "PASS") return passes(run, `gate:${id}`);
    const { seq } = run.state.gates.get(id) ?? { seq: run.state.lastSeq };
    if (verdict === "UNKNOWN" && isWaitingForPersons(run, id) && (await moreSigns(run, deadlineMs))) continue;
    const reason = gateProblem(run, gate) ?? `${id} is ${verdict}`;
    const choice = await decideOrPass(run, id, seq, reason, isHere);
    if (choice === "override") return;
  }
}

/** A HOLD for a gate ends by a signature, or by a new evaluation that passes (`cutover gate`). */
async function decideOrPass(
  run: Run,
  id: string,
  since: number,
  reason: string,
  isHere: () => boolean,
): Promise<string> {
  if (isHere()) return "again";
  const checks = failingOf(run, id);
  return await decide(run, { subject: `gate:${id}`, since, reason, choices: CHOICES, until: isHere, checks });
}

/** What did not pass when a gate was last evaluated. */
function failingOf(run: Run, id: string): readonly string[] {
  const items = run.state.gates.get(id)?.items ?? [];
  return items.filter(({ verdict }) => verdict !== "PASS").map(({ name }) => name);
}

function isWaitingForPersons(run: Run, gate: string): boolean {
  const items = run.state.gates.get(gate)?.items ?? [];
  return items.every((item) => item.verdict === "PASS" || (item.reason ?? "").startsWith("not acknowledged"));
}

/** Waits for a signature; false once the time is over. */
async function moreSigns(run: Run, deadlineMs: number | undefined): Promise<boolean> {
  const count = run.state.signs.length;
  for (;;) {
    await ready(run);
    if (run.state.signs.length > count) return true;
    const leftMs = (deadlineMs ?? Number.POSITIVE_INFINITY) - run.clock.wall().getTime();
    if (leftMs <= 0) return false;
    await sleepOrChange(run, Math.min(leftMs, 30_000));
  }
}

async function passChecks(run: Run, tick: Tick): Promise<void> {
  const begun = run.state.begun.get(tick.label) ?? -1;
  for (;;) {
    const before = tick.checks.map((name) => run.state.check("tick", tick.label, name, begun));
    const isKnown = before.length > 0 && before.every((one) => one?.verdict === "PASS");
    const verdicts = isKnown
      ? []
      : [...(await askAll(run, tick.checks, { place: "tick", within: tick.label, phase: undefined }))];
    const bad = verdicts.filter(([, verdict]) => verdict !== "PASS").map(([name, verdict]) => `${name} is ${verdict}`);
    if (tick.compare && !(await compareBaseline(run, tick.label))) bad.push("the baseline differs");
    if (bad.length === 0) return passes(run, tick.label);
    const reason = bad.join("; ");
    const checks = verdicts.filter(([, verdict]) => verdict !== "PASS").map(([name]) => name);
    const since = run.state.lastSeq;
    const choice = await decide(run, { subject: tick.label, since, reason, choices: CHOICES, checks });
    if (choice === "override") return;
  }
}

async function acknowledgeUntil(run: Run, tick: Tick, name: string): Promise<void> {
  const action = tick.actions.find((one) => one.name === name);
  if (action === undefined) return;
  for (;;) {
    await ready(run);
    const round = run.state.begun.get(tick.label) ?? -1;
    if ((await ask(run, action, { place: "tick", within: tick.label, phase: undefined, round })) === "PASS") return;
    const reason = `${name} was not acknowledged`;
    const choice = await decide(run, { subject: name, since: run.state.lastSeq, reason, choices: CHOICES });
    if (choice === "override") return;
  }
}

/** All roles of the tick choose; hold wins over go, rollback over keep; keep does not count while a stop is bad (F39, F76). */
async function decideTick(run: Run, tick: Tick, deadlineMs: number | undefined): Promise<string | null> {
  const { decision } = tick;
  if (decision === undefined) return null;
  const begun = run.state.begun.get(tick.label) ?? -1;
  announce(run, tick, decision.choose);
  for (;;) {
    await ready(run);
    const signs = tick.by.map((role) => signOf(run, decision.name, role, begun));
    const says = signs.map((sign) => sign?.say);
    if (says.includes("rollback")) throw rollbackBy(signs, decision.name);
    if (says.includes("hold")) {
      const since = Math.max(...signs.map((sign) => (sign?.say === "hold" ? sign.seq : -1)));
      const reason = `${decision.name}: ${signs.find((sign) => sign?.say === "hold")?.reason ?? "hold"}`;
      const go = decision.choose.includes("go") ? "go" : "keep";
      const role = tick.by.find((_, at) => signs[at]?.say === "hold");
      await decide(run, {
        subject: decision.name,
        since,
        reason,
        choices: [go, "rollback", "abort"],
        ...(role === undefined ? {} : { role }),
      });
      continue;
    }
    const isAgreed = signs.every((sign) => sign !== undefined);
    if (isAgreed && !(says.includes("keep") && run.badStops.size > 0)) return says[0] ?? null;
    if (await moreSigns(run, isAgreed ? run.clock.wall().getTime() + 1000 : deadlineMs)) continue;
    if (isAgreed) continue;
    const missing = tick.by.filter((_, at) => signs[at] === undefined).join(", ");
    const reason = `${tick.label}: no decision of ${missing} by the time of the next tick`;
    await decide(run, {
      subject: decision.name,
      since: run.state.lastSeq,
      reason,
      choices: [...decision.choose, "abort"],
    });
  }
}

function signOf(run: Run, about: string, role: string, since: number): Kept<Signature> | undefined {
  return run.state.signs.findLast((sign) => sign.seq > since && sign.about === about && sign.role === role);
}

function rollbackBy(signs: readonly (Signature | undefined)[], name: string): Diversion {
  const sign = signs.find((one) => one?.say === "rollback");
  return new Diversion({
    kind: "rollback",
    scope: WHOLE_RUN,
    cause: `${name}: ${sign?.role ?? ""} says ${sign?.reason ?? "rollback"}`,
  });
}

function announce(run: Run, tick: Tick, choose: readonly string[]): void {
  for (const role of tick.by) {
    run.parts.say(
      `waiting for ${role}: ${tick.decision?.name}\n  candor cutover sign --role ${role} --say ${choose.join("|")} --for ${tick.decision?.name}`,
    );
  }
}
