import type { RunState } from "../state/run-state.ts";
import { WHOLE_RUN } from "./diversion.ts";
import type { Run } from "./run.ts";
import { isAbout, openFires } from "./stop-holds.ts";

/** A rollback that was asked for and has not begun. */
export interface RollbackDemand {
  readonly scope: string;
  readonly cause: string;
}

/** A HOLD that was asked for and has no answer. */
export interface HoldDemand {
  readonly subject: string;
  readonly since: number;
  readonly reason: string;
}

/** The strongest rollback that a stop or a person demands; it follows from the journal alone, so a crash loses none. */
export function demandedRollback(state: RunState): RollbackDemand | undefined {
  const since = state.rollback?.seq ?? -1;
  const asked = state.asked.filter((one) => one.command === "rollback" && one.seq > since);
  const fires = state.fires.filter((fire) => fire.acted && fire.seq > since);
  const whole = asked.find((one) => one.scope === WHOLE_RUN);
  if (whole !== undefined) return { scope: WHOLE_RUN, cause: whole.reason };
  const fire = fires.find(({ action }) => action === "rollback");
  if (fire !== undefined) return { scope: WHOLE_RUN, cause: `stop ${fire.stop}: ${fire.say ?? ""}` };
  const [part] = asked;
  if (part !== undefined) return { scope: part.scope, cause: part.reason };
  const phase = fires.find(({ action }) => action === "rollback-phase");
  const scope = state.currentPhase();
  if (phase === undefined || scope === undefined) return undefined;
  return { scope, cause: `stop ${phase.stop}: ${phase.say ?? ""}` };
}

/**
 * A HOLD that a stop or a person demands and nobody has lifted with `go`. A stop that fired for checks which are asked about
 * anyway (`asked`, or the HOLD that is open) asks nothing of its own.
 */
export function demandedHold(run: Run, asked: readonly string[] = []): HoldDemand | undefined {
  const { state } = run;
  const about = [...asked, ...(state.hold?.checks ?? [])];
  const fire = openFires(run).find(({ checks }) => !isAbout(checks, about));
  if (fire !== undefined) {
    return { subject: `stop:${fire.stop}`, since: fire.seq, reason: fire.say ?? `stop ${fire.stop} fired` };
  }
  const request = state.asked.findLast((one) => one.command === "hold");
  if (request === undefined || state.decision("operator", ["go"], request.seq) !== undefined) return undefined;
  return { subject: "operator", since: request.seq, reason: request.reason };
}
