import { findValueProblem } from "../integrity/strict-value.ts";
import { isWellFormed } from "../integrity/well-formed.ts";
import type { FindingPlace } from "../model/finding.ts";
import type { FindingCode } from "../model/finding-codes.ts";
import type { JsonValue } from "../model/json.ts";
import type { FieldDefinition } from "../model/module.ts";
import { UNREADABLE_TEXT } from "../model/source-record.ts";
import { legacyIdOf } from "../registry/legacy-id.ts";
import type { RegistryLookup } from "../registry/lookup.ts";
import { typeCheck } from "./canonical-types.ts";
import { FAILED, TRANSFORM_FUNCTIONS } from "./transforms.ts";

/** Reports a fault of the present record; the place of the record is added to `details`. */
export type ReportFault = (code: FindingCode, details: FindingPlace) => void;

/** What becomes of one field: a value, undefined for none, `FAILED` for a fault that was reported. */
export type FieldMapper = (values: readonly unknown[], report: ReportFault) => JsonValue | undefined | typeof FAILED;

const UNREADABLE = { path: "", reason: "ENCODING", got: "text that is not valid in its encoding" } as const;

/**
 * Compiles the rule of one field. `slots` are the positions of its spellings among the values of a record, `registry` is
 * that of the target module of a reference.
 */
export function compileField(
  field: FieldDefinition,
  slots: readonly number[],
  registry: RegistryLookup | undefined,
): FieldMapper {
  const { value, nulls, default: fallback } = field;
  if (value !== undefined) return () => value;
  const pick = compilePick(field, slots);
  const convert = compileConversion(field, registry);
  return (values, report) => {
    const found = pick(values, report);
    if (found === undefined || found === FAILED) return found ?? fallback;
    if (found === null) return nulls === "keep" ? null : fallback;
    const result = convert(found, report);
    return result === null && nulls === "omit" ? fallback : result;
  };
}

type Pick = (values: readonly unknown[], report: ReportFault) => JsonValue | undefined | typeof FAILED;

/** The first present spelling; a later one that holds another value would be lost silently, so it is a fault. */
function compilePick(field: FieldDefinition, slots: readonly number[]): Pick {
  const [only] = slots;
  const [name = ""] = field.from;
  if (slots.length === 1 && only !== undefined) return (values, report) => check(values[only], name, report);
  return (values, report) => {
    let picked: { readonly value: JsonValue; readonly name: string } | undefined;
    for (const [at, slot] of slots.entries()) {
      const spelling = field.from[at] ?? "";
      const value = check(values[slot], spelling, report);
      if (value === undefined || value === null) continue;
      if (value === FAILED) return FAILED;
      picked ??= { value, name: spelling };
      if (picked.value === value || JSON.stringify(picked.value) === JSON.stringify(value)) continue;
      const expected = `the same value as in ${picked.name}`;
      report("MAPPING_AMBIGUOUS", { field: spelling, expected, got: "another value" });
      return FAILED;
    }
    return picked?.value;
  };
}

/** A value that JSON can carry, or a fault. Plain texts and whole numbers, which are nearly all, are seen at once. */
function check(value: unknown, name: string, report: ReportFault): JsonValue | undefined | typeof FAILED {
  if (value === undefined || value === null || typeof value === "boolean") return value;
  if (typeof value === "string" && isWellFormed(value)) return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  const problem = value === UNREADABLE_TEXT ? UNREADABLE : findValueProblem(value);
  if (problem === undefined) return value as JsonValue;
  report("SOURCE_VALUE_INVALID", { field: name + problem.path, rule: problem.reason, got: problem.got });
  return FAILED;
}

type Conversion = (value: JsonValue, report: ReportFault) => JsonValue | typeof FAILED;

function compileConversion(field: FieldDefinition, registry: RegistryLookup | undefined): Conversion {
  const name = field.from[0] ?? field.name;
  const isFit = field.type === undefined ? undefined : typeCheck(field.type);
  const transforms = field.transform.map((word) => ({ word, apply: TRANSFORM_FUNCTIONS[word] }));
  const one = (value: JsonValue, at: string, report: ReportFault): JsonValue | typeof FAILED => {
    let current = value;
    for (const { word, apply } of transforms) {
      const changed = current === null ? null : apply(current);
      if (changed === FAILED) {
        report("MAPPING_TRANSFORM", { field: at, rule: word, got: kindOf(current) });
        return FAILED;
      }
      current = changed;
    }
    if (current === null) return current;
    if (isFit !== undefined && !isFit(current)) {
      report("MAPPING_TYPE", { field: at, expected: field.type ?? "", got: kindOf(current) });
      return FAILED;
    }
    return field.ref === undefined ? current : resolve(current, field.ref, registry, at, report);
  };
  const isPlain = field.ref === undefined && transforms.length === 0;
  if (isPlain && isFit === undefined) return (value) => value;
  return (value, report) => {
    if (isPlain || !Array.isArray(value)) return one(value, name, report);
    const elements = value.map((element: JsonValue, index) => one(element, `${name}/${index}`, report));
    return elements.includes(FAILED) ? FAILED : elements.filter((element) => element !== FAILED);
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
  const index = registry?.lookup(key.legacyId) ?? -1;
  if (registry !== undefined && index >= 0) return registry.uuidAt(index);
  report("REFERENCE_UNMAPPED", { field, expected: `an entry in the registry of ${target}`, got: "none" });
  return FAILED;
}

/** The kind of a value, never the value: it may be personal. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (value === UNREADABLE_TEXT) return UNREADABLE.got;
  if (Array.isArray(value)) return "array";
  return typeof value;
}
