import type { WasmFunction } from "../../integrity/wasm/wasm-function.ts";

/** The functions that code for a line may call, in the order of their indexes; `ask` asks JavaScript. */
export const HELPERS = [
  "ask",
  "textEnd",
  "escapeSize",
  "codePoints",
  "isImpersonal",
  "contentOrder",
  "sameBytes",
  "isFresh",
  "date",
  "time",
  "number",
] as const;

export type Helper = (typeof HELPERS)[number];

/** Helpers that others call. */
const CALLED_BY: Readonly<Partial<Record<Helper, Helper>>> = { textEnd: "escapeSize", isFresh: "sameBytes" };

/** A helper, and that which it calls. */
export function withCalled(name: Helper): readonly Helper[] {
  const called = CALLED_BY[name];
  return called === undefined ? [name] : [name, called];
}

/** Calls a helper with what is on the stack. */
export function callHelper(code: WasmFunction, name: Helper): WasmFunction {
  return code.call(HELPERS.indexOf(name));
}
