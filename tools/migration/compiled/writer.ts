import { canonicalize } from "../integrity/canonical.ts";
import { MAX_SAFE } from "../integrity/limits.ts";
import { compareCodeUnits } from "../integrity/order.ts";
import { isWellFormed } from "../integrity/well-formed.ts";
import { MigrationError } from "../model/errors.ts";
import { isJsonObject, type JsonValue } from "../model/json.ts";
import type { ModuleDefinition } from "../model/module.ts";

/** Writes entities of one module, whose keys it knows beforehand. */
export interface EntityWriter {
  /**
   * The JCS text of an entity, equal to `canonicalize(entity)`; undefined where something is unusual (an unknown
   * key, a value that JSON cannot carry), which the caller gives to `canonicalize`. The entity holds plain data:
   * no accessors and no hidden properties.
   */
  write(entity: Readonly<Record<string, JsonValue>>): string | undefined;
}

const REFUSES: EntityWriter = { write: () => undefined };

/** Compiles the writer of a module from the property names of its schema. */
export function compileWriter(module: ModuleDefinition): EntityWriter {
  const properties = module.schema["properties"];
  const names = isJsonObject(properties) ? Object.keys(properties).sort(compareCodeUnits) : [];
  if (names.includes("__proto__") || !names.every(isWellFormed)) return REFUSES;
  const make = new Function("isPlainObject", "valueText", functionText(names));
  const write: EntityWriter["write"] = make(isPlainObject, valueText);
  return { write };
}

// Named properties are read by inline caches; a loop over names would look every one of them up.
function functionText(names: readonly string[]): string {
  const parts = names.map((name) => {
    const key = JSON.stringify(name);
    const prefix = JSON.stringify(`,${key}:`);
    const inherited = name in Object.prototype;
    return `value = ${inherited ? `Object.hasOwn(entity, ${key}) ? entity[${key}] : undefined` : `entity[${key}]`};
if (value !== undefined) {
part = valueText(value);
if (part === undefined) return undefined;
text += ${prefix} + part;
known++;
}`;
  });
  return `"use strict";
return function write(entity) {
if (!isPlainObject(entity)) return undefined;
let text = "", known = 0, keys = 0, value, part;
${parts.join("\n")}
for (const key in entity) keys++;
if (keys !== known) return undefined;
return known === 0 ? "{}" : "{" + text.slice(1) + "}";
};`;
}

function isPlainObject(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function valueText(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return stringText(value);
    case "number":
      return Math.abs(value) <= MAX_SAFE || isBeyondIntegers(value) ? `${value}` : undefined;
    case "boolean":
      return value ? "true" : "false";
    case "object":
      return value === null ? "null" : containerText(value);
    default:
      return undefined;
  }
}

// From 1e21 on the text has an exponent, which no reader takes for an integer.
function isBeyondIntegers(value: number): boolean {
  return Number.isFinite(value) && Math.abs(value) >= 1e21;
}

function stringText(value: string): string | undefined {
  for (let at = 0; at < value.length; at++) {
    const unit = value.charCodeAt(at);
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || unit >= 0xd800) {
      return isWellFormed(value) ? JSON.stringify(value) : undefined;
    }
  }
  return `"${value}"`;
}

// In an array, so that its depth counts as that of a part of the entity.
function containerText(value: object): string | undefined {
  try {
    return canonicalize([value]).slice(1, -1);
  } catch (error) {
    if (error instanceof MigrationError) return undefined;
    throw error;
  }
}
