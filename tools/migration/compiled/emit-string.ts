import { readUuid, UUID_BYTES } from "../integrity/lanes/uuid-lanes.ts";
import type { JsonObject, JsonValue } from "../model/json.ts";
import { textAt } from "./byte-strings.ts";
import type { Ask, Code } from "./code.ts";
import { type Emission, emitCapture, type Place } from "./emission.ts";
import { emitPattern } from "./emit-pattern.ts";
import { emitImpersonal, emitLeaf, emitPlain } from "./emit-text.ts";
import { numberUnder, textUnder } from "./schema-node.ts";
import { Unsupported, unsupported } from "./unsupported.ts";

/** Writes the code for a string with the constraints of `node`. */
export function emitString(emission: Emission, node: JsonObject, place: Place): void {
  const { code } = emission;
  if (!place.opened) code.expect('"');
  emitContent(emission, node, place);
  code.skip(1);
  emitCapture(code, place.capture, "string");
}

// Gets to the closing quote, which it has looked at.
function emitContent(emission: Emission, node: JsonObject, place: Place): void {
  const { code } = emission;
  const format = textUnder(node, "format");
  const pattern = textUnder(node, "pattern");
  const open = emission.isOpen(place.path);
  const leaf = leafOf(emission, node);
  const needsStart = open || format !== undefined || pattern !== undefined || limitsOf(node) !== undefined;
  const start = needsStart ? code.mark() : code.place;
  const known = emitFormat(emission, format, place);
  if (!known && format === undefined && pattern !== undefined) emitPattern(code, pattern, { start, leaf, open });
  else {
    if (!known) emitPlain(code);
    if (pattern !== undefined || (!known && format !== undefined)) emitLeaf(code, leaf, start);
    if (open) emitImpersonal(code, start);
  }
  emitLength(code, node, start);
}

// False where the format has no code of its own.
function emitFormat(emission: Emission, format: string | undefined, place: Place): boolean {
  const { code } = emission;
  const reference = emission.referenceAt(place.path);
  const isId = place.path.length === 1 && place.path[0] === "id";
  if (format === "uuid" || reference >= 0 || isId) {
    emitUuid(emission, reference, isId);
    return format === undefined || format === "uuid";
  }
  if (format === "date" || format === "date-time") emitDate(code);
  if (format === "date-time") code.expect("T");
  if (format === "time" || format === "date-time") {
    code.address();
    code.call("time").tee(code.place);
    code.settled();
    code.require();
  }
  if (format !== "date" && format !== "time" && format !== "date-time") return false;
  expectQuote(code);
  return true;
}

function emitDate(code: Code): void {
  code.address();
  code.call("date");
  code.require();
  code.skip(DATE_BYTES);
}

function expectQuote(code: Code): void {
  code.differs('"');
  code.refuseIf();
}

function emitUuid({ code, keepId, keepReference }: Emission, reference: number, isId: boolean): void {
  const words = code.local("v128");
  readUuid(code.wasm, code.place, code.ahead, code.uuid).set(words);
  code.wasm.get(code.uuid.isWrong);
  code.refuseIf();
  code.skip(UUID_BYTES);
  expectQuote(code);
  if (isId) keepId(words);
  if (reference >= 0) keepReference(words, reference);
}

function limitsOf(node: JsonObject): { readonly least: number; readonly most: number | undefined } | undefined {
  const least = numberUnder(node, "minLength") ?? 0;
  const most = numberUnder(node, "maxLength");
  return least <= 0 && most === undefined ? undefined : { least, most };
}

function emitLength(code: Code, node: JsonObject, start: number): void {
  const limits = limitsOf(node);
  if (limits === undefined) return;
  const { wasm } = code;
  const [least, most] = [wholeFrom(limits.least), wholeUpTo(limits.most)];
  const isWithin = (fewest: number): void => {
    wasm.i32(fewest).op("i32.ge_u");
    if (most === undefined) return;
    length();
    wasm.i32(most).op("i32.le_u").op("i32.and");
  };
  let length = (): void => {
    code.address();
    wasm.get(start).subtractI32();
  };
  // A code point takes one to six bytes (an escape); only where that leaves it open they are counted.
  code.settle();
  length();
  isWithin(least <= 1 ? least : least * MOST_BYTES);
  wasm.op("i32.eqz");
  code.when(() => {
    const count = code.local();
    wasm.get(start).get(code.place);
    code.call("codePoints").tee(count);
    length = () => wasm.get(count);
    isWithin(least);
    code.require();
  });
}

const MOST_BYTES = 6;
const DATE_BYTES = 10;
const MOST_LIMIT = Math.floor((2 ** 31 - 1) / MOST_BYTES);

/** A limit of code points as a whole number, which no line is long enough to tell from a larger one. */
function wholeFrom(least: number): number {
  return Math.min(Math.max(0, Math.ceil(least)), MOST_LIMIT);
}

function wholeUpTo(most: number | undefined): number | undefined {
  if (most === undefined) return undefined;
  return most < 0 ? unsupported("a length below zero") : Math.min(Math.floor(most), MOST_LIMIT);
}

/** Asks the authority whether the string content between two addresses satisfies `node`. */
function leafOf(emission: Emission, node: JsonObject): Ask {
  // Compiled when the first text needs it: most never do, and compiling takes a millisecond.
  let accepts: ((value: JsonValue) => boolean) | undefined;
  return (bytes, from, to) => {
    accepts ??= validatorOrNone(emission, node);
    return accepts(JSON.parse(textAt(bytes, from - 1, to + 1))) ? 1 : 0;
  };
}

function validatorOrNone(emission: Emission, node: JsonObject): (value: JsonValue) => boolean {
  try {
    return emission.validator(node);
  } catch (error) {
    if (error instanceof Unsupported) return () => false;
    throw error;
  }
}
