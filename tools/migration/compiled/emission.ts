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
  /** Writes the code for one value: `p` stands before it, and behind it afterwards. */
  readonly value: (emission: Emission, schema: JsonValue | undefined, place: Place) => void;
}

/** Where in an entity a value is. */
export interface Place {
  readonly path: readonly string[];
  /** True where `p` is already behind the opening quote of a string. */
  readonly opened: boolean;
  readonly capture: Capture | undefined;
}

/** Names of the local variables that keep what invariants ask of a value. */
export interface Capture {
  /** One of `CAPTURED`. */
  readonly kind: string;
  readonly from: string;
  readonly to: string;
  readonly number: string;
}

/** Kinds of a captured value; absent and null are the same to an invariant. */
export const CAPTURED = { absent: 0, string: 1, number: 2, boolean: 3, container: 4 } as const;

/** Notes the kind of the value just read, and its number where it is one. */
export function emitCapture(code: Code, capture: Capture | undefined, kind: keyof typeof CAPTURED, number = "0"): void {
  if (capture === undefined) return;
  code.line(`${capture.kind} = ${CAPTURED[kind]};`);
  if (kind === "number") code.line(`${capture.number} = ${number};`);
}
