import stringify from "fast-json-stable-stringify";
import { MigrationError } from "../model/errors.ts";
import type { JsonValue } from "../model/json.ts";
import { findValueProblem } from "./strict-value.ts";

/** The JCS text (RFC 8785) of `value`; throws `VALUE_INVALID` with path and reason where strict JCS refuses it. */
export function canonicalize(value: unknown): string {
  const found = findValueProblem(value);
  if (found !== undefined) {
    const where = found.path === "" ? "the value itself" : found.path;
    throw new MigrationError("VALUE_INVALID", {
      message: `A value cannot be written as canonical JSON at ${where}: expected a JSON value, got ${found.got} (${found.reason}).`,
      remedy: "Carry it as a string, or mend the source or the mapping.",
      problems: [`${found.path}: ${found.reason}`],
    });
  }
  return stringify(value);
}

/** The JCS text of a value that was already checked, for example just strictly parsed. */
export function stringifyChecked(value: JsonValue): string {
  return stringify(value);
}
