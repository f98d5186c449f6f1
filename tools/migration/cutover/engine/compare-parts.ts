import { canonicalize } from "../../integrity/canonical.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../model/json.ts";

/** One place where two plans differ. */
export interface PlanDifference {
  readonly text: string;
  /** Why a run that has come this far cannot take it; undefined where it can. */
  readonly refusal: string | undefined;
}

/** Whether two parts say the same. */
export function isSame(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  return left === undefined || right === undefined ? left === right : canonicalize(left) === canonicalize(right);
}

/** A part that is an object, or an empty one. */
export function asObject(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** The objects of a part that is a list. */
export function listOf(value: JsonValue | undefined): readonly JsonObject[] {
  const items: readonly JsonValue[] = Array.isArray(value) ? value : [];
  return items.map(asObject);
}

/** The word for what became of a part. */
export function changeOf(from: JsonValue | undefined, to: JsonValue | undefined): string {
  if (from === undefined) return "is new";
  return to === undefined ? "is gone" : "differs";
}
