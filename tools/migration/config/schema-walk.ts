import { isJsonObject, type JsonObject, type JsonValue } from "../model/json.ts";
import type { PiiField, Reference } from "../model/module.ts";

/** What the annotations of a target schema say: foreign keys and PII classes, by path. */
export interface SchemaFacts {
  readonly references: readonly Reference[];
  readonly piiFields: readonly PiiField[];
}

interface Inherited {
  readonly pii: PiiField["pii"];
  readonly residency: string | undefined;
}

const PINNED_FORMATS = new Set<JsonValue>(["uuid", "date", "time", "date-time"]);

/** Walks the properties, items and local `$ref`s of a schema; a class given for an object holds for its parts. */
export function walkSchema(schema: JsonObject): SchemaFacts {
  const references = new Map<string, Reference>();
  const piiFields = new Map<string, PiiField>();
  const visit = (
    node: JsonValue | undefined,
    path: readonly string[],
    above: Inherited,
    seen: readonly JsonObject[],
  ) => {
    if (!isJsonObject(node) || seen.includes(node)) return;
    const here = [...seen, node];
    const inherited = annotations(node, above);
    const key = path.join("\u0000");
    if (typeof node["ref"] === "string") references.set(key, { path, target: node["ref"] });
    const parts = partsOf(node, schema);
    if (parts.length === 0 && path.length > 0 && !piiFields.has(key)) {
      piiFields.set(key, { path, ...inherited, freeText: isFreeText(node) });
    }
    for (const part of parts) visit(part.schema, [...path, ...part.step], inherited, here);
  };
  visit(schema, [], { pii: undefined, residency: undefined }, []);
  return { references: [...references.values()], piiFields: [...piiFields.values()] };
}

function annotations(node: JsonObject, above: Inherited): Inherited {
  const pii = node["pii"];
  const residency = node["residency"];
  return {
    pii: pii === 0 || pii === 1 || pii === 2 ? pii : above.pii,
    residency: typeof residency === "string" ? residency : above.residency,
  };
}

interface Part {
  readonly step: readonly string[];
  readonly schema: JsonValue;
}

function partsOf(node: JsonObject, root: JsonObject): Part[] {
  const parts: Part[] = [];
  if (isJsonObject(node["properties"])) {
    for (const [name, schema] of Object.entries(node["properties"])) parts.push({ step: [name], schema });
  }
  if (isJsonObject(node["items"])) parts.push({ step: ["*"], schema: node["items"] });
  for (const schema of listOf(node["prefixItems"])) parts.push({ step: ["*"], schema });
  for (const word of ["anyOf", "oneOf", "allOf"]) {
    for (const schema of listOf(node[word])) {
      if (isJsonObject(schema) && (schema["properties"] ?? schema["items"] ?? schema["$ref"]) !== undefined) {
        parts.push({ step: [], schema });
      }
    }
  }
  const target = resolveLocal(node["$ref"], root);
  if (target !== undefined) parts.push({ step: [], schema: target });
  return parts;
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function resolveLocal(reference: JsonValue | undefined, root: JsonObject): JsonValue | undefined {
  if (typeof reference !== "string" || !reference.startsWith("#/$defs/")) return undefined;
  const definitions = root["$defs"];
  return isJsonObject(definitions) ? definitions[reference.slice("#/$defs/".length)] : undefined;
}

/** False where the schema itself pins what the text can be, so that a detector could only be wrong. */
function isFreeText(node: JsonObject): boolean {
  if (node["enum"] !== undefined || node["const"] !== undefined) return false;
  if (node["format"] !== undefined && PINNED_FORMATS.has(node["format"])) return false;
  const type = node["type"];
  const types = Array.isArray(type) ? type : [type];
  return type === undefined || types.includes("string") || types.includes("object") || types.includes("array");
}
