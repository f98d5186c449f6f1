import { findValueProblem } from "../integrity/strict-value.ts";
import { isWellFormed } from "../integrity/well-formed.ts";
import type { CellForm } from "../model/cell-form.ts";
import type { FindingPlace } from "../model/finding.ts";
import type { FindingCode } from "../model/finding-codes.ts";
import type { JsonValue } from "../model/json.ts";
import type { FieldDefinition } from "../model/module.ts";
import { UNREADABLE_TEXT } from "../model/source-record.ts";
import { legacyIdOf } from "../registry/legacy-id.ts";
import type { RegistryLookup } from "../registry/lookup.ts";
import { readList, type TypeReader, typeReader } from "./canonical-types.ts";
import { FAILED, TRANSFORM_FUNCTIONS, type Transform } from "./transforms.ts";

/** Reports a fault of the present record; the place of the record is added to `details`. */
export type ReportFault = (code: FindingCode, details: FindingPlace) => void;

/** What becomes of one field: a value, undefined for none, `FAILED` for a fault that was reported. */
export type FieldMapper = (values: readonly unknown[], report: ReportFault) => JsonValue | undefined | typeof FAILED;

const UNREADABLE = { path: "", reason: "ENCODING", got: "text that is not valid in its encoding" } as const;

/**
 * Compiles the rule of one field. `slots` are the positions of its spellings among the values of a record, `registry` is
 * that of the target module of a reference, `form` says what the source's values are.
 */
export function compileField(
  field: FieldDefinition,
  slots: readonly number[],
  registry: RegistryLookup | undefined,
  form: CellForm = "json",
): FieldMapper {
  const { value, nulls, default: fallback } = field;
  if (value !== undefined) return () => value;
  if (field.parts !== undefined) return compileParts(field, slots, registry);
  const pick = compilePick(field, slots);
  const convert = compileConversion(field, registry, form);
  return (values, report) => {
    const found = pick(values, report);
    if (found === undefined || found === FAILED) return found ?? fallback;
    if (found === null) return nulls === "keep" ? null : fallback;
    const result = convert(found, report);
    return result === null && nulls === "omit" ? fallback : result;
  };
}

/** What a source may give beside JSON: integers of any size, and bytes. */
type Given = JsonValue | bigint | Uint8Array;

type Pick = (values: readonly unknown[], report: ReportFault) => Given | undefined | typeof FAILED;

/** The first present spelling; a later one that holds another value would be lost silently, so it is a fault. */
function compilePick(field: FieldDefinition, slots: readonly number[]): Pick {
  const [only] = slots;
  const [name = ""] = field.from;
  if (slots.length === 1 && only !== undefined) return (values, report) => check(values[only], name, field, report);
  return (values, report) => {
    let picked: { readonly value: Given; readonly name: string } | undefined;
    for (const [at, slot] of slots.entries()) {
      const spelling = field.from[at] ?? "";
      const value = check(values[slot], spelling, field, report);
      if (value === undefined || value === null) continue;
      if (value === FAILED) return FAILED;
      picked ??= { value, name: spelling };
      if (picked.value === value || textOf(picked.value) === textOf(value)) continue;
      const expected = `the same value as in ${picked.name}`;
      report("MAPPING_AMBIGUOUS", { field: spelling, expected, got: "another value" });
      return FAILED;
    }
    return picked?.value;
  };
}

function textOf(value: Given): string {
  return typeof value === "bigint" ? `${value}` : JSON.stringify(value);
}

/** A value that can be carried, or a fault. Plain texts and whole numbers, which are nearly all, are seen at once. */
function check(
  value: unknown,
  name: string,
  field: FieldDefinition,
  report: ReportFault,
): Given | undefined | typeof FAILED {
  if (value === undefined || value === null || typeof value === "boolean") return value;
  if (typeof value === "string" && isWellFormed(value)) return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  if (typeof value === "bigint" || value instanceof Uint8Array) {
    if (field.type !== undefined || field.transform.length > 0 || field.ref !== undefined) return value;
    const [got, type] = typeof value === "bigint" ? ["an integer beyond 2^53 - 1", "bigint"] : ["bytes", "bytes"];
    report("SOURCE_VALUE_INVALID", {
      field: name,
      rule: "NOT_JSON",
      expected: `a declared type, such as ${type}`,
      got,
    });
    return FAILED;
  }
  const problem = value === UNREADABLE_TEXT ? UNREADABLE : findValueProblem(value);
  if (problem === undefined) return value as JsonValue;
  report("SOURCE_VALUE_INVALID", { field: name + problem.path, rule: problem.reason, got: problem.got });
  return FAILED;
}

type Conversion = (value: Given, report: ReportFault) => JsonValue | typeof FAILED;

function compileConversion(field: FieldDefinition, registry: RegistryLookup | undefined, form: CellForm): Conversion {
  const name = field.from[0] ?? field.name;
  const isArray = field.type?.endsWith("[]") === true;
  const one = compileSteps(isArray ? { ...field, type: field.type?.slice(0, -2) } : field, registry, form);
  const isPlain = field.ref === undefined && field.transform.length === 0;
  return (value, report) => {
    const list = isArray ? readList(value, form) : value;
    if (!isArray && (isPlain || !Array.isArray(list))) return one(value, name, report);
    if (!Array.isArray(list)) {
      report("MAPPING_TYPE", { field: name, expected: field.type ?? "", got: kindOf(value) });
      return FAILED;
    }
    const elements = list.map((element: JsonValue, index) => one(element, `${name}/${index}`, report));
    return elements.includes(FAILED) ? FAILED : elements.filter((element) => element !== FAILED);
  };
}

type Step = (value: Given, at: string, report: ReportFault) => JsonValue | typeof FAILED;

/** Transforms, type and reference of one value, in this order. */
function compileSteps(field: FieldDefinition, registry: RegistryLookup | undefined, form: CellForm): Step {
  const read: TypeReader | undefined = field.type === undefined ? undefined : typeReader(field.type, form);
  const transforms = field.transform.map((word) => ({ word, apply: TRANSFORM_FUNCTIONS[word] }));
  return (value, at, report) => {
    let current: Given = value;
    for (const { word, apply } of transforms) {
      const changed: JsonValue | typeof FAILED = current === null ? null : applyTo(current, apply);
      if (changed === FAILED) {
        report("MAPPING_TRANSFORM", { field: at, rule: word, got: kindOf(current) });
        return FAILED;
      }
      current = changed;
    }
    if (current === null) return current;
    const typed = read === undefined ? plain(current) : read(current);
    if (typed === FAILED) {
      report("MAPPING_TYPE", { field: at, expected: field.type ?? "a value of JSON", got: kindOf(current) });
      return FAILED;
    }
    return field.ref === undefined ? typed : resolve(typed, field.ref, registry, at, report);
  };
}

/** An integer that JSON cannot hold goes through a transform as its digits. */
function applyTo(value: NonNullable<Given>, apply: Transform): JsonValue | typeof FAILED {
  const given = plain(value);
  return given === FAILED ? FAILED : apply(given);
}

function plain(value: Given): JsonValue | typeof FAILED {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Uint8Array ? FAILED : value;
}

/** A reference by a key of several fields; one that lacks a part is none, as in SQL. */
function compileParts(
  field: FieldDefinition,
  slots: readonly number[],
  registry: RegistryLookup | undefined,
): FieldMapper {
  const { ref: target = "", parts = [] } = field;
  const name = parts.join(", ");
  return (values, report) => {
    const key = slots.map((slot) => values[slot]);
    const id = legacyIdOf(key);
    if ("legacyId" in id) return resolveId(id.legacyId, target, registry, name, report);
    if (id.problem === "missing") return undefined;
    report("MAPPING_TYPE", { field: name, expected: `a legacy id of ${target}`, got: key.map(kindOf).join(", ") });
    return FAILED;
  };
}

function resolve(
  value: JsonValue,
  target: string,
  registry: RegistryLookup | undefined,
  field: string,
  report: ReportFault,
): JsonValue | typeof FAILED {
  const key = legacyIdOf(Array.isArray(value) ? value : [value]);
  if (!("legacyId" in key)) {
    report("MAPPING_TYPE", { field, expected: `a legacy id of ${target}`, got: kindOf(value) });
    return FAILED;
  }
  return resolveId(key.legacyId, target, registry, field, report);
}

function resolveId(
  legacyId: string,
  target: string,
  registry: RegistryLookup | undefined,
  field: string,
  report: ReportFault,
): JsonValue | typeof FAILED {
  const index = registry?.lookup(legacyId) ?? -1;
  if (registry !== undefined && index >= 0) return registry.uuidAt(index);
  report("REFERENCE_UNMAPPED", { field, expected: `an entry in the registry of ${target}`, got: "none" });
  return FAILED;
}

/** The kind of a value, never the value: it may be personal. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (value === UNREADABLE_TEXT) return UNREADABLE.got;
  if (Array.isArray(value)) return "array";
  if (value instanceof Uint8Array) return "bytes";
  return value === undefined ? "nothing" : typeof value;
}
