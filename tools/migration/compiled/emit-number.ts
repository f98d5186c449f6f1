import type { JsonObject } from "../model/json.ts";
import { type Emission, emitCapture, type Place } from "./emission.ts";
import { numberUnder, textUnder } from "./schema-node.ts";
import { unsupported } from "./unsupported.ts";

const NUMBER_FORMATS: ReadonlySet<string> = new Set(["int32", "int64", "float", "double"]);

const COMPARISONS = [
  ["minimum", ">="],
  ["maximum", "<="],
  ["exclusiveMinimum", ">"],
  ["exclusiveMaximum", "<"],
] as const;

/** Writes the code for a number, or a whole one, with the constraints of `node`. */
export function emitNumber(emission: Emission, node: JsonObject, whole: boolean, place: Place): void {
  const { code } = emission;
  if (NUMBER_FORMATS.has(textUnder(node, "format") ?? "")) unsupported("a format of numbers");
  code.line("p = numberEnd(b, p, e, x);");
  code.require("p >= 0");
  const tests = numberTests(node);
  if (!whole && tests.length === 0 && place.capture === undefined) return;
  const value = code.local();
  code.line(`${value} = x[0];`);
  if (whole) code.require(`Math.floor(${value}) === ${value}`);
  for (const test of tests) code.require(test(value));
  emitCapture(code, place.capture, "number", value);
}

function numberTests(node: JsonObject): ((value: string) => string)[] {
  const tests: ((value: string) => string)[] = [];
  for (const [keyword, sign] of COMPARISONS) {
    const limit = numberUnder(node, keyword);
    if (limit !== undefined) tests.push((value) => `${value} ${sign} ${limit}`);
  }
  const step = numberUnder(node, "multipleOf");
  if (step !== undefined) tests.push((value) => `isMultiple(${value} / ${step})`);
  return tests;
}
