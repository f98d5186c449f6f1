import { createContext, Script } from "node:vm";
import { canonicalize } from "../integrity/canonical.ts";
import { parseStrict } from "../integrity/strict-parse.ts";
import { findValueProblem } from "../integrity/strict-value.ts";
import { MigrationError } from "../model/errors.ts";
import { isJsonObject, type JsonValue } from "../model/json.ts";
import type { MapperDefinition } from "../model/module.ts";
import type { Registries } from "./record-mapper.ts";

/** The mapper file of a module as a function: the record and the entity so far give the whole entity. */
export type MapperFunction = (
  record: object,
  entity: Readonly<Record<string, JsonValue>>,
) => { readonly entity: Record<string, JsonValue> } | { readonly fault: string };

/** How long one call may take: a mapper that loops for ever must not hang a migration. */
const TIMEOUT_MS = 1000;

/** Runs before the mapper's own text: what would make the result depend on more than the record is refused. */
const GUARD = `"use strict";
const refuse = (name) => () => { throw new Error(name + " is refused in a mapper: the same record must give the same entity"); };
Math.random = refuse("Math.random");
globalThis.Date = new Proxy(Date, {
  construct(target, args) { if (args.length === 0) refuse("new Date()")(); return Reflect.construct(target, args); },
  apply: refuse("Date()"),
  get(target, key) { return key === "now" ? refuse("Date.now") : Reflect.get(target, key); },
});
for (const name of ["getTimezoneOffset", "getHours", "getDate", "getDay", "getMonth", "getFullYear", "getMinutes",
  "toString", "toDateString", "toTimeString", "toLocaleString", "toLocaleDateString", "toLocaleTimeString",
  "setHours", "setDate", "setMonth", "setFullYear", "setMinutes"]) Date.prototype[name] = refuse("Date.prototype." + name);
String.prototype.localeCompare = refuse("localeCompare");
for (const type of [String, Number, Array, BigInt]) for (const name of ["toLocaleLowerCase", "toLocaleUpperCase", "toLocaleString"])
  if (type.prototype[name]) type.prototype[name] = refuse(name);
delete globalThis.Intl; delete globalThis.WebAssembly; delete globalThis.SharedArrayBuffer; delete globalThis.Atomics;
delete globalThis.WeakRef; delete globalThis.FinalizationRegistry;
globalThis.module = { exports: undefined };
globalThis.__exact = function (key, value) {
  const lost = typeof value === "number" ? !Number.isFinite(value) : typeof value === "function" || typeof value === "symbol";
  if (lost || (value === undefined && Array.isArray(this))) throw new TypeError("not a JSON value");
  return value;
};
`;

const CALL = `(() => { const given = JSON.parse(__input);
  return JSON.stringify(module.exports(given.record, given.entity, __ref), __exact); })()`;

/**
 * Loads `module.exports = function (record, entity, ref)` into a context of its own, without clock, randomness,
 * locale, files or network. Not a security border: the file is the project's own code.
 */
export function loadMapper(mapper: MapperDefinition, registries: Registries): MapperFunction {
  const context = createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false } });
  context["__ref"] = (module: unknown, legacyId: unknown) => lookup(registries, String(module), String(legacyId));
  const call = new Script(CALL, { filename: "mapper-call" });
  try {
    new Script(GUARD).runInContext(context);
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
      return checkResult(call.runInContext(context, { timeout: TIMEOUT_MS }), entity["id"]);
    } catch (error) {
      // The message may quote the record, so only the kind of the error is told.
      return { fault: `the function threw ${property(error, "name")}` };
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

function property(error: unknown, name: string): string {
  const value: unknown = typeof error === "object" && error !== null ? Reflect.get(error, name) : undefined;
  return typeof value === "string" ? value : "a value";
}
