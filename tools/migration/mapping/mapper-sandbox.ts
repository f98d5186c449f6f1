import { createContext, Script } from "node:vm";
import { canonicalize } from "../integrity/canonical.ts";
import { parseStrict } from "../integrity/strict-parse.ts";
import { findValueProblem } from "../integrity/strict-value.ts";
import { MigrationError } from "../model/errors.ts";
import { isJsonObject, type JsonValue } from "../model/json.ts";
import type { MapperDefinition } from "../model/module.ts";
import { MAPPER_GUARD } from "./mapper-guard.ts";
import type { Registries } from "./record-mapper.ts";

/** The mapper file of a module as a function: the record and the entity so far give the whole entity. */
export type MapperFunction = (
  record: object,
  entity: Readonly<Record<string, JsonValue>>,
) => { readonly entity: Record<string, JsonValue> } | { readonly fault: string };

/** How long one call may take: a mapper that loops for ever must not hang a migration. */
const TIMEOUT_MS = 1000;

/** Names of errors that say what happened; any other name may be a value of the record. */
const ERROR_NAMES = new Set([
  "Error",
  "TypeError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "EvalError",
  "URIError",
]);

/**
 * Loads `module.exports = function (record, entity, ref)` into a context of its own, without clock, randomness, time
 * zone, locale, files or network. Every record is mapped twice and both results compared, so that a function which
 * remembers earlier records is found. Not a security border: the file is the project's own code.
 */
export function loadMapper(mapper: MapperDefinition, registries: Registries): MapperFunction {
  const context = createContext(Object.create(null), {
    codeGeneration: { strings: false, wasm: false },
    microtaskMode: "afterEvaluate",
  });
  context["__lookup"] = (module: string, legacyId: string) => lookup(registries, module, legacyId);
  const call = new Script("__call(__input)", { filename: "mapper-call" });
  try {
    new Script(MAPPER_GUARD).runInContext(context);
    new Script(mapper.source, { filename: mapper.file }).runInContext(context, { timeout: TIMEOUT_MS });
    if (!new Script('typeof module.exports === "function"').runInContext(context)) throw new TypeError("no function");
  } catch (cause) {
    throw new MigrationError("CONFIG_INVALID", {
      message: `The mapper ${mapper.file} cannot be loaded: it must set module.exports to a function (record, entity, ref).`,
      remedy: "Mend the mapper, then `candor dry-run`.",
      cause,
    });
  }
  return (record, entity) => {
    const problem = findValueProblem(record);
    if (problem !== undefined)
      return { fault: `a source value that JSON cannot carry at ${problem.path} (${problem.reason})` };
    context["__input"] = `{"record":${canonicalize(record)},"entity":${canonicalize(entity)}}`;
    try {
      const text: unknown = call.runInContext(context, { timeout: TIMEOUT_MS });
      const again: unknown = call.runInContext(context, { timeout: TIMEOUT_MS });
      if (text !== again) return { fault: "two results for one record: the function remembers something" };
      return checkResult(text, entity["id"]);
    } catch (error) {
      return { fault: `the function threw ${errorName(error)}` };
    }
  };
}

function lookup(registries: Registries, module: string, legacyId: string): string | undefined {
  const registry = registries.get(module);
  const index = registry?.lookup(legacyId) ?? -1;
  return index < 0 ? undefined : registry?.uuidAt(index);
}

function checkResult(
  text: unknown,
  id: JsonValue | undefined,
): { entity: Record<string, JsonValue> } | { fault: string } {
  if (typeof text !== "string") return { fault: "the function returned no object" };
  const parsed = parseStrict(text);
  if (!parsed.ok || !isJsonObject(parsed.value))
    return { fault: "the function returned something that is not an object" };
  if (parsed.value["id"] !== id) return { fault: "the function changed the id" };
  return { entity: { ...parsed.value } };
}

function errorName(error: unknown): string {
  const name: unknown = typeof error === "object" && error !== null ? Reflect.get(error, "name") : undefined;
  return typeof name === "string" && ERROR_NAMES.has(name) ? name : "a value";
}
