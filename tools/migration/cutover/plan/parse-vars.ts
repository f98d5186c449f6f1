import type { JsonValue } from "../../model/json.ts";
import type { Part } from "./part.ts";
import type { VarValue } from "./plan.ts";
import { pointerOf } from "./yaml-source.ts";

/** The variables of a part that have a value; numbers as the plan writes them. */
export function parseVars(part: Part | undefined): ReadonlyMap<string, VarValue> {
  const values = new Map<string, VarValue>();
  for (const [name, value] of Object.entries(part?.raw ?? {})) {
    const parsed = part === undefined ? undefined : valueFor(part, pointerOf(part.pointer, name), value);
    if (parsed !== undefined) values.set(name, parsed);
  }
  return values;
}

function valueFor(part: Part, pointer: string, value: JsonValue): VarValue | undefined {
  if (!Array.isArray(value)) return part.writtenAt(pointer, value);
  const items: readonly JsonValue[] = value;
  return items.map((item, at) => part.writtenAt(`${pointer}/${at}`, item) ?? "");
}
