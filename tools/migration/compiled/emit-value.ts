import type { JsonObject, JsonValue } from "../model/json.ts";
import { allowedChoices } from "./choices.ts";
import { emitDelegated } from "./delegated.ts";
import { type Emission, emitCapture, type Place } from "./emission.ts";
import { emitArray } from "./emit-array.ts";
import { emitChoice } from "./emit-choice.ts";
import { emitNumber } from "./emit-number.ts";
import { emitObject } from "./emit-object.ts";
import { emitString } from "./emit-string.ts";
import { choicesOf, type Kind, kindsOf, resolveNode } from "./schema-node.ts";
import { unsupported } from "./unsupported.ts";

/** Deeper schemas, those that contain themselves among them, are not compiled. */
const MOST_DEPTH = 24;

/** The bytes that a value of each kind can begin with. */
const FIRST_BYTES: Readonly<Record<Kind, string>> = {
  string: '"',
  number: "-0123456789",
  integer: "-0123456789",
  boolean: "tf",
  null: "n",
  array: "[",
  object: "{",
};

/** Writes the code for a value of any schema; what is not compiled is delegated, as close to the leaves as can be. */
export function emitValue(emission: Emission, schema: JsonValue | undefined, place: Place): void {
  if (place.path.length > MOST_DEPTH) unsupported("a deep schema");
  emission.code.try(
    () => emitCompiled(emission, schema, place),
    () => emitDelegated(emission, schema, place),
  );
}

function emitCompiled(emission: Emission, schema: JsonValue | undefined, place: Place): void {
  const { code } = emission;
  const { capture } = place;
  const node = resolveNode(schema, emission.root);
  if (capture !== undefined) {
    code.address(place.opened ? -1 : 0);
    code.wasm.set(capture.from);
  }
  const choices = choicesOf(node);
  if (choices !== undefined) emitChoice(emission, allowedChoices(emission, node, choices), place);
  else emitKinds(emission, node, place);
  if (capture === undefined) return;
  code.address();
  code.wasm.set(capture.to);
}

// The first byte of a value tells its kind.
function emitKinds(emission: Emission, node: JsonObject, place: Place): void {
  const { code } = emission;
  const kinds = kindsOf(node);
  if (kinds.length === 1 && kinds[0] !== undefined) {
    emitKind(emission, node, kinds[0], place);
    return;
  }
  const first = code.local();
  code.byte().set(first);
  code.firstOf(
    kinds.map((kind) => (next) => {
      const { wasm } = code;
      [...FIRST_BYTES[kind]].forEach((byte, at) => {
        wasm.get(first).i32(byte.charCodeAt(0)).isEqual();
        if (at > 0) wasm.op("i32.or");
      });
      wasm.op("i32.eqz").jumpIf(next);
      emitKind(emission, node, kind, place);
    }),
  );
}

function emitKind(emission: Emission, node: JsonObject, kind: Kind, place: Place): void {
  const { code } = emission;
  switch (kind) {
    case "string":
      emitString(emission, node, place);
      return;
    case "number":
    case "integer":
      emitNumber(emission, node, kind === "integer", place);
      return;
    case "boolean":
      code.settle();
      code.differs("true");
      code.when(
        () => code.expect("false"),
        () => code.skip("true".length),
      );
      emitCapture(code, place.capture, "boolean");
      return;
    case "null":
      code.expect("null");
      return;
    case "array":
      emitArray(emission, node, place);
      return;
    case "object":
      emitObject(emission, node, place);
  }
}
