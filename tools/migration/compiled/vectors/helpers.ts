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

/** Calls a helper with what is on the stack. */
export function callHelper(code: WasmFunction, name: Helper): WasmFunction {
  return code.call(HELPERS.indexOf(name));
}
