import { stringifyChecked } from "../integrity/canonical.ts";
import { parseStrict } from "../integrity/strict-parse.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../model/json.ts";
import { type Span, stringEnd, textAt } from "./byte-strings.ts";
import { CAPTURED, type Emission, type Place } from "./emission.ts";
import { emitImpersonal } from "./emit-text.ts";
import { unsupported } from "./unsupported.ts";

/** Deepest nesting of a delegated value: with that of a compiled schema around it far below the limit of a line. */
const MOST_NESTING = 64;

const ELSEWHERE: ReadonlySet<string> = new Set([
  "$id",
  "$anchor",
  "$dynamicAnchor",
  "$dynamicRef",
  "$recursiveRef",
  "$defs",
]);

/**
 * Writes the code for a value whose schema is not compiled (free JSON, `anyOf`, …): its bytes are parsed and given to
 * the authority. Unsupported where a reference lies in it.
 */
export function emitDelegated(emission: Emission, schema: JsonValue | undefined, place: Place): void {
  const { code } = emission;
  const { wasm, room } = code;
  const { capture } = place;
  if (emission.hasReferenceIn(place.path)) unsupported("a delegated reference");
  const accepts = emission.validator(standalone(schema, emission.root));
  const found = { at: room.addressOf("found"), view: new DataView(room.memory.buffer) };
  code.address(place.opened ? -1 : 0);
  const start = code.local();
  wasm.set(start);
  code.ask(
    (bytes, from, to) => Math.max(0, delegatedEnd(bytes, { from, to }, accepts, found)),
    () => wasm.get(start).get(code.end),
  );
  wasm.tee(code.place);
  code.settled();
  code.require();
  if (emission.isOpenIn(place.path)) emitImpersonal(code, start);
  if (capture === undefined) return;
  wasm.get(start).set(capture.from);
  wasm.get(code.place).set(capture.to);
  wasm.i32(0).loadI32(found.at).set(capture.kind);
  wasm
    .i32(0)
    .access("f64.load", found.at + NUMBER_AT)
    .set(capture.number);
}

/** Where the kind and the number of the value are left. */
interface Found {
  readonly at: number;
  readonly view: DataView;
}

const NUMBER_AT = 8;

// Leaves in `found` what `Capture` keeps of the value.
function delegatedEnd(bytes: Uint8Array, { from, to }: Span, accepts: Accepts, found: Found): number {
  const end = valueEnd(bytes, from, to);
  if (end < 0) return -1;
  const text = textAt(bytes, from, end);
  const parsed = parseStrict(text);
  if (!parsed.ok || stringifyChecked(parsed.value) !== text || !accepts(parsed.value)) return -1;
  found.view.setInt32(found.at, CAPTURED[capturedKind(parsed.value)], true);
  found.view.setFloat64(found.at + NUMBER_AT, typeof parsed.value === "number" ? parsed.value : 0, true);
  return end;
}

type Accepts = (value: JsonValue) => boolean;

function capturedKind(value: JsonValue): keyof typeof CAPTURED {
  if (value === null) return "absent";
  if (typeof value === "string") return "string";
  if (typeof value === "number") return "number";
  return typeof value === "boolean" ? "boolean" : "container";
}

/** Where the JSON value at `at` ends if it is one; -1 where that cannot be told. */
function valueEnd(bytes: Uint8Array, at: number, end: number): number {
  let depth = 0;
  for (let here = at; here < end; here++) {
    const byte = bytes[here];
    if (byte === 0x22) {
      here = stringEnd(bytes, here + 1, end);
      if (here < 0) return -1;
    } else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > MOST_NESTING) return -1;
    } else if (byte === 0x7d || byte === 0x5d) {
      if (--depth < 0) return here;
    } else if (byte === 0x2c && depth === 0) return here;
  }
  return -1;
}

/** The schema of a part as one that means the same by itself. */
function standalone(schema: JsonValue | undefined, root: JsonObject): JsonObject {
  if (schema === true) return {};
  if (!isJsonObject(schema) || !isMovable(schema)) return unsupported("a schema that means something else by itself");
  const definitions = root["$defs"];
  if (definitions === undefined) return schema;
  if (!isJsonObject(definitions) || !Object.values(definitions).every(isMovable))
    unsupported("definitions of their own");
  return { ...schema, $defs: definitions };
}

// Whatever looks like a reference counts as one, a property of that name too.
function isMovable(value: JsonValue): boolean {
  if (Array.isArray(value)) return value.every(isMovable);
  if (!isJsonObject(value)) return true;
  return Object.entries(value).every(([key, part]) => {
    if (key === "$ref") return typeof part === "string" && part.startsWith("#/$defs/");
    return !ELSEWHERE.has(key) && isMovable(part);
  });
}
