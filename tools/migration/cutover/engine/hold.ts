import { demandedHold, demandedRollback } from "./demands.ts";
import { Diversion, WHOLE_RUN } from "./diversion.ts";
import { escalateOnce } from "./escalate.ts";
import type { Run } from "./run.ts";
import { isAbout, openFires } from "./stop-holds.ts";
import { waitFor } from "./wait-for.ts";

/** What a HOLD for a way back that is gone is about. */
export const WAY_BACK = "way-back";
/** Between what a HOLD is about and the stops that fired for the same. */
const BY_STOP = "; stop ";

/** What a HOLD asks a person. */
export interface Question {
  /** What the answer is signed about. */
  readonly subject: string;
  /** Answers before this record were about something else. */
  readonly since: number;
  readonly reason: string;
  readonly choices: readonly string[];
  /** Something that ends the HOLD as `again`, such as a gate that passes by now. */
  readonly until?: () => boolean;
  /** The only role whose answer counts. */
  readonly role?: string;
  /** Checks that it is about: stops that fire for them are asked about here too. */
  readonly checks?: readonly string[];
  /** The error or finding code behind it, where there is one. */
  readonly code?: string;
}

/**
 * Stays in HOLD until somebody has chosen. The stops keep watching meanwhile and can end the wait. `rollback`,
 * `rollback-phase` and `abort` leave the walk; any other choice is given back.
 */
export async function decide(run: Run, question: Question): Promise<string> {
  const { subject, choices, role } = question;
  const since = askedSince(run, question);
  const chosen = (): string | undefined => {
    const sign = run.state.decision(subject, choices, since, role);
    return sign?.say ?? (question.until?.() === true ? "again" : undefined);
  };
  const already = chosen();
  if (already !== undefined) return goOn(run, already, question);
  await enter(run, question);
  const { interrupted } = run.parts.options;
  const choice = await waitFor(
    run,
    () => {
      divertIfDemanded(run);
      return chosen();
    },
    interrupted,
  );
  if (choice === undefined) throw new Diversion({ kind: "interrupted" });
  return goOn(run, choice, question);
}

/** A question that is asked anew after a resume is still the same one: what was signed meanwhile is its answer (G02). */
function askedSince(run: Run, { subject, reason, since }: Question): number {
  const { hold } = run.state;
  const isSame = hold?.reason === reason || hold?.reason.startsWith(`${reason}${BY_STOP}`) === true;
  return hold?.subject === subject && isSame ? Math.min(since, hold.seq) : since;
}

function goOn(run: Run, choice: string, question: Question): string {
  leave(run, question.subject, choice);
  return follow(run, choice, question);
}

/** Leaves a HOLD about checks that pass by now: where a driver finds them so, nobody is asked (G02). */
export function passes(run: Run, subject: string, code: string | null = null): void {
  const { hold } = run.state;
  if (hold?.code === code && (hold.checks ?? []).length > 0) leave(run, subject, "passes");
}

function leave(run: Run, subject: string, why: string): void {
  if (run.state.hold?.subject !== subject) return;
  const reason = `${subject}: ${why}`;
  run.record({ type: "run.state", step: subject, attempt: null, data: { state: "RUNNING", reason } });
}

function follow(run: Run, choice: string, { subject, reason }: Question): string {
  const cause = `${subject}: ${reason}`;
  if (choice === "rollback") throw new Diversion({ kind: "rollback", scope: WHOLE_RUN, cause });
  if (choice === "rollback-phase") {
    throw new Diversion({ kind: "rollback", scope: run.state.currentPhase() ?? WHOLE_RUN, cause });
  }
  if (choice === "abort") throw new Diversion({ kind: "aborted", reason: cause });
  return choice;
}

async function enter(run: Run, { subject, reason: why, choices, code, checks = [] }: Question): Promise<void> {
  const stops = openFires(run).filter((fire) => isAbout(fire.checks, checks));
  const reason = `${why}${stops.map(({ stop, say }) => `${BY_STOP}${stop}: ${say ?? ""}`).join("")}`;
  if (run.state.hold?.subject !== subject) {
    run.urgent({ type: "hold", step: subject, attempt: null, data: { reason, choices, code: code ?? null, checks } });
  }
  await escalateOnce(run, `HOLD ${subject}: ${reason}`, run.state.hold?.seq ?? -1);
  run.parts.say(`HOLD ${subject}: ${reason}`);
  run.parts.say(`  candor cutover sign --role ROLE --say ${choices.join("|")} --for ${subject} --reason WHY`);
  // Before the first change nobody needs a driver that waits: ending is as safe as staying.
  if (run.parts.options.exitOnHold || !run.state.hasMutated) throw new Diversion({ kind: "held" });
}

/** Leaves the walk where a rollback is demanded. */
export function divertIfDemanded(run: Run): void {
  const demand = demandedRollback(run.state);
  if (demand !== undefined) throw new Diversion({ kind: "rollback", ...demand });
}

/**
 * To be called before each action: the lock is ours, nobody has asked for an end, a HOLD, a pause or a rollback. A stop that
 * fired for checks about which a question follows (`asked`) asks none of its own.
 */
export async function ready(run: Run, asked: readonly string[] = []): Promise<void> {
  for (;;) {
    assertGoingOn(run);
    divertIfDemanded(run);
    const hold = demandedHold(run, asked);
    if (hold !== undefined) await decide(run, { ...hold, choices: ["go", "rollback", "rollback-phase", "abort"] });
    else if (run.state.paused.size > 0) await pause(run);
    else return;
  }
}

/** The same on the way back, where no stop can ask for anything any more. */
export function assertGoingOn(run: Run): void {
  if (run.failure !== undefined) throw run.failure;
  run.parts.lock.assertHeld();
  if (run.parts.options.interrupted.aborted) throw new Diversion({ kind: "interrupted" });
}

async function pause(run: Run): Promise<void> {
  const reason = [...run.state.paused].join(", ");
  run.record({ type: "run.state", step: null, attempt: null, data: { state: "PAUSED", reason } });
  run.parts.say(`PAUSED: ${reason}`);
  await waitFor(
    run,
    () => {
      divertIfDemanded(run);
      return run.state.paused.size === 0 || demandedHold(run) !== undefined ? true : undefined;
    },
    run.parts.options.interrupted,
  );
  run.record({
    type: "run.state",
    step: null,
    attempt: null,
    data: { state: "RUNNING", reason: `was paused: ${reason}` },
  });
}
