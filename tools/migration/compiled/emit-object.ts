import { canonicalize } from "../integrity/canonical.ts";
import { compareCodeUnits } from "../integrity/order.ts";
import { isJsonObject, type JsonObject } from "../model/json.ts";
import { literalAt, sizeOf } from "./code.ts";
import { type Capture, type Emission, emitCapture, type Place } from "./emission.ts";
import { choicesOf, kindsOf, resolveNode } from "./schema-node.ts";
import { unsupported } from "./unsupported.ts";

/** Captures of the properties that invariants ask for, by name. */
export type Captures = ReadonlyMap<string, Capture>;

// What is known about the properties before one: none can be there, one surely is, or it depends on the line.
type Before = "none" | "some" | "open";

/** Writes the code for an object of known properties, in canonical order. */
export function emitObject(emission: Emission, node: JsonObject, place: Place, captures?: Captures): void {
  const { code } = emission;
  const { names, required } = propertiesOf(node);
  const start = code.local();
  let before: Before = "none";
  code.line(`${start} = p;`);
  for (const name of names) {
    const needed = required.has(name);
    const { test, size, opened } = keyTest(emission, node, name, before, start);
    if (needed) code.require(test);
    else code.line(`if (${test}) {`);
    code.line(`p += ${size};`);
    const path = [...place.path, name];
    emission.value(emission, subschema(node, name), { path, opened, capture: captures?.get(name) });
    if (!needed) code.line("}");
    before = needed ? "some" : before === "none" ? "open" : before;
  }
  if (before !== "some") code.line(`if (p === ${start}) { if (p >= e || b[p] !== 123) return false; p++; }`);
  code.require("p < e && b[p] === 125");
  code.line("p++;");
  emitCapture(code, place.capture, "container");
}

function propertiesOf(node: JsonObject): {
  readonly names: readonly string[];
  readonly required: ReadonlySet<unknown>;
} {
  const properties = node["properties"] ?? {};
  const required = new Set<unknown>(Array.isArray(node["required"]) ? node["required"] : []);
  if (!isJsonObject(properties) || node["additionalProperties"] !== false) unsupported("an object with other keys");
  const names = Object.keys(properties).sort(compareCodeUnits);
  // A star in a path stands for the elements of an array, and `__proto__` is no property that code should name.
  if (names.includes("*") || names.includes("__proto__")) unsupported("a property with a special name");
  for (const name of required) if (typeof name !== "string" || !names.includes(name)) unsupported("a lost property");
  return { names, required };
}

function subschema(node: JsonObject, name: string): JsonObject[string] | undefined {
  return isJsonObject(node["properties"]) ? node["properties"][name] : undefined;
}

// The separator, the key, the colon, and the opening quote where the value can only be a string of any content.
function keyTest(emission: Emission, node: JsonObject, name: string, before: Before, start: string) {
  const opened = isAnyString(emission, node, name);
  const key = `${canonicalize(name)}:${opened ? '"' : ""}`;
  const size = 1 + sizeOf(key);
  if (before !== "open") return { test: literalAt((before === "none" ? "{" : ",") + key), size, opened };
  const separator = `b[p] === (p === ${start} ? 123 : 44)`;
  return { test: `p < e && ${separator} && ${literalAt(key, 1)}`, size, opened };
}

function isAnyString(emission: Emission, node: JsonObject, name: string): boolean {
  let kinds: readonly string[] = [];
  emission.code.try(
    () => {
      const value = resolveNode(subschema(node, name), emission.root);
      if (choicesOf(value) === undefined) kinds = kindsOf(value);
    },
    () => undefined,
  );
  return kinds.length === 1 && kinds[0] === "string";
}
