import type { ModuleDefinition } from "../model/module.ts";

/** Accepts lines that the authority would find nothing wrong with, and captures their id and references. */
export interface LineMatcher {
  match(bytes: Buffer, start: number, end: number): boolean;
  readonly id: Uint32Array;
  readonly refs: Uint32Array;
  readonly refFields: Uint16Array;
  refCount: number;
}

/** The matcher of a module; undefined where its schema is beyond the compiler. */
export function compileMatcher(_module: ModuleDefinition): LineMatcher | undefined {
  return undefined;
}
