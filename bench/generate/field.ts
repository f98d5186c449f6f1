import type { Random } from "./random.ts";

/** A JSON object of configuration. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What a field holds: decides its columns, its JSON text and the predicates of the peers. */
export type FieldKind = "text" | "number" | "boolean" | "reference" | "references" | "constant";

/** The value of a field before it is a source value or JSON text; references are record indexes of the target. */
export type Value = string | number | boolean | readonly number[];

/** One property of an entity: how it is made, described, and checked by a peer in SQL. */
export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  /** Module of a reference. */
  readonly target?: string;
  readonly schema: { readonly [key: string]: Json };
  /** The rule in module.json. */
  readonly rule: { readonly [key: string]: Json };
  readonly make: (random: Random, index: number, context: MakeContext) => Value;
  /** Type of the column when a peer reads the entity, and a predicate that holds for every valid one. */
  readonly sqlType: string;
  readonly sqlHolds: string;
}

/** How many records the target of a reference has. */
export interface MakeContext {
  readonly targetCount: (module: string) => number;
}

/** A module of generated data. */
export interface ModuleShape {
  readonly name: string;
  readonly count: number;
  /** Ascending by name; without `id`. */
  readonly fields: readonly Field[];
}
