import type { JsonObject } from "../model/json.ts";
import { numberEnd } from "./byte-numbers.ts";
import type { Code } from "./code.ts";
import { type Emission, emitCapture, type Place } from "./emission.ts";
import { numberUnder, textUnder } from "./schema-node.ts";
import { unsupported } from "./unsupported.ts";

const NUMBER_FORMATS: ReadonlySet<string> = new Set(["int32", "int64", "float", "double"]);

const COMPARISONS = [
  ["minimum", "f64.ge"],
  ["maximum", "f64.le"],
  ["exclusiveMinimum", "f64.gt"],
  ["exclusiveMaximum", "f64.lt"],
] as const;

/** Quotients from here on are left to the authority: their last digit is not exact. */
const MOST_QUOTIENT = 1e15;

/** Writes the code for a number, or a whole one, with the constraints of `node`. */
export function emitNumber(emission: Emission, node: JsonObject, whole: boolean, place: Place): void {
  const { code } = emission;
  const { wasm } = code;
  if (NUMBER_FORMATS.has(textUnder(node, "format") ?? "")) unsupported("a format of numbers");
  emitSpelling(code);
  const value = code.local("f64");
  wasm.i32(0).access("f64.load", code.room.addressOf("value")).set(value);
  if (whole) {
    wasm.get(value).op("f64.floor").get(value).op("f64.eq");
    code.require();
  }
  for (const [keyword, comparison] of COMPARISONS) {
    const limit = numberUnder(node, keyword);
    if (limit === undefined) continue;
    wasm.get(value).f64(limit).op(comparison);
    code.require();
  }
  emitMultiple(code, value, numberUnder(node, "multipleOf"));
  emitCapture(code, place.capture, "number");
  if (place.capture !== undefined) wasm.get(value).set(place.capture.number);
}

/** Gets behind a canonical number: those that are short by themselves, others with JavaScript. */
function emitSpelling(code: Code): void {
  const { wasm, room } = code;
  const end = code.local();
  code.settle();
  wasm.get(code.place);
  code.call("number").tee(end).op("i32.eqz");
  code.when(() => {
    const value = new Float64Array(room.memory.buffer, room.addressOf("value"), 1);
    code.ask(
      (bytes, from, to) => Math.max(0, numberEnd(bytes, from, to, value)),
      () => wasm.get(code.place).get(code.end),
    );
    wasm.tee(end);
    code.require();
  });
  wasm.get(end).set(code.place);
}

function emitMultiple(code: Code, value: number, step: number | undefined): void {
  if (step === undefined) return;
  const { wasm } = code;
  const quotient = code.local("f64");
  wasm.get(value).f64(step).op("f64.div").tee(quotient).op("f64.trunc").get(quotient).op("f64.eq");
  wasm.get(quotient).op("f64.abs").f64(MOST_QUOTIENT).op("f64.lt").op("i32.and");
  code.require();
}
