import { createRequire } from "node:module";
import type { Ajv2020, ErrorObject, ValidateFunction } from "ajv/dist/2020.js";
import { isJsonObject, type JsonObject } from "../model/json.ts";
import { UUID } from "../model/module.ts";
import { isPlainSchema } from "./plain-schema.ts";
import { META_SCHEMA, precompiled, shapeKey } from "./precompiled.ts";

// Loading the compiler takes 70 ms, and commands that need no configuration (verify-checksums) never do.
const require = createRequire(import.meta.url);

let shared: Ajv2020 | undefined;
const compiled = new WeakMap<object, Validator>();

/**
 * A compiled JSON Schema 2020-12: all errors, own properties only (a key named `toString` is absent unless it is
 * really there), strict about unknown keywords, lower-case UUIDs. Throws where the schema is not one.
 */
export function compileSchema(schema: object): Validator {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  assertSchema(schema);
  const validate = compilerFor(schema).compile(schema);
  compiled.set(schema, validate);
  return validate;
}

/** One compiler for all plain schemas: making one takes 20 ms. Names of others (`$id`, `$anchor`) must not meet. */
function compilerFor(schema: object): Ajv2020 {
  if (!isJsonObject(schema) || !isPlainSchema(schema)) return createAjv();
  shared ??= createAjv();
  return shared;
}

/** Throws where `compileSchema` would; compiles only a schema that is not plain. */
export function assertCompiles(schema: JsonObject): void {
  assertSchema(schema);
  if (precompiled(META_SCHEMA) === undefined || !isPlainSchema(schema)) compileSchema(schema);
}

/** The validator of one of our own shapes, which never change while a program runs. */
export function compileShape(shape: object): Validator {
  const known = compiled.get(shape) ?? precompiled(shapeKey(shape)) ?? compileSchema(shape);
  compiled.set(shape, known);
  return known;
}

/** Asks the precompiled schema of schemas: compiling that one takes 30 ms. */
function assertSchema(schema: object): void {
  const validate = precompiled(META_SCHEMA);
  if (validate === undefined || validate(schema)) return;
  const [first] = validate.errors ?? [];
  throw new Error(`schema is invalid: data${first?.instancePath ?? ""} ${first?.message ?? "is no schema"}`);
}

/** A compiler of its own, for schemas that must not meet others; those it is given are known to be schemas. */
export function createAjv(options: object = withoutMeta()): Ajv2020 {
  const { Ajv2020: Compiler }: typeof import("ajv/dist/2020.js") = require("ajv/dist/2020.js");
  const formats: typeof import("ajv-formats") = require("ajv-formats");
  const ajv = new Compiler({
    allErrors: true,
    ownProperties: true,
    strictSchema: true,
    strictTypes: false,
    ...options,
  });
  formats.default(ajv, { mode: "full" });
  ajv.addFormat("uuid", UUID);
  ajv.addKeyword({ keyword: "ref", schemaType: "string" });
  ajv.addKeyword({ keyword: "pii", metaSchema: { enum: [0, 1, 2] } });
  ajv.addKeyword({ keyword: "residency", metaSchema: { type: "string", minLength: 1 } });
  return ajv;
}

function withoutMeta(): object {
  return precompiled(META_SCHEMA) === undefined ? {} : { meta: false, validateSchema: false };
}

/** A compiled schema: true, or false with `errors` set. */
export type Validator = ValidateFunction;

/** One error of a compiled schema. */
export type ValidatorError = ErrorObject;

/** What an error expected, in words and without any value of the data. */
export function expectedBy(error: ValidatorError): string {
  const params: Record<string, unknown> = error.params;
  if (error.keyword === "enum") return `one of ${list(params["allowedValues"])}`;
  if (error.keyword === "const") return JSON.stringify(params["allowedValue"]);
  if (error.keyword === "required") return `the property ${JSON.stringify(params["missingProperty"])}`;
  if (error.keyword === "additionalProperties") return "no other property";
  if (error.keyword === "pattern") return `text matching ${String(params["pattern"])}`;
  const said = (error.message ?? error.keyword).replace(/^must (be )?/, "");
  return said.replace(/^NOT have /, "no ");
}

function list(values: unknown): string {
  if (!Array.isArray(values)) return "the allowed values";
  const shown = values.slice(0, 12).map((value) => JSON.stringify(value));
  return shown.join(", ") + (values.length > shown.length ? ", …" : "");
}
