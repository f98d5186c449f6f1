import type { CellForm } from "./cell-form.ts";
import type { InvariantRule, TransformName } from "./field-words.ts";
import type { Severity } from "./finding.ts";
import type { JsonObject, JsonValue } from "./json.ts";

/** `^[a-z0-9][a-z0-9_-]{0,62}$`, not `checksums` (FORMATS.md, section 1). */
export const MODULE_NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** 36 characters, lower-case hex with four dashes; any version (FORMATS.md, section 2). */
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** How one field of the target entity comes about. */
export interface FieldDefinition {
  readonly name: string;
  /** Source names in order of preference; the first present one counts. Empty: only `default` or `value`. */
  readonly from: readonly string[];
  readonly default: JsonValue | undefined;
  /** A constant, whatever the source says. */
  readonly value: JsonValue | undefined;
  /** Canonical type that the source value must have, e.g. `integer` or `decimal(10,2)`. */
  readonly type: string | undefined;
  /** Names of transformations, applied in order. */
  readonly transform: readonly TransformName[];
  /** Module that the value is a legacy id of (a string, or an array of them). */
  readonly ref: string | undefined;
  /** Source fields that together are the legacy id of `ref`, in the order of its legacy key; instead of `from`. */
  readonly parts?: readonly string[];
  /** What a source null becomes; `omit` treats it as absent. */
  readonly nulls: "omit" | "keep";
}

/** One named rule over the fields of an entity; holds when an operand is absent, unless the rule is about presence. */
export interface InvariantDefinition {
  readonly name: string;
  readonly rule: InvariantRule;
  readonly fields: readonly string[];
  readonly value: JsonValue | undefined;
  readonly message: string;
  readonly severity: Severity;
}

/** A foreign key of the target schema: where it is in an entity and which module it points at. */
export interface Reference {
  /** Path of property names; `*` stands for every element of an array. */
  readonly path: readonly string[];
  readonly target: string;
}

/** A leaf of the schema with its PII class. */
export interface PiiField {
  readonly path: readonly string[];
  /** Undefined where the schema forgot it. */
  readonly pii: 0 | 1 | 2 | undefined;
  readonly residency: string | undefined;
  /** False where the schema already pins the text (uuid, date, enum, number), so that detectors are not asked. */
  readonly freeText: boolean;
}

/** The escape hatch: a pure function in a file. */
export interface MapperDefinition {
  /** Path relative to the project root. */
  readonly file: string;
  readonly source: string;
  /** Source fields the mapper takes, beside those of `fields`. */
  readonly reads: readonly string[];
}

/** A module as parsed from `modules/<name>/module.json` and `schema.json`: trusted behind the door. */
export interface ModuleDefinition {
  readonly name: string;
  /** Name of the collection in the source; of a query, the name that messages give it. */
  readonly collection: string;
  /** A statement that gives the records instead of a table or view. */
  readonly query: string | undefined;
  /** What the source's values are before mapping. */
  readonly form: CellForm;
  readonly legacyKey: readonly string[];
  readonly schemaVersion: number;
  readonly allowEmpty: boolean;
  readonly fields: readonly FieldDefinition[];
  readonly drop: ReadonlySet<string>;
  readonly mapper: MapperDefinition | undefined;
  readonly invariants: readonly InvariantDefinition[];
  readonly schema: JsonObject;
  readonly references: readonly Reference[];
  readonly piiFields: readonly PiiField[];
  /** SHA-256 of the JCS of the parsed files; of the mapper's raw bytes (FORMATS.md, section 5). */
  readonly digests: { readonly definition: string; readonly schema: string; readonly mapper?: string };
}
