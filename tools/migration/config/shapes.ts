import { TLS_MODES } from "../databases/server-place.ts";
import { CSV_ENCODINGS } from "../model/csv-format.ts";
import { FIELD_TYPES, INVARIANT_RULES, TRANSFORMS } from "../model/field-words.ts";
import { FINDING_CODES } from "../model/finding-codes.ts";
import { MODULE_NAME } from "../model/module.ts";
import { SOURCE_KINDS } from "../model/source-kind.ts";

const name = { type: "string", pattern: MODULE_NAME.source, not: { const: "checksums" } };
const text = { type: "string", minLength: 1 };
const oneCharacter = { type: "string", minLength: 1, maxLength: 1 };
const texts = { type: "array", items: text, minItems: 1, uniqueItems: true };
const textOrTexts = { type: ["string", "array"], minLength: 1, items: text, minItems: 1, uniqueItems: true };

/** Shape of `migration/migration.json`. */
export const MIGRATION_SHAPE = {
  type: "object",
  additionalProperties: false,
  required: ["format", "modules", "source"],
  properties: {
    format: { const: "candor-migration/1" },
    modules: { type: "array", items: name, minItems: 1, uniqueItems: true },
    source: {
      type: "object",
      additionalProperties: false,
      required: ["kind"],
      properties: {
        kind: { enum: SOURCE_KINDS },
        path: text,
        csv: {
          type: "object",
          additionalProperties: false,
          properties: {
            delimiter: oneCharacter,
            quote: oneCharacter,
            encoding: { enum: CSV_ENCODINGS },
            null: { type: "string" },
          },
        },
        url: text,
        env: text,
        schema: text,
        tls: {
          type: "object",
          additionalProperties: false,
          properties: { mode: { enum: TLS_MODES }, ca: text, cert: text, key: text },
        },
      },
    },
    pii: {
      type: "object",
      additionalProperties: false,
      properties: { regions: { type: "array", items: { type: "string", pattern: "^[A-Z]{2}$" }, uniqueItems: true } },
    },
  },
};

const field = {
  type: "object",
  additionalProperties: false,
  properties: {
    from: textOrTexts,
    default: true,
    value: true,
    type: { type: "string", pattern: `^(${FIELD_TYPES.join("|")})(\\([0-9]{1,5}(,[0-9]{1,3})?\\))?(\\[\\])*$` },
    transform: { type: "array", items: { enum: TRANSFORMS } },
    ref: name,
    parts: { ...texts, minItems: 2 },
    nulls: { enum: ["omit", "keep"] },
  },
  not: { required: ["value", "from"] },
  dependentSchemas: {
    parts: {
      required: ["ref"],
      properties: { from: false, value: false, default: false, type: false, transform: false, nulls: false },
    },
  },
};

const invariant = {
  type: "object",
  additionalProperties: false,
  required: ["name", "rule", "fields", "message"],
  properties: {
    name: text,
    rule: { enum: INVARIANT_RULES },
    fields: { type: "array", items: text, minItems: 1 },
    value: { type: ["number", "string"] },
    message: text,
    severity: { enum: ["INFO", "WARNING", "BLOCKER"] },
  },
};

/** Shape of `modules/<name>/module.json`. */
export const MODULE_SHAPE = {
  type: "object",
  additionalProperties: false,
  required: ["format", "source", "legacyKey", "schemaVersion", "fields"],
  properties: {
    format: { const: "candor-module/1" },
    source: {
      type: "object",
      additionalProperties: false,
      properties: { collection: text, query: text },
      minProperties: 1,
    },
    legacyKey: textOrTexts,
    schemaVersion: { type: "integer", minimum: 1 },
    allowEmpty: { type: "boolean" },
    fields: { type: "object", propertyNames: { not: { const: "__proto__" } }, additionalProperties: field },
    drop: { type: "array", items: text, uniqueItems: true },
    mapper: {
      type: "object",
      additionalProperties: false,
      required: ["file"],
      properties: { file: { type: "string", pattern: "^[A-Za-z0-9_.-]+$" }, reads: texts },
    },
    invariants: { type: "array", items: invariant },
  },
};

/** Shape of `migration/waivers.json`. */
export const WAIVERS_SHAPE = {
  type: "array",
  items: {
    type: "object",
    additionalProperties: false,
    required: ["code", "owner", "reason", "expires"],
    properties: {
      code: { enum: Object.keys(FINDING_CODES) },
      module: name,
      id: text,
      owner: text,
      reason: text,
      expires: { type: "string", pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", format: "date" },
    },
  },
};

/** Shape of `migration/live.json`. */
export const LIVE_SHAPE = {
  type: "object",
  additionalProperties: false,
  properties: {
    pointer: text,
    access: {
      type: "object",
      additionalProperties: false,
      properties: {
        owner: { type: ["string", "integer"], minLength: 1, minimum: 0 },
        group: { type: ["string", "integer"], minLength: 1, minimum: 0 },
        mode: { type: "string", pattern: "^0[57][0157][0157]$" },
      },
    },
  },
};
