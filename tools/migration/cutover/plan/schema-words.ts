/** A part of a JSON Schema. */
export type SchemaPart = Readonly<Record<string, unknown>>;

/** Text that says something. */
export const TEXT: SchemaPart = { type: "string", minLength: 1 };
/** The name of a check, gate, phase, step, role, host, … */
export const NAME: SchemaPart = { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" };
/** Several of them. */
export const NAMES: SchemaPart = { type: "array", items: NAME, uniqueItems: true };

/** An object with these properties and no others. */
export function closed(
  properties: SchemaPart,
  required: readonly string[] = [],
  further: SchemaPart = {},
): { readonly type: "object" } & SchemaPart {
  const needed = required.length === 0 ? {} : { required };
  return { type: "object", additionalProperties: false, properties, ...needed, ...further };
}

/** A list of these. */
export function listOf(items: SchemaPart): SchemaPart {
  return { type: "array", items };
}

/** An object from names to these. */
export function mapOf(values: SchemaPart): SchemaPart {
  return { type: "object", propertyNames: NAME, additionalProperties: values };
}

/** A reference to a named part. */
export function ref(name: string): SchemaPart {
  return { $ref: `#/$defs/${name}` };
}
