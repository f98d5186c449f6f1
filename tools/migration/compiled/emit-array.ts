import type { JsonObject } from "../model/json.ts";
import { sameBytes } from "./byte-strings.ts";
import { type Emission, emitCapture, type Place } from "./emission.ts";
import { choicesOf, kindsOf, numberUnder, resolveNode } from "./schema-node.ts";
import { unsupported } from "./unsupported.ts";

/** Most elements of an array that must all differ; a longer one goes to the authority. */
const MOST_UNIQUE = 64;

/** Writes the code for an array whose elements all have one schema. */
export function emitArray(emission: Emission, node: JsonObject, place: Place): void {
  const { code } = emission;
  const count = code.local();
  const spans = node["uniqueItems"] === true ? code.constant(spansFor(emission, node)) : undefined;
  code.require("p < e && b[p] === 91");
  code.line(`p++; ${count} = 0;`);
  code.line("if (p < e && b[p] === 93) p++;");
  code.line("else for (;;) {");
  if (spans !== undefined) {
    code.require(`${count} < ${MOST_UNIQUE}`);
    code.line(`${spans}[${count} << 1] = p;`);
  }
  emission.value(emission, node["items"], { path: [...place.path, "*"], opened: false, capture: undefined });
  if (spans !== undefined) {
    code.line(`${spans}[(${count} << 1) + 1] = p;`);
    code.require(`isFresh(b, ${spans}, ${count})`);
  }
  code.line(`${count}++;`);
  code.require("p < e && (b[p] === 44 || b[p] === 93)");
  code.line("if (b[p++] === 93) break;");
  code.line("}");
  emitCount(emission, node, count);
  emitCapture(code, place.capture, "container");
}

/** True where element `last` differs from all before it; element i lies from `spans[2i]` to `spans[2i + 1]`. */
export function isFresh(bytes: Uint8Array, spans: Int32Array, last: number): boolean {
  const from = spans[2 * last] ?? 0;
  const length = (spans[2 * last + 1] ?? 0) - from;
  for (let index = 0; index < last; index++) {
    const other = spans[2 * index] ?? 0;
    if ((spans[2 * index + 1] ?? 0) - other === length && sameBytes(bytes, other, from, length)) return false;
  }
  return true;
}

function emitCount({ code }: Emission, node: JsonObject, count: string): void {
  const least = numberUnder(node, "minItems");
  const most = numberUnder(node, "maxItems");
  if (least !== undefined) code.require(`${count} >= ${least}`);
  if (most !== undefined) code.require(`${count} <= ${most}`);
}

// The canonical texts of two values that are no containers are equal exactly where the values are.
function spansFor(emission: Emission, node: JsonObject): Int32Array {
  const item = resolveNode(node["items"], emission.root);
  if (choicesOf(item) === undefined && kindsOf(item).some((kind) => kind === "array" || kind === "object")) {
    unsupported("an array of different containers");
  }
  return new Int32Array(2 * MOST_UNIQUE);
}
