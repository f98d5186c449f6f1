import { createAjv } from "../config/schema-compiler.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import { unsupported } from "./unsupported.ts";

// One instance for all modules: making one takes longer than compiling a matcher.
let ajv: ReturnType<typeof createAjv> | undefined;

/** The authority on a value by itself; unsupported where the schema does not compile alone. */
export function leafValidator(schema: JsonObject): (value: JsonValue) => boolean {
  try {
    ajv ??= createAjv();
    return ajv.compile(schema);
  } catch {
    return unsupported("a schema that does not compile by itself");
  }
}
