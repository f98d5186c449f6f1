import type { Action } from "../plan/action.ts";
import { namesIn } from "../plan/placeholders.ts";
import type { Phase } from "../plan/plan.ts";
import { textsOf } from "../plan/walk.ts";
import type { Run } from "./run.ts";

/** Why an action is left out: counted apart from passes, always with its reason (G14). */
export interface Skip {
  readonly kind: "na" | "if" | "secret";
  readonly reason: string;
}

/** Whether an action is left out in this run. */
export function skipOf(run: Run, action: Action, phase: Phase | undefined): Skip | undefined {
  const { na, when } = action.options;
  if (na !== undefined) return { kind: "na", reason: na };
  const value = when === undefined ? "true" : run.vars(phase).get(when);
  if (value === undefined || value === "" || value === "false" || value.length === 0) {
    return { kind: "if", reason: `${when} is not set` };
  }
  const { filled, exported } = textsOf(action);
  const missing = [...filled, ...exported].flatMap(namesIn).find((name) => run.parts.bound.missing.has(name));
  return missing === undefined ? undefined : { kind: "secret", reason: `${missing} not set` };
}

/** The items an action goes through, or one undefined where it does not. */
export function itemsOf(run: Run, each: string | undefined, phase: Phase | undefined): readonly (string | undefined)[] {
  if (each === undefined) return [undefined];
  const value = run.vars(phase).get(each);
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : value;
}
