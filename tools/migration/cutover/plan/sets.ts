import type { Plan } from "./plan.ts";

/** The checks a name stands for: itself, or those of the set of that name. */
export function checksNamed(plan: Plan, name: string): readonly string[] {
  return plan.sets.get(name) ?? [name];
}
