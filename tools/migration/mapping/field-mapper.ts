import { findValueProblem } from "../integrity/strict-value.ts";
import { type FindingPlace, type FindingSink, finding } from "../model/finding.ts";
import type { JsonValue } from "../model/json.ts";
import type { FieldDefinition } from "../model/module.ts";
import { UNREADABLE_TEXT } from "../model/source-record.ts";
import { legacyIdOf } from "../registry/legacy-id.ts";
import type { RegistryLookup } from "../registry/lookup.ts";
import { typeCheck } from "./canonical-types.ts";
import { FAILED, TRANSFORM_FUNCTIONS } from "./transforms.ts";

/** The outcome of one field: a value, nothing, or a fault that was already reported. */
export type FieldResult = { readonly value: JsonValue | undefined } | { readonly fault: true };

/** Reads one field out of a source record; faults go to the sink with `place`. */
export type FieldMapper = (record: object, place: FindingPlace, sink: FindingSink) => FieldResult;

const ABSENT: FieldResult = { value: undefined };
const FAULT = { fault: true } as const;
const UNREADABLE = { path: "", reason: "ENCODING", got: "text that is not valid in its encoding" } as const;

/** Compiles the rule of one field; `registry` is that of the target module of a reference. */
export function compileField(field: FieldDefinition, registry: RegistryLookup | undefined): FieldMapper {
  if (field.value !== undefined) {
    const constant: FieldResult = { value: field.value };
    return () => constant;
  }
  const fallback: FieldResult = field.default === undefined ? ABSENT : { value: field.default };
  const convert = compileConversion(field, registry);
  return (record, place, sink) => {
    const found = pick(field, record, place, sink);
    if (found === undefined) return fallback;
    if ("fault" in found) return FAULT;
    if (found.value === null) return field.nulls === "keep" ? found : fallback;
    const result = convert(found.value, { ...place, field: found.name }, sink);
    if (result === FAILED) return FAULT;
    if (result === null && field.nulls === "omit") return fallback;
    return { value: result };
  };
}

interface Picked {
  readonly value: JsonValue;
  readonly name: string;
}

/** The first present spelling; a later one that holds another value would be lost silently, so it is a fault. */
function pick(
  field: FieldDefinition,
  record: object,
  place: FindingPlace,
  sink: FindingSink,
): Picked | typeof FAULT | undefined {
  let picked: Picked | undefined;
  for (const name of field.from) {
    const value: unknown = Object.hasOwn(record, name) ? Reflect.get(record, name) : undefined;
    if (value === undefined || (value === null && field.from.length > 1)) continue;
    const problem = value === UNREADABLE_TEXT ? UNREADABLE : findValueProblem(value);
    if (problem !== undefined) {
      const at = name + problem.path;
      sink(finding("SOURCE_VALUE_INVALID", { ...place, field: at, rule: problem.reason, got: problem.got }));
      return FAULT;
    }
    const checked = value as JsonValue;
    if (picked === undefined) picked = { value: checked, name };
    else if (JSON.stringify(picked.value) !== JSON.stringify(checked)) {
      const expected = `the same value as in ${picked.name}`;
      sink(finding("MAPPING_AMBIGUOUS", { ...place, field: name, expected, got: "another value" }));
      return FAULT;
    }
  }
  return picked;
}

type Conversion = (value: JsonValue, place: FindingPlace, sink: FindingSink) => JsonValue | typeof FAILED;

function compileConversion(field: FieldDefinition, registry: RegistryLookup | undefined): Conversion {
  const check = field.type === undefined ? undefined : typeCheck(field.type);
  const one: Conversion = (value, place, sink) => {
    let current = value;
    for (const name of field.transform) {
      const changed = current === null ? null : TRANSFORM_FUNCTIONS[name](current);
      if (changed === FAILED) {
        sink(finding("MAPPING_TRANSFORM", { ...place, rule: name, got: kindOf(current) }));
        return FAILED;
      }
      current = changed;
    }
    if (current === null) return current;
    if (check !== undefined && !check(current)) {
      sink(finding("MAPPING_TYPE", { ...place, expected: field.type ?? "", got: kindOf(current) }));
      return FAILED;
    }
    return field.ref === undefined ? current : resolve(current, field.ref, registry, place, sink);
  };
  const perElement = field.ref !== undefined || field.transform.length > 0;
  return (value, place, sink) => {
    if (!perElement || !Array.isArray(value)) return one(value, place, sink);
    const elements = value.map((element: JsonValue, index) =>
      one(element, { ...place, field: `${place.field}/${index}` }, sink),
    );
    return elements.includes(FAILED) ? FAILED : elements.filter((element) => element !== FAILED);
  };
}

function resolve(
  value: JsonValue,
  target: string,
  registry: RegistryLookup | undefined,
  place: FindingPlace,
  sink: FindingSink,
): JsonValue | typeof FAILED {
  const key = legacyIdOf(Array.isArray(value) ? value : [value]);
  if (!("legacyId" in key)) {
    sink(finding("MAPPING_TYPE", { ...place, expected: `a legacy id of ${target}`, got: kindOf(value) }));
    return FAILED;
  }
  const index = registry?.lookup(key.legacyId) ?? -1;
  if (registry !== undefined && index >= 0) return registry.uuidAt(index);
  sink(finding("REFERENCE_UNMAPPED", { ...place, expected: `an entry in the registry of ${target}`, got: "none" }));
  return FAILED;
}

/** The kind of a value, never the value: it may be personal. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (value === UNREADABLE_TEXT) return UNREADABLE.got;
  if (Array.isArray(value)) return "array";
  return typeof value;
}
