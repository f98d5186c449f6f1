import { canonicalize } from "../integrity/canonical.ts";
import { compareCodeUnits } from "../integrity/order.ts";
import { isJsonObject, type JsonObject } from "../model/json.ts";
import { type Code, sizeOf } from "./code.ts";
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
  const isOpen = names.length === 0 || !required.has(names[0]);
  // Where nothing has come yet is only asked where properties may be missing.
  const start = isOpen ? code.mark() : code.place;
  let before: Before = "none";
  for (const name of names) {
    const { key, opened } = keyOf(emission, node, name);
    const value = (): void => {
      const path = [...place.path, name];
      emission.value(emission, subschema(node, name), { path, opened, capture: captures?.get(name) });
    };
    if (required.has(name)) {
      if (before === "open") expectSeparator(code, start);
      code.expect(before === "open" ? key : `${SEPARATORS[before]}${key}`);
      value();
      before = "some";
    } else {
      code.settle();
      hasKey(code, key, before, start);
      code.when(() => {
        code.skip(1 + sizeOf(key));
        value();
      });
      if (before === "none") before = "open";
    }
  }
  if (before !== "some") {
    code.settle();
    code.wasm.get(code.place).get(start).isEqual();
    code.when(() => code.expect("{"));
  }
  code.expect("}");
  emitCapture(code, place.capture, "container");
}

const SEPARATORS = { none: "{", some: "," } as const;
const [OPEN, COMMA] = [0x7b, 0x2c];

/** Takes the brace or the comma before a key, whichever it must be. */
function expectSeparator(code: Code, start: number): void {
  code.settle();
  separatorDiffers(code, start);
  code.refuseIf();
  code.skip(1);
}

/** Leaves 1 where the byte here is not that before a key: a brace where nothing has come yet. */
function separatorDiffers(code: Code, start: number): void {
  const { wasm } = code;
  code.byte();
  wasm.i32(OPEN).i32(COMMA).get(code.place).get(start).isEqual().op("select").op("i32.ne");
}

/** Leaves 1 where this key comes next, with what must be before it. */
function hasKey(code: Code, key: string, before: Before, start: number): void {
  if (before === "open") {
    separatorDiffers(code, start);
    code.differs(key, 1).op("i32.or");
  } else code.differs(`${SEPARATORS[before]}${key}`);
  code.wasm.op("i32.eqz");
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

// The key, the colon, and the opening quote where the value can only be a string of any content.
function keyOf(emission: Emission, node: JsonObject, name: string): { readonly key: string; readonly opened: boolean } {
  const opened = isAnyString(emission, node, name);
  return { key: `${canonicalize(name)}:${opened ? '"' : ""}`, opened };
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
