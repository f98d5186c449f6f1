import type { JsonObject } from "../model/json.ts";
import type { Code } from "./code.ts";
import { type Emission, emitCapture, type Place } from "./emission.ts";
import { choicesOf, kindsOf, numberUnder, resolveNode } from "./schema-node.ts";
import { unsupported } from "./unsupported.ts";

/** Most elements of an array that must all differ; a longer one goes to the authority. */
const MOST_UNIQUE = 64;
const SPAN_BYTES = 8;

/** Writes the code for an array whose elements all have one schema. */
export function emitArray(emission: Emission, node: JsonObject, place: Place): void {
  const { code } = emission;
  const { wasm } = code;
  const count = code.local();
  const spans = node["uniqueItems"] === true ? spansFor(emission, node) : undefined;
  code.expect("[");
  code.settle();
  wasm.i32(0).set(count);
  code.differs("]");
  code.when(
    () => emitElements(emission, node, place, { count, spans }),
    () => code.skip(1),
  );
  emitCount(code, node, count);
  emitCapture(code, place.capture, "container");
}

const [COMMA, CLOSE] = [0x2c, 0x5d];

interface Elements {
  readonly count: number;
  /** The address of the spans of elements that must all differ. */
  readonly spans: number | undefined;
}

// From the first element to behind the bracket.
function emitElements(emission: Emission, node: JsonObject, place: Place, { count, spans }: Elements): void {
  const { code } = emission;
  const { wasm } = code;
  const noteSpan = (side: number): void => {
    if (spans === undefined) return;
    wasm.get(count).shiftLeftI32(3);
    code.address();
    wasm.storeI32(spans + side);
  };
  wasm.repeat((again) => {
    if (spans !== undefined) {
      wasm.get(count).i32(MOST_UNIQUE).isBelow();
      code.require();
    }
    noteSpan(0);
    emission.value(emission, node["items"], { path: [...place.path, "*"], opened: false, capture: undefined });
    noteSpan(4);
    if (spans !== undefined) {
      wasm.i32(spans).get(count);
      code.call("isFresh");
      code.require();
    }
    wasm.get(count).i32(1).addI32().set(count);
    const end = code.local();
    code.byte().set(end);
    code.skip(1);
    code.settle();
    wasm.get(end).i32(COMMA).isEqual().jumpIf(again);
    wasm.get(end).i32(CLOSE).op("i32.ne");
    code.refuseIf();
  });
}

function emitCount(code: Code, node: JsonObject, count: number): void {
  const { wasm } = code;
  const least = numberUnder(node, "minItems");
  const most = numberUnder(node, "maxItems");
  const number = (): void => {
    wasm.get(count).op("i64.extend_i32_u").op("f64.convert_i64_u");
  };
  if (least !== undefined) {
    number();
    wasm.f64(least).op("f64.ge");
    code.require();
  }
  if (most !== undefined) {
    number();
    wasm.f64(most).op("f64.le");
    code.require();
  }
}

// The canonical texts of two values that are no containers are equal exactly where the values are.
function spansFor(emission: Emission, node: JsonObject): number {
  const item = resolveNode(node["items"], emission.root);
  if (choicesOf(item) === undefined && kindsOf(item).some((kind) => kind === "array" || kind === "object")) {
    unsupported("an array of different containers");
  }
  return emission.code.room.space(SPAN_BYTES * MOST_UNIQUE);
}
