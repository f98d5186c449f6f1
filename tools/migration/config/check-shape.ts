import type { JsonValue } from "../model/json.ts";
import { nearestWord } from "./nearest-word.ts";
import type { Problems } from "./problems.ts";
import { compileShape, expectedBy, type ValidatorError } from "./schema-compiler.ts";

/** Notes every place where `value` does not have the shape; true when there is none. */
export function checkShape(shape: object, value: JsonValue, file: string, problems: Problems): boolean {
  const validate = compileShape(shape);
  if (validate(value)) return true;
  for (const error of validate.errors ?? []) {
    if (error.keyword === "if") continue;
    const extra: unknown = error.params["additionalProperty"];
    const path = typeof extra === "string" ? `${error.instancePath}/${extra}` : error.instancePath;
    const got = typeof extra === "string" ? "an unknown key" : shown(value, path);
    problems.add(file, path, expectedBy(error), got + guess(error, valueAt(value, path)));
  }
  return false;
}

/** The value at a JSON Pointer, shortened; configuration holds nothing personal. */
function shown(value: JsonValue, pointer: string): string {
  const text = JSON.stringify(valueAt(value, pointer)) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function valueAt(value: JsonValue, pointer: string): unknown {
  let at: unknown = value;
  for (const token of pointer.split("/").slice(1)) {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    at = typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined;
  }
  return at;
}

/** What was most likely meant by a word that is none of a list. */
function guess(error: ValidatorError, got: unknown): string {
  const allowed: unknown = error.params["allowedValues"];
  if (error.keyword !== "enum" || typeof got !== "string" || !Array.isArray(allowed)) return "";
  const near = nearestWord(
    got,
    allowed.filter((word) => typeof word === "string"),
  );
  return near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`;
}
