import { pointerToken } from "./json-pointer.ts";
import { MAX_DEPTH, MAX_KEYS, MAX_SAFE } from "./limits.ts";
import { isWellFormed } from "./well-formed.ts";

/** Why a value cannot be written as canonical JSON without loss. */
export type ValueReason =
  | "LONE_SURROGATE"
  | "NOT_FINITE"
  | "NUMBER_RANGE"
  | "UNDEFINED"
  | "NOT_JSON"
  | "HOLE"
  | "NESTING"
  | "CYCLE";

/** The first place in a value that canonical JSON cannot carry. */
export interface ValueProblem {
  /** JSON Pointer (RFC 6901); the empty text is the value itself. */
  readonly path: string;
  readonly reason: ValueReason;
  /** The kind of thing found, never its content. */
  readonly got: string;
}

/** The first thing in `value` that strict JCS refuses (FORMATS.md, section 2), or undefined where all of it can be written. */
export function findValueProblem(value: unknown): ValueProblem | undefined {
  return checkValue(value, []);
}

// `ancestors` is at most MAX_DEPTH long, so neither the stack nor the search for cycles can grow beyond that.
function checkValue(value: unknown, ancestors: object[]): ValueProblem | undefined {
  switch (typeof value) {
    case "string":
      return isWellFormed(value) ? undefined : problem("LONE_SURROGATE", "a string with a lone surrogate");
    case "number":
      return checkNumber(value);
    case "boolean":
      return undefined;
    case "object":
      return value === null ? undefined : checkContainer(value, ancestors);
    case "undefined":
      return problem("UNDEFINED", "undefined");
    default:
      return problem("NOT_JSON", `a ${typeof value}`);
  }
}

function checkNumber(value: number): ValueProblem | undefined {
  if (Math.abs(value) <= MAX_SAFE) return undefined;
  if (!Number.isFinite(value)) return problem("NOT_FINITE", Number.isNaN(value) ? "NaN" : "an infinity");
  // From 1e21 on the text has an exponent, which no reader takes for an integer.
  return Math.abs(value) < 1e21 ? problem("NUMBER_RANGE", "an integer beyond 2^53 - 1") : undefined;
}

function checkContainer(value: object, ancestors: object[]): ValueProblem | undefined {
  if (ancestors.includes(value)) return problem("CYCLE", "a reference to an enclosing value");
  if (ancestors.length >= MAX_DEPTH) return problem("NESTING", `nesting deeper than ${MAX_DEPTH}`);
  ancestors.push(value);
  const found = Array.isArray(value) ? checkArray(value, ancestors) : checkObject(value, ancestors);
  ancestors.pop();
  return found;
}

function checkArray(value: readonly unknown[], ancestors: object[]): ValueProblem | undefined {
  if (Object.getPrototypeOf(value) !== Array.prototype) return problem("NOT_JSON", "an array of another class");
  if (hasToJson(value)) return problem("NOT_JSON", "an array with toJSON");
  const own = Reflect.ownKeys(value).length;
  // `length` is an own key too; an array of n elements has n + 1.
  if (own > value.length + 1) return problem("NOT_JSON", "an array with named properties");
  for (let index = 0; index < value.length; index++) {
    const kind = propertyKind(value, String(index));
    if (kind === "absent") return at(index, problem("HOLE", "a hole in an array"));
    if (kind === "accessor") return at(index, problem("NOT_JSON", "an accessor"));
    const found = checkValue(value[index], ancestors);
    if (found !== undefined) return at(index, found);
  }
  return own === value.length + 1 ? undefined : problem("NOT_JSON", "an array with named properties");
}

function checkObject(value: object, ancestors: object[]): ValueProblem | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    return problem("NOT_JSON", `an object of class ${className(value)}`);
  if (hasToJson(value)) return problem("NOT_JSON", "an object with toJSON");
  const keys = Reflect.ownKeys(value);
  if (keys.length > MAX_KEYS) return problem("NESTING", `an object of more than ${MAX_KEYS} keys`);
  for (const key of keys) {
    if (typeof key === "symbol") return problem("NOT_JSON", "a symbol as key");
    const found = checkProperty(value, key, ancestors);
    if (found !== undefined) return at(key, found);
  }
  return undefined;
}

function checkProperty(value: object, key: string, ancestors: object[]): ValueProblem | undefined {
  if (!isWellFormed(key)) return problem("LONE_SURROGATE", "a key with a lone surrogate");
  const property = Object.getOwnPropertyDescriptor(value, key);
  if (property === undefined || !("value" in property)) return problem("NOT_JSON", "an accessor");
  if (property.enumerable !== true) return problem("NOT_JSON", "a hidden property");
  return checkValue(property.value, ancestors);
}

function propertyKind(value: object, key: string): "absent" | "accessor" | "data" {
  const property = Object.getOwnPropertyDescriptor(value, key);
  if (property === undefined) return "absent";
  return "value" in property ? "data" : "accessor";
}

// A text under the key "toJSON" is data like any other; only a function changes what a serialiser sees.
function hasToJson(value: object): boolean {
  return "toJSON" in value && !isOwnData(value, "toJSON");
}

function isOwnData(value: object, key: string): boolean {
  const property = Object.getOwnPropertyDescriptor(value, key);
  return property !== undefined && "value" in property && typeof property.value !== "function";
}

function className(value: object): string {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  return tag === "Object" ? "its own" : tag;
}

function problem(reason: ValueReason, got: string): ValueProblem {
  return { path: "", reason, got };
}

function at(key: string | number, found: ValueProblem): ValueProblem {
  return { ...found, path: pointerToken(key) + found.path };
}
