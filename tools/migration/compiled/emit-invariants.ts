import { Buffer } from "node:buffer";
import type { WasmFunction } from "../integrity/wasm/wasm-function.ts";
import type { JsonValue } from "../model/json.ts";
import type { InvariantDefinition } from "../model/module.ts";
import type { Code } from "./code.ts";
import { CAPTURED, type Capture } from "./emission.ts";
import type { Captures } from "./emit-object.ts";
import { unsupported } from "./unsupported.ts";

const SIGNS = { less: "<", lessOrEqual: "<=", minimum: ">=", maximum: "<=" } as const;

type Sign = (typeof SIGNS)[keyof typeof SIGNS];

const NUMBER_SIGNS = { "<": "f64.lt", "<=": "f64.le", ">=": "f64.ge" } as const;

/** New local variables for every property that an invariant asks for. */
export function captureFields(code: Code, invariants: readonly InvariantDefinition[]): Captures {
  const names = new Set(invariants.flatMap((invariant) => invariant.fields));
  return new Map(
    [...names].map((name) => [
      name,
      { kind: code.local(), from: code.local(), to: code.local(), number: code.local("f64") },
    ]),
  );
}

/** Writes the code that makes every captured value absent, as it is before a line. */
export function forgetCaptures({ wasm }: Code, captures: Captures): void {
  for (const { kind } of captures.values()) wasm.i32(CAPTURED.absent).set(kind);
}

/** Writes the code that refuses a line whose captured values violate `invariant`, or where that is not sure. */
export function emitInvariant(code: Code, invariant: InvariantDefinition, captures: Captures): void {
  const fields = invariant.fields.map((name) => captures.get(name) ?? unsupported("a field without capture"));
  const [a = unsupported("an invariant without fields"), b] = fields;
  const { rule } = invariant;
  code.settle();
  if (rule === "less" || rule === "lessOrEqual") emitOrder(code, pairOf(a, b), SIGNS[rule]);
  else if (rule === "minimum" || rule === "maximum") emitLimit(code, a, invariant.value, SIGNS[rule]);
  else if (rule === "equal" || rule === "notEqual") emitEqual(code, pairOf(a, b), rule === "equal");
  else emitPresence(code, rule, fields);
}

type PresenceRule = "atLeastOneOf" | "exactlyOneOf" | "atMostOneOf" | "requires";

function emitPresence(code: Code, rule: PresenceRule, fields: readonly Capture[]): void {
  const { wasm } = code;
  const isPresent = ({ kind }: Capture): WasmFunction => wasm.get(kind).i32(CAPTURED.absent).op("i32.ne");
  fields.forEach((field, at) => {
    isPresent(field);
    if (at > 0) wasm.addI32();
  });
  const [first] = fields;
  switch (rule) {
    case "atLeastOneOf":
      wasm.i32(1).op("i32.ge_u");
      break;
    case "exactlyOneOf":
      wasm.i32(1).isEqual();
      break;
    case "atMostOneOf":
      wasm.i32(1).op("i32.le_u");
      break;
    case "requires":
      wasm.i32(fields.length).isEqual();
      if (first !== undefined) isPresent(first).op("i32.eqz").op("i32.or");
  }
  code.require();
}

type Pair = readonly [Capture, Capture];

function pairOf(a: Capture | undefined, b: Capture | undefined): Pair {
  return a === undefined || b === undefined ? unsupported("fewer than two fields") : [a, b];
}

/** Leaves 1 where the captured values are both there. */
function areThere({ wasm }: Code, [a, b]: Pair): void {
  for (const { kind } of [a, b]) wasm.get(kind).i32(CAPTURED.absent).op("i32.ne");
  wasm.op("i32.and");
}

/** Leaves 1 where a value is of a kind. */
function isOf({ wasm }: Code, { kind }: Capture, wanted: keyof typeof CAPTURED): WasmFunction {
  return wasm.get(kind).i32(CAPTURED[wanted]).isEqual();
}

function emitOrder(code: Code, [a, b]: Pair, sign: Sign): void {
  const { wasm } = code;
  areThere(code, [a, b]);
  code.when(() => {
    wasm.get(a.kind).get(b.kind).isEqual();
    code.require();
    isOf(code, a, "number");
    code.when(
      () => {
        wasm.get(a.number).get(b.number).op(NUMBER_SIGNS[sign]);
        code.require();
      },
      () => {
        isOf(code, a, "string");
        code.require();
        content(code, a);
        content(code, b);
        requireOrder(code, sign);
      },
    );
  });
}

/** Leaves the begin and the end of a string without its quotes. */
function content({ wasm }: Code, { from, to }: Capture): void {
  wasm.get(from).i32(1).addI32().get(to).i32(1).subtractI32();
}

/** Refuses the line unless the two contents on the stack are surely in this order. */
function requireOrder(code: Code, sign: Sign): void {
  const { wasm } = code;
  code.call("contentOrder");
  if (sign === "<") wasm.i32(-1).isEqual();
  // -1 or 0, and 0 or 1: 2 is neither.
  else if (sign === "<=") wasm.i32(1).addI32().i32(2).isBelow();
  else wasm.i32(2).isBelow();
  code.require();
}

function emitLimit(code: Code, field: Capture, limit: JsonValue | undefined, sign: Sign): void {
  if (limit === undefined) return;
  const { wasm } = code;
  wasm.get(field.kind).i32(CAPTURED.absent).op("i32.ne");
  code.when(() => {
    if (typeof limit === "number") {
      isOf(code, field, "number").get(field.number).f64(limit).op(NUMBER_SIGNS[sign]).op("i32.and");
      code.require();
    } else if (typeof limit === "string") {
      const bytes = Buffer.from(JSON.stringify(limit).slice(1, -1), "utf8");
      const at = code.room.table(bytes);
      isOf(code, field, "string");
      code.require();
      content(code, field);
      wasm.i32(at).i32(at + bytes.length);
      requireOrder(code, sign);
    } else code.refuse();
  });
}

// Canonical texts are equal exactly where the values are; two containers are never the same one.
function emitEqual(code: Code, [a, b]: Pair, equal: boolean): void {
  if (a === b) unsupported("a field compared with itself");
  const { wasm } = code;
  const length = ({ from, to }: Capture): WasmFunction => wasm.get(to).get(from).subtractI32();
  const same = code.local();
  areThere(code, [a, b]);
  code.when(() => {
    wasm.i32(0).set(same);
    isOf(code, a, "container").op("i32.eqz");
    length(a);
    length(b).isEqual().op("i32.and");
    code.when(() => {
      wasm.get(a.from).get(b.from);
      length(a);
      code.call("sameBytes").set(same);
    });
    wasm.get(same);
    if (equal) code.require();
    else code.refuseIf();
  });
}
