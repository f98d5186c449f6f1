import { Buffer } from "node:buffer";
import type { JsonValue } from "../model/json.ts";
import type { InvariantDefinition } from "../model/module.ts";
import { contentOrder, sameBytes } from "./byte-strings.ts";
import type { Code } from "./code.ts";
import { CAPTURED, type Capture } from "./emission.ts";
import type { Captures } from "./emit-object.ts";
import { unsupported } from "./unsupported.ts";

const SIGNS = { less: "<", lessOrEqual: "<=", minimum: ">=", maximum: "<=" } as const;

/** New local variables for every property that an invariant asks for. */
export function captureFields(code: Code, invariants: readonly InvariantDefinition[]): Captures {
  const names = new Set(invariants.flatMap((invariant) => invariant.fields));
  return new Map(
    [...names].map((name) => [
      name,
      { kind: code.local(), from: code.local(), to: code.local(), number: code.local() },
    ]),
  );
}

/** Writes the code that refuses a line whose captured values violate `invariant`, or where that is not sure. */
export function emitInvariant(code: Code, invariant: InvariantDefinition, captures: Captures): void {
  const fields = invariant.fields.map((name) => captures.get(name) ?? unsupported("a field without capture"));
  const [a = unsupported("an invariant without fields"), b] = fields;
  const { rule } = invariant;
  if (rule === "less" || rule === "lessOrEqual") emitOrder(code, pairOf(a, b), SIGNS[rule]);
  else if (rule === "minimum" || rule === "maximum") emitLimit(code, a, invariant.value, SIGNS[rule]);
  else if (rule === "equal" || rule === "notEqual") emitEqual(code, pairOf(a, b), rule === "equal");
  else code.require(presenceTest(rule, fields));
}

type PresenceRule = "atLeastOneOf" | "exactlyOneOf" | "atMostOneOf" | "requires";

function presenceTest(rule: PresenceRule, fields: readonly Capture[]): string {
  const present = fields.map((field) => `(${field.kind} === ${CAPTURED.absent} ? 0 : 1)`);
  const count = present.join(" + ");
  switch (rule) {
    case "atLeastOneOf":
      return `${count} >= 1`;
    case "exactlyOneOf":
      return `${count} === 1`;
    case "atMostOneOf":
      return `${count} <= 1`;
    case "requires":
      return `${present[0]} === 0 || ${count} === ${present.length}`;
  }
}

type Pair = readonly [Capture, Capture];

function pairOf(a: Capture | undefined, b: Capture | undefined): Pair {
  return a === undefined || b === undefined ? unsupported("fewer than two fields") : [a, b];
}

function emitOrder(code: Code, [a, b]: Pair, sign: string): void {
  code.line(`if (${a.kind} !== 0 && ${b.kind} !== 0) {`);
  code.require(`${a.kind} === ${b.kind}`);
  code.line(`if (${a.kind} === ${CAPTURED.number}) {`);
  code.require(`${a.number} ${sign} ${b.number}`);
  code.line(`} else if (${a.kind} === ${CAPTURED.string}) {`);
  code.require(`rangeOrder(b, ${a.from}, ${a.to}, ${b.from}, ${b.to}) ${sign} 0`);
  code.line("} else return false;");
  code.line("}");
}

function emitLimit(code: Code, field: Capture, limit: JsonValue | undefined, sign: string): void {
  if (limit === undefined) return;
  code.line(`if (${field.kind} !== 0) {`);
  if (typeof limit === "number") {
    code.require(`${field.kind} === ${CAPTURED.number} && ${field.number} ${sign} ${limit}`);
  } else if (typeof limit === "string") {
    const order = code.constant(orderAgainst(limit));
    code.require(`${field.kind} === ${CAPTURED.string} && ${order}(b, ${field.from}, ${field.to}) ${sign} 0`);
  } else code.line("return false;");
  code.line("}");
}

// Canonical texts are equal exactly where the values are; two containers are never the same one.
function emitEqual(code: Code, [a, b]: Pair, equal: boolean): void {
  if (a === b) unsupported("a field compared with itself");
  const same = `${a.kind} !== ${CAPTURED.container} && sameRange(b, ${a.from}, ${a.to}, ${b.from}, ${b.to})`;
  code.line(`if (${a.kind} !== 0 && ${b.kind} !== 0) {`);
  code.require(equal ? same : `!(${same})`);
  code.line("}");
}

/** The order of two strings, given with their quotes (see `contentOrder`). */
export function rangeOrder(bytes: Uint8Array, from: number, to: number, otherFrom: number, otherTo: number): number {
  const other = { from: otherFrom + 1, to: otherTo - 1 };
  return contentOrder(bytes, { from: from + 1, to: to - 1 }, bytes, other);
}

/** True where two ranges of one line hold the same bytes. */
export function sameRange(bytes: Uint8Array, from: number, to: number, otherFrom: number, otherTo: number): boolean {
  return to - from === otherTo - otherFrom && sameBytes(bytes, from, otherFrom, to - from);
}

function orderAgainst(limit: string): (bytes: Uint8Array, from: number, to: number) => number {
  const content = Buffer.from(JSON.stringify(limit).slice(1, -1), "utf8");
  const span = { from: 0, to: content.length };
  return (bytes, from, to) => contentOrder(bytes, { from: from + 1, to: to - 1 }, content, span);
}
