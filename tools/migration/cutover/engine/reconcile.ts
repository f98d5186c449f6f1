import { stepsOf } from "../plan/walk.ts";
import type { Attempt } from "../state/run-state.ts";
import { ask } from "./checks.ts";
import { endLeftReads } from "./left-reads.ts";
import { recover } from "./perform.ts";
import type { Run } from "./run.ts";
import { stepOf } from "./undo-units.ts";

/** What the world says of one step, beside what the journal says. */
export interface Reconciled {
  readonly step: string;
  readonly journal: "done" | "failed" | "unknown" | "not started";
  readonly world: "done" | "not done" | "unknown";
  readonly drift: boolean;
}

/** Asks every `done_if` and every pointer again; changes nothing but the journal. */
export async function reconcile(run: Run): Promise<readonly Reconciled[]> {
  await endLeftReads(run);
  const found: Reconciled[] = [];
  for (const phase of run.plan.phases) {
    for (const step of stepsOf(phase)) {
      const attempts = run.state.attempts.filter(
        (one) => one.step === step.id && run.state.lastAttempt(one.key) === one,
      );
      if (step.doneIf !== undefined) {
        for (const item of attempts.length === 0 ? [undefined] : attempts.map((one) => one.intent.item ?? undefined)) {
          const name = item === undefined ? step.id : `${step.id}[${item}]`;
          const verdict = await ask(run, step.doneIf, {
            place: "done_if",
            within: phase.id,
            phase,
            name,
            item,
            isBack: true,
          });
          const world = verdict === "PASS" ? "done" : verdict === "FAIL" ? "not done" : "unknown";
          found.push(
            compared(
              name,
              attempts.find((one) => one.key === name),
              world,
            ),
          );
        }
      } else if (step.verb.kind === "flip") {
        for (const attempt of attempts) found.push(compared(step.id, attempt, await pointerOf(run, attempt)));
      }
    }
  }
  return found;
}

function compared(step: string, attempt: Attempt | undefined, world: Reconciled["world"]): Reconciled {
  const journal = attempt === undefined ? "not started" : (attempt.end?.result ?? "unknown");
  const drift = world === "unknown" || (journal === "done") !== (world === "done");
  return { step, journal, world, drift };
}

/** Where a pointer stands against what its intent recorded. */
async function pointerOf(run: Run, attempt: Attempt): Promise<Reconciled["world"]> {
  const phase = run.plan.phases.find((one) => one.id === attempt.intent.phase);
  const step = phase === undefined ? undefined : stepOf(attempt, phase);
  if (step === undefined) return "unknown";
  const { number, text, preImage, item } = attempt.intent;
  const signal = new AbortController().signal;
  const work = {
    action: step,
    phase,
    item: item ?? undefined,
    number,
    attempt: attempt.attempt,
    name: step.id,
    signal,
    round: -1,
  };
  const result = await recover(run, work, { text, preImage });
  if (result === undefined) return "not done";
  return result.receipt.verdict === "PASS" ? "done" : "unknown";
}
