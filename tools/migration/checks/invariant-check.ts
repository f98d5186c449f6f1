import type { InvariantRule } from "../model/field-words.ts";
import { finding } from "../model/finding.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import type { InvariantDefinition } from "../model/module.ts";
import type { EntityCheck } from "./schema-check.ts";

type Rule = (values: readonly (JsonValue | undefined)[], limit: JsonValue | undefined) => boolean;

/** Reports every invariant of a module that an entity violates, with the severity the definition gives it. */
export function compileInvariantCheck(invariants: readonly InvariantDefinition[]): EntityCheck {
  return (entity, place, sink) => {
    for (const invariant of invariants) {
      const values = invariant.fields.map((name) => present(entity, name));
      if (RULES[invariant.rule](values, invariant.value)) continue;
      const field = invariant.fields.join(", ");
      const details = { ...place, field, rule: invariant.name, expected: invariant.message };
      sink(finding("INVARIANT_VIOLATED", details, invariant.severity));
    }
  };
}

/** The value of a field; null counts as absent, as it does for a person reading the record. */
function present(entity: JsonObject, name: string): JsonValue | undefined {
  const value = Object.hasOwn(entity, name) ? entity[name] : undefined;
  return value === null ? undefined : value;
}

const RULES: Readonly<Record<InvariantRule, Rule>> = {
  less: ([a, b]) => compare(a, b, (order) => order < 0),
  lessOrEqual: ([a, b]) => compare(a, b, (order) => order <= 0),
  equal: ([a, b]) => a === undefined || b === undefined || a === b,
  notEqual: ([a, b]) => a === undefined || b === undefined || a !== b,
  minimum: ([a], limit) => compare(a, limit, (order) => order >= 0),
  maximum: ([a], limit) => compare(a, limit, (order) => order <= 0),
  atLeastOneOf: (values) => count(values) >= 1,
  exactlyOneOf: (values) => count(values) === 1,
  atMostOneOf: (values) => count(values) <= 1,
  requires: ([first, ...others]) => first === undefined || count(others) === others.length,
};

function count(values: readonly (JsonValue | undefined)[]): number {
  return values.filter((value) => value !== undefined).length;
}

/** Numbers by value, text by code units (ISO dates and times order rightly); absent operands hold, mixed kinds do not. */
function compare(a: JsonValue | undefined, b: JsonValue | undefined, holds: (order: number) => boolean): boolean {
  if (a === undefined || b === undefined) return true;
  if (typeof a === "number" && typeof b === "number") return holds(a - b);
  if (typeof a === "string" && typeof b === "string") return holds(a < b ? -1 : a > b ? 1 : 0);
  return false;
}
