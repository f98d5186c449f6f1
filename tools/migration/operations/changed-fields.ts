import { compareCodeUnits } from "../integrity/order.ts";

/** Names of the fields in which two entity lines differ, ascending; both were held to their digests before. */
export function changedFields(before: string, after: string): readonly string[] {
  const [left, right] = [fieldsOf(before), fieldsOf(after)];
  const names = new Set([...left.keys(), ...right.keys()]);
  return [...names].filter((name) => left.get(name) !== right.get(name)).sort(compareCodeUnits);
}

function fieldsOf(line: string): ReadonlyMap<string, string> {
  const entity: object = JSON.parse(line);
  return new Map(Object.entries(entity).map(([name, value]) => [name, JSON.stringify(value)] as const));
}
