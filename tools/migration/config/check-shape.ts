import type { JsonValue } from "../model/json.ts";
import type { Problems } from "./problems.ts";
import { compileShape, expectedBy } from "./schema-compiler.ts";

/** Notes every place where `value` does not have the shape; true when there is none. */
export function checkShape(shape: object, value: JsonValue, file: string, problems: Problems): boolean {
  const validate = compileShape(shape);
  if (validate(value)) return true;
  for (const error of validate.errors ?? []) {
    if (error.keyword === "if") continue;
    const extra: unknown = error.params["additionalProperty"];
    const path = typeof extra === "string" ? `${error.instancePath}/${extra}` : error.instancePath;
    problems.add(file, path, expectedBy(error), typeof extra === "string" ? "an unknown key" : shown(value, path));
  }
  return false;
}

/** The value at a JSON Pointer, shortened; configuration holds nothing personal. */
function shown(value: JsonValue, pointer: string): string {
  let at: unknown = value;
  for (const token of pointer.split("/").slice(1)) {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    at = typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined;
  }
  const text = JSON.stringify(at) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
