import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Receipt, Verdict } from "../journal/record.ts";
import type { Check } from "../plan/action.ts";
import type { Stop } from "../plan/plan.ts";
import { checksNamed } from "../plan/sets.ts";
import { JumpSense } from "../time/jump.ts";
import { escalate, escalateOnce } from "./escalate.ts";
import { itemsOf } from "./items.ts";
import { contextOf, perform, type Work } from "./perform.ts";
import type { Listener, Run } from "./run.ts";
import { isActive } from "./stop-activity.ts";
import { lastAnswer } from "./stop-holds.ts";
import { type Sampled, StopWatch } from "./stop-watch.ts";
import { isStorageFault } from "./storage-fault.ts";
import { fire } from "./trigger.ts";
import { worst } from "./verdicts.ts";

/** A steady state is written down this often. */
const STEADY_RECORD_MS = 60_000;
/** A probe of a stop may not take longer, whatever time its check has elsewhere. */
const SAMPLE_LIMIT_MS = 30_000;
/** How often a stop that is not active yet is looked at. */
const DORMANT_MS = 250;

/** Watches every stop that measures, in whatever state the run is, until it is over. */
export async function watchStops(run: Run, over: AbortSignal): Promise<void> {
  const measured = run.plan.stops.filter((stop) => stop.everyMs !== undefined && stop.source.kind !== "manual");
  await Promise.all(measured.map((stop) => watchStop(run, stop, over)));
}

async function watchStop(run: Run, stop: Stop, over: AbortSignal): Promise<void> {
  const everyMs = stop.everyMs ?? 0;
  const jumps = new JumpSense(run.clock);
  let watched: Listener | undefined;
  for (let sample = 1; !over.aborted; ) {
    if (!isActive(run, stop)) {
      watched = undefined;
      run.badStops.delete(stop.id);
      await run.clock.sleep(DORMANT_MS, over);
      continue;
    }
    const startMs = run.clock.monoMs();
    if (watched === undefined) jumps.look();
    watched ??= { watch: new StopWatch(stop, startMs), last: undefined };
    const seen = await look(run, stop, sample++, over);
    if (over.aborted) return;
    // A wall clock that goes back was set; only one that goes ahead can mean that the machine slept (F91).
    takeWritten(run, stop, watched, {
      ...seen,
      startMs,
      endMs: run.clock.monoMs(),
      sleptMs: Math.max(0, jumps.look()),
    });
    // No overlap, and no hurry to catch up: what was missed is a gap (F29).
    await run.clock.sleep(Math.max(0, startMs + everyMs - run.clock.monoMs()), over);
  }
}

interface Seen {
  readonly verdict: Verdict;
  /** Checks of the plan that did not pass. */
  readonly checks: readonly string[];
  readonly isBad: boolean | undefined;
  readonly reason: string | null;
  readonly startMs: number;
  readonly endMs: number;
  readonly sleptMs: number;
}

/** A sample that cannot be written down is lost; a stop that fires and cannot be written down ends the walk. */
function takeWritten(run: Run, stop: Stop, watched: Listener, seen: Seen): void {
  try {
    take(run, stop, watched, seen);
  } catch (error) {
    if (!isStorageFault(error)) throw error;
    if (run.badStops.has(stop.id)) run.fails(error);
  }
}

/** Takes a sample in, writes down what changed, and fires. */
function take(run: Run, stop: Stop, watched: Listener, seen: Seen): void {
  const sampled = watched.watch.take(seen);
  if (sampled.isBad) run.badStops.add(stop.id);
  else run.badStops.delete(stop.id);
  const key = `${seen.verdict} ${sampled.isBad} ${sampled.gap}`;
  const { last } = watched;
  const isSteady = last?.key === key && seen.endMs - last.atMs < STEADY_RECORD_MS && last.seq > lastAnswer(run, stop);
  if (!isSteady || sampled.fires) watched.last = { key, atMs: seen.endMs, seq: record(run, stop, seen, sampled) };
  if (sampled.fires) fireStop(run, stop, sampled.badMs, seen);
}

function record(run: Run, stop: Stop, { verdict, reason }: Seen, { badMs, gap, missedMs, isBad }: Sampled): number {
  const missing = missedMs === 0 ? [] : [`no sample for ${Math.round(missedMs / 1000)} s`];
  const why = [...(reason === null ? [] : [reason]), ...missing].join("; ");
  const data = { verdict, bad: isBad, badMs: Math.round(badMs), gap, reason: why === "" ? null : why };
  return run.urgent({ type: "stop.sample", step: stop.id, attempt: null, data }).seq;
}

function fireStop(run: Run, stop: Stop, badMs: number, { reason, checks }: Seen): void {
  const say = reason === null ? stop.say : `${stop.say} (${reason})`;
  fire(run, stop, { badMs: Math.round(badMs), sign: null, say, checks });
  // Acting comes first: the walk has been woken, the message goes out beside it.
  run.beside(escalate(run, `stop ${stop.id}: ${say}`));
}

/** Tells of what fired under a driver that was killed before it could. */
export async function tellOfStops(run: Run): Promise<void> {
  const measured = run.state.fires.filter((one) => one.sign === null && one.seq <= run.since);
  for (const { stop, say, seq } of measured) await escalateOnce(run, `stop ${stop}: ${say ?? ""}`, seq);
}

async function look(
  run: Run,
  stop: Stop,
  sample: number,
  over: AbortSignal,
): Promise<Pick<Seen, "verdict" | "isBad" | "reason" | "checks">> {
  const receipts: Receipt[] = [];
  const checks: string[] = [];
  for (const check of checksOf(run, stop)) {
    const sampled = await sampleCheck(run, stop, check, sample, over);
    receipts.push(...sampled);
    if (stop.source.kind === "use" && worst(sampled.map(({ verdict }) => verdict)) !== "PASS") checks.push(check.name);
  }
  const verdict = worst(receipts.map((receipt) => receipt.verdict));
  const reason = receipts.find((receipt) => receipt.verdict === verdict && verdict !== "PASS")?.notes[0] ?? null;
  if (verdict !== "UNKNOWN") return { verdict, isBad: verdict === "FAIL", reason, checks };
  // Nobody answers: the target is down, unless it is our own network that is gone (F35).
  const isHttp = receipts.some((receipt) => receipt.verdict === "UNKNOWN" && receipt.verb === "http");
  if (!isHttp) return { verdict, isBad: undefined, reason, checks };
  if (!(await isNetworkGone(run, stop, sample, over))) return { verdict, isBad: true, reason, checks };
  if (!run.state.paused.has(stop.id) && !over.aborted) {
    fire(run, stop, { badMs: 0, sign: null, say: "our own network is gone", action: "pause" });
    run.beside(escalate(run, `stop ${stop.id}: our own network is gone`));
  }
  return { verdict, isBad: undefined, reason: "our own network is gone", checks };
}

async function isNetworkGone(run: Run, stop: Stop, sample: number, over: AbortSignal): Promise<boolean> {
  const control = run.plan.control === undefined ? undefined : run.plan.checks.get(run.plan.control);
  if (control === undefined) return false;
  const receipts = await sampleCheck(run, { ...stop, id: `${stop.id}.control` }, control, sample, over);
  return receipts.some((receipt) => receipt.verdict !== "PASS");
}

function checksOf(run: Run, { source }: Stop): readonly Check[] {
  if (source.kind === "check") return [source.check];
  if (source.kind === "manual") return [];
  return source.checks
    .flatMap((name) => checksNamed(run.plan, name))
    .flatMap((name) => run.plan.checks.get(name) ?? []);
}

/** One sample of a check, every item; its files are not kept, the journal has what changed. */
async function sampleCheck(
  run: Run,
  stop: Stop,
  check: Check,
  sample: number,
  over: AbortSignal,
): Promise<readonly Receipt[]> {
  const phase = run.plan.phases.find((one) => one.id === run.state.currentPhase());
  const timeoutMs = Math.min(check.options.timeoutMs, SAMPLE_LIMIT_MS);
  const action = { ...check, name: `stop-${stop.id}-${check.name}`, options: { ...check.options, timeoutMs } };
  const receipts: Receipt[] = [];
  for (const [at, item] of itemsOf(run, check.options.each, phase).entries()) {
    const work: Work = {
      action,
      phase,
      item,
      number: 0,
      attempt: sample * 1000 + at,
      name: `stop:${stop.id}`,
      signal: over,
      round: -1,
    };
    const { receipt } = await perform(run, work);
    receipts.push(receipt);
    rmSync(join(contextOf(run, work).folder), { recursive: true, force: true });
  }
  return receipts;
}

/** Stops without `every` take each result of their checks that the plan asks for anyway. */
export function heard(run: Run, name: string, verdict: Verdict, reason: string | null): void {
  for (const stop of run.plan.stops) {
    const { source } = stop;
    if (stop.everyMs !== undefined || source.kind !== "use" || !isActive(run, stop)) continue;
    if (!source.checks.flatMap((one) => checksNamed(run.plan, one)).includes(name)) continue;
    const atMs = run.clock.monoMs();
    const watched = run.listeners.get(stop.id) ?? { watch: new StopWatch(stop, atMs), last: undefined };
    run.listeners.set(stop.id, watched);
    const isBad = verdict === "UNKNOWN" ? undefined : verdict === "FAIL";
    take(run, stop, watched, { verdict, isBad, reason, checks: [name], startMs: atMs, endMs: atMs, sleptMs: 0 });
  }
}
