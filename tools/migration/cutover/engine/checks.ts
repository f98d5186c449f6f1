import type { CheckPlace, Receipt, Verdict } from "../journal/record.ts";
import type { Check } from "../plan/action.ts";
import type { Phase } from "../plan/plan.ts";
import { checksNamed } from "../plan/sets.ts";
import { Diversion } from "./diversion.ts";
import { guarded } from "./guard.ts";
import { itemsOf, skipOf } from "./items.ts";
import { perform } from "./perform.ts";
import type { Run } from "./run.ts";
import { heard } from "./stops.ts";
import { worst } from "./verdicts.ts";

/** Where and why a check is asked. */
export interface Asking {
  readonly place: CheckPlace;
  /** Id of the phase, gate or tick. */
  readonly within: string;
  readonly phase: Phase | undefined;
  /** The list to go through instead of the check's own. */
  readonly each?: string | undefined;
  /** Name in the journal, where it is not the check's own. */
  readonly name?: string;
  /** Values recorded earlier, for `done_if` of an item. */
  readonly item?: string | undefined;
  /** Acknowledgements before this record do not count. */
  readonly round?: number;
  /** Monotonic time at which asking ends, whatever time the check itself has. */
  readonly untilMs?: number;
  /** True during a rollback, where stops end nothing. */
  readonly isBack?: boolean;
}

const RETRY_PAUSE_MS = 1000;

/** Asks a check, every item of it, and journals the answer; a check that is left out passes and is counted apart. */
export async function ask(run: Run, check: Check, asking: Asking): Promise<Verdict> {
  const name = asking.name ?? check.name;
  const skip = skipOf(run, check, asking.phase);
  if (skip !== undefined) {
    run.record({ type: "step.skip", step: name, attempt: null, data: skip });
    return "PASS";
  }
  const receipts = await receiptsOf(run, check, asking);
  const verdict = worst(receipts.map((receipt) => receipt.verdict));
  const { place, within } = asking;
  const data = { place, within, say: check.options.say ?? null, verdict, receipts };
  run.record({ type: "check", step: name, attempt: null, data });
  run.parts.say(`${verdict.padEnd(7)} ${within}/${name}`);
  heard(run, check.name, verdict, receipts.find((receipt) => receipt.verdict === verdict)?.notes[0] ?? null);
  return verdict;
}

/** Asks checks and sets by name, in order; the verdicts by name. */
export async function askAll(
  run: Run,
  names: readonly string[],
  asking: Asking,
): Promise<ReadonlyMap<string, Verdict>> {
  const verdicts = new Map<string, Verdict>();
  for (const name of names.flatMap((one) => checksNamed(run.plan, one))) {
    const check = run.plan.checks.get(name);
    if (check !== undefined) verdicts.set(name, await ask(run, check, asking));
  }
  return verdicts;
}

async function receiptsOf(run: Run, check: Check, asking: Asking): Promise<readonly Receipt[]> {
  const each = asking.each ?? check.options.each;
  const items = asking.item === undefined ? itemsOf(run, each, asking.phase) : [asking.item];
  const receipts: Receipt[] = [];
  const { untilMs = Number.POSITIVE_INFINITY } = asking;
  for (const item of items) {
    if (receipts.length > 0 && run.clock.monoMs() >= untilMs) break;
    receipts.push(await askItem(run, bounded(check, untilMs - run.clock.monoMs()), asking, item));
  }
  return receipts;
}

/** The check with no more time than this, however it spends it. */
function bounded(check: Check, leftMs: number): Check {
  const { verb, options } = check;
  const { timeoutMs, retryMs } = options;
  return {
    ...check,
    verb: verb.kind === "wait" ? { ...verb, ms: Math.min(verb.ms, leftMs) } : verb,
    options: {
      ...options,
      timeoutMs: Math.min(timeoutMs, leftMs),
      retryMs: retryMs === undefined ? undefined : Math.min(retryMs, leftMs),
    },
  };
}

/** Repeats until it holds or the time of `retry` is over. */
async function askItem(run: Run, check: Check, asking: Asking, item: string | undefined): Promise<Receipt> {
  const { retryMs } = check.options;
  const endMs = run.clock.monoMs() + (retryMs ?? 0);
  const number = run.nextNumber();
  const isWaiting = check.verb.kind === "manual" || check.verb.kind === "wait";
  const direction = asking.isBack === true ? "back" : isWaiting ? "waiting" : "forward";
  for (let attempt = 1; ; attempt++) {
    const { receipt } = await guarded(run, direction, (signal) => {
      const { phase, round = -1, name = check.name } = asking;
      const within = `${asking.place}:${asking.within}`;
      return perform(run, { action: check, phase, item, number, attempt, name, within, signal, round });
    });
    if (isWaiting && run.parts.options.interrupted.aborted) throw new Diversion({ kind: "interrupted" });
    const leftMs = endMs - run.clock.monoMs();
    if (receipt.verdict === "PASS" || leftMs <= 0 || run.parts.options.interrupted.aborted) return receipt;
    await run.clock.sleep(Math.min(RETRY_PAUSE_MS, leftMs), run.parts.options.interrupted);
  }
}
