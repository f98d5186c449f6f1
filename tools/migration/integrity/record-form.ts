import { isJsonObject, type JsonValue } from "../model/json.ts";
import { MODULE_NAME } from "../model/module.ts";

/** True for a JSON object with exactly these keys, in any order. */
export function hasExactKeys<K extends string>(
  value: JsonValue | undefined,
  keys: readonly K[],
): value is { readonly [P in K]: JsonValue } {
  return (
    isJsonObject(value) && Object.keys(value).length === keys.length && keys.every((key) => Object.hasOwn(value, key))
  );
}

/** True for 64 lower-case hex digits. */
export function isSha256Hex(value: JsonValue | undefined): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

/** True for a safe integer from 0: a count, a size in bytes or an offset. */
export function isCount(value: JsonValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** True for a module name (FORMATS.md, section 1). */
export function isModuleName(value: JsonValue | undefined): value is string {
  return typeof value === "string" && MODULE_NAME.test(value) && value !== "checksums";
}
