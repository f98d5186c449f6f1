import { isJsonObject, type JsonObject, type JsonValue } from "../model/json.ts";
import { printableKey } from "../model/printable.ts";

/** Calls `visit` for every value at `path` (property names, `*` for each element of an array). */
export function visitPath(
  entity: JsonObject,
  path: readonly string[],
  visit: (value: JsonValue, field: string) => void,
): void {
  const first = path[0];
  if (path.length === 1 && first !== undefined && first !== "*") {
    const value = Object.hasOwn(entity, first) ? entity[first] : undefined;
    if (value !== undefined) visit(value, first);
    return;
  }
  descend(entity, path, "", visit);
}

function descend(
  value: JsonValue,
  path: readonly string[],
  field: string,
  visit: (value: JsonValue, field: string) => void,
): void {
  const [step, ...rest] = path;
  if (step === undefined) {
    visit(value, field);
    return;
  }
  const prefix = field === "" ? "" : `${field}/`;
  if (step === "*" && Array.isArray(value)) {
    value.forEach((element: JsonValue, index) => {
      descend(element, rest, `${prefix}${index}`, visit);
    });
  } else if (step !== "*" && isJsonObject(value) && Object.hasOwn(value, step)) {
    const next = value[step];
    if (next !== undefined) descend(next, rest, `${prefix}${step}`, visit);
  }
}

/** Calls `visit` for every string inside a value, with a name of its place that may be shown. */
export function visitStrings(value: JsonValue, field: string, visit: (text: string, field: string) => void): void {
  if (typeof value === "string") visit(value, field);
  else if (Array.isArray(value)) {
    value.forEach((element: JsonValue, index) => {
      visitStrings(element, `${field}/${index}`, visit);
    });
  } else if (isJsonObject(value)) {
    for (const [key, part] of Object.entries(value)) visitStrings(part, `${field}/${printableKey(key)}`, visit);
  }
}
