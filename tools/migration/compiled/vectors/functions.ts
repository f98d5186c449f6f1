import type { WasmFunction } from "../../integrity/wasm/wasm-function.ts";
import { date, time } from "./format-functions.ts";
import { HELPERS, type Helper } from "./helpers.ts";
import { type NumberPlaces, number } from "./number-function.ts";
import { codePoints, contentOrder, escapeSize, isFresh, isImpersonal, sameBytes, textEnd } from "./text-functions.ts";

/** The helpers but for `ask`, which is imported, in their order. */
export function helperFunctions(places: NumberPlaces): readonly WasmFunction[] {
  const make: Readonly<Record<Exclude<Helper, "ask">, () => WasmFunction>> = {
    textEnd,
    escapeSize,
    codePoints,
    isImpersonal,
    contentOrder,
    sameBytes,
    isFresh,
    date,
    time,
    number: () => number(places),
  };
  return HELPERS.flatMap((name) => (name === "ask" ? [] : [make[name]()]));
}
