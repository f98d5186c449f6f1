import type { JsonObject, JsonValue } from "../model/json.ts";
import type { Code } from "./code.ts";

/** What the writers of code share while one module is compiled. */
export interface Emission {
  readonly code: Code;
  readonly root: JsonObject;
  /** The authority on a value by itself, for what is not compiled. */
  readonly validator: (schema: JsonObject) => (value: JsonValue) => boolean;
  /** Index of the reference at a path; -1 where there is none. */
  readonly referenceAt: (path: readonly string[]) => number;
  /** True where the detectors of personal values look at texts at a path. */
  readonly isOpen: (path: readonly string[]) => boolean;
  /** True where a reference lies at a path or below it. */
  readonly hasReferenceIn: (path: readonly string[]) => boolean;
  /** True where those detectors look at texts at a path or below it. */
  readonly isOpenIn: (path: readonly string[]) => boolean;
  /** Writes the code that keeps the words of a UUID, a vector in that local, as the id, or as the reference of an index. */
  readonly keepId: (words: number) => void;
  readonly keepReference: (words: number, index: number) => void;
  /** Writes the code for one value: the code has got to it, and is behind it afterwards. */
  readonly value: (emission: Emission, schema: JsonValue | undefined, place: Place) => void;
}

/** Where in an entity a value is. */
export interface Place {
  readonly path: readonly string[];
  /** True where the opening quote of a string was taken already. */
  readonly opened: boolean;
  readonly capture: Capture | undefined;
}

/** The local variables that keep what invariants ask of a value: its kind, where it begins and ends, and its number. */
export interface Capture {
  /** One of `CAPTURED`. */
  readonly kind: number;
  readonly from: number;
  readonly to: number;
  /** A double. */
  readonly number: number;
}

/** Kinds of a captured value; absent and null are the same to an invariant. */
export const CAPTURED = { absent: 0, string: 1, number: 2, boolean: 3, container: 4 } as const;

/** Notes the kind of the value just read. */
export function emitCapture({ wasm }: Code, capture: Capture | undefined, kind: keyof typeof CAPTURED): void {
  if (capture !== undefined) wasm.i32(CAPTURED[kind]).set(capture.kind);
}
