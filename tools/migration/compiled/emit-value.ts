import type { JsonObject, JsonValue } from "../model/json.ts";
import { allowedChoices } from "./choices.ts";
import { literalAt } from "./code.ts";
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

const FIRST_BYTES: Readonly<Record<Kind, string>> = {
  string: "b[p] === 34",
  number: "(b[p] === 45 || ((b[p] - 48) >>> 0) < 10)",
  integer: "(b[p] === 45 || ((b[p] - 48) >>> 0) < 10)",
  boolean: "(b[p] === 116 || b[p] === 102)",
  null: "b[p] === 110",
  array: "b[p] === 91",
  object: "b[p] === 123",
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
  if (capture !== undefined) code.line(`${capture.from} = p${place.opened ? " - 1" : ""};`);
  const choices = choicesOf(node);
  if (choices !== undefined) emitChoice(emission, allowedChoices(emission, node, choices), place);
  else emitKinds(emission, node, place);
  if (capture !== undefined) code.line(`${capture.to} = p;`);
}

// The first byte of a value tells its kind.
function emitKinds(emission: Emission, node: JsonObject, place: Place): void {
  const { code } = emission;
  const kinds = kindsOf(node);
  if (kinds.length === 1 && kinds[0] !== undefined) {
    emitKind(emission, node, kinds[0], place);
    return;
  }
  code.require("p < e");
  kinds.forEach((kind, index) => {
    code.line(`${index === 0 ? "" : "else "}if (${FIRST_BYTES[kind]}) {`);
    emitKind(emission, node, kind, place);
    code.line("}");
  });
  code.line("else return false;");
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
      code.line(`if (${literalAt("true")}) p += 4;`);
      code.line(`else if (${literalAt("false")}) p += 5;`);
      code.line("else return false;");
      emitCapture(code, place.capture, "boolean");
      return;
    case "null":
      code.require(literalAt("null"));
      code.line("p += 4;");
      return;
    case "array":
      emitArray(emission, node, place);
      return;
    case "object":
      emitObject(emission, node, place);
  }
}
