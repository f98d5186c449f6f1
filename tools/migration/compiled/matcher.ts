import { MAX_LINE_BYTES } from "../integrity/limits.ts";
import { isJsonObject, type JsonObject } from "../model/json.ts";
import type { ModuleDefinition } from "../model/module.ts";
import { dateTimeEnd, isDate, readUuid, timeEnd } from "./byte-formats.ts";
import { isMultiple, numberEnd } from "./byte-numbers.ts";
import { isSurelyImpersonal } from "./byte-pii.ts";
import { lengthFits, stringEnd, textEnd } from "./byte-strings.ts";
import { Code } from "./code.ts";
import type { Emission } from "./emission.ts";
import { isFresh } from "./emit-array.ts";
import { captureFields, emitInvariant, rangeOrder, sameRange } from "./emit-invariants.ts";
import { emitObject } from "./emit-object.ts";
import { MAX_REFERENCES } from "./emit-string.ts";
import { emitValue } from "./emit-value.ts";
import { leafValidator } from "./leaf-validator.ts";
import { choicesOf, resolveNode } from "./schema-node.ts";
import { Unsupported, unsupported } from "./unsupported.ts";

/** Recognises lines that are surely sound; of the others it says nothing. */
export interface LineMatcher {
  /**
   * True only where `[start, end)` of `bytes`, a line without LF out of a block of valid UTF-8, is a line in which
   * `parseLine` and the checks of the module on one entity find nothing; then `id` and the references are those of
   * the line. False says nothing: the authority decides. Never throws, never lets a byte outside decide.
   */
  match(bytes: Uint8Array, start: number, end: number): boolean;
  /** The four big-endian words of the entity's id. */
  readonly id: Uint32Array;
  /** Four words for each captured reference. */
  readonly refs: Uint32Array;
  /** For each captured reference the index in `module.references`. */
  readonly refFields: Uint16Array;
  /** Captured references of the last line that matched. */
  refCount: number;
}

const TOOLS = {
  readUuid,
  isDate,
  timeEnd,
  dateTimeEnd,
  numberEnd,
  isMultiple,
  isSurelyImpersonal,
  stringEnd,
  textEnd,
  lengthFits,
  isFresh,
  rangeOrder,
  sameRange,
};

/** Compiles the matcher of a module; undefined where its schema is beyond what is compiled. */
export function compileMatcher(module: ModuleDefinition): LineMatcher | undefined {
  try {
    const code = new Code();
    emitLine(code, module);
    return assemble(code);
  } catch (error) {
    if (error instanceof Unsupported) return undefined;
    throw error;
  }
}

function emitLine(code: Code, module: ModuleDefinition): void {
  const captures = captureFields(code, module.invariants);
  const seen = new Set<number>();
  const open = module.piiFields.filter((field) => (field.pii ?? 0) === 0 && field.freeText);
  const emission: Emission = {
    code,
    root: module.schema,
    validator: leafValidator,
    referenceAt: (path) => {
      const index = module.references.findIndex((reference) => isSame(reference.path, path));
      seen.add(index);
      return index;
    },
    isOpen: (path) => open.some((field) => isWithin(path, field.path)),
    hasReferenceIn: (path) => module.references.some((reference) => isWithin(reference.path, path)),
    isOpenIn: (path) => open.some(({ path: other }) => isWithin(other, path) || isWithin(path, other)),
    value: emitValue,
  };
  const node = pinned(resolveNode(module.schema, module.schema), module);
  emitObject(emission, node, { path: [], opened: false, capture: undefined }, captures);
  if (!module.references.every((_, index) => seen.has(index))) unsupported("a reference that is no string");
  for (const invariant of module.invariants) emitInvariant(code, invariant, captures);
}

/** The schema of an entity with what other checks ask for as well: an id, and the schemaVersion of the module. */
function pinned(node: JsonObject, module: ModuleDefinition): JsonObject {
  const properties = isJsonObject(node["properties"]) ? node["properties"] : unsupported("no properties");
  const required = Array.isArray(node["required"]) ? node["required"] : [];
  if (node["type"] !== "object" || choicesOf(node) !== undefined) unsupported("entities that are no plain objects");
  const version = properties["schemaVersion"];
  const id = resolveNode(properties["id"], module.schema);
  if (version === undefined || id["type"] !== "string") unsupported("no schemaVersion or no id");
  return {
    ...node,
    required: [...new Set([...required, "id", "schemaVersion"])],
    properties: {
      ...properties,
      schemaVersion: { ...resolveNode(version, module.schema), const: module.schemaVersion },
    },
  };
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((step, index) => step === b[index]);
}

function isWithin(path: readonly string[], outer: readonly string[]): boolean {
  return isSame(path.slice(0, outer.length), outer);
}

function assemble(code: Code): LineMatcher {
  const target = {
    id: new Uint32Array(4),
    refs: new Uint32Array(4 * MAX_REFERENCES),
    refFields: new Uint16Array(MAX_REFERENCES),
    refCount: 0,
  };
  const make = new Function("tools", "constants", "target", functionText(code));
  const match: LineMatcher["match"] = make(TOOLS, code.constants, target);
  return Object.assign(target, { match });
}

// The view is kept from line to line, because a block holds thousands of them.
function functionText(code: Code): string {
  return `"use strict";
const { ${Object.keys(TOOLS).join(", ")} } = tools;
const { id, refs, refFields } = target;
${code.declarations()}
const x = new Float64Array(1);
const spare = new Uint32Array(4);
let block = new Uint8Array(0);
let d = new DataView(block.buffer);
return function match(b, start, e) {
if (b !== block) { d = new DataView(b.buffer, b.byteOffset, b.byteLength); block = b; }
if (!(start >= 0 && e <= b.length && e - start <= ${MAX_LINE_BYTES})) return false;
let p = start, r = 0;
${code.body()}
if (p !== e) return false;
target.refCount = r;
return true;
};`;
}
