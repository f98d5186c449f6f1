import type { Signature } from "../journal/record.ts";
import type { Stop } from "../plan/plan.ts";
import { WHOLE_RUN } from "./diversion.ts";
import type { Run } from "./run.ts";
import { checkSignature, refused, type SignRequest } from "./signatures.ts";
import { isActive } from "./stop-activity.ts";

/** Fires a stop that a person decides about; REFUSED unless it is one, active, and theirs. */
export function trigger(run: Run, id: string, request: SignRequest): void {
  const stop = run.plan.stops.find((one) => one.id === id);
  if (stop === undefined) throw refused(`The plan has no stop ${id}.`);
  if (stop.source.kind !== "manual") throw refused(`The stop ${id} is measured, not triggered.`);
  if (!stop.source.by.includes(request.role)) throw refused(`${id} is triggered by ${stop.source.by.join(" or ")}.`);
  if (!isActive(run, stop)) throw refused(`The stop ${id} is not active yet.`);
  if ((request.reason ?? "") === "") throw refused("A trigger needs a --reason.");
  const sign = checkSignature(run, { ...request, about: `stop:${id}` });
  fire(run, stop, { badMs: 0, sign, say: request.reason ?? stop.say });
}

/** Writes down that a stop fired; whoever walks sees it at once. */
export function fire(run: Run, stop: Stop, { badMs, sign, say, checks = [], action = stop.then }: FireDetails): void {
  const isBack = run.state.rollback !== undefined && run.state.rollback.result === undefined;
  const isStronger = action === "rollback" && run.state.rollback?.scope !== WHOLE_RUN;
  const hasEnded = run.state.end !== undefined && run.state.end.outcome !== "SUCCEEDED";
  const acted = !hasEnded && (!isBack || isStronger);
  run.urgent({ type: "stop.fire", step: stop.id, attempt: null, data: { action, checks, badMs, say, sign, acted } });
  run.parts.say(`STOP ${stop.id}: ${say} -> ${action}${acted ? "" : " (recorded only)"}`);
}

/** What is known of a stop that fires. */
export interface FireDetails {
  readonly badMs: number;
  readonly sign: Signature | null;
  readonly say: string;
  /** Checks of the plan that it fires for. */
  readonly checks?: readonly string[];
  /** Another action than the stop's own. */
  readonly action?: Stop["then"];
}
