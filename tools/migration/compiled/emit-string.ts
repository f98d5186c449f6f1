import type { JsonObject, JsonValue } from "../model/json.ts";
import { type Limits, textAt } from "./byte-strings.ts";
import { type Emission, emitCapture, type Place } from "./emission.ts";
import { emitPattern } from "./emit-pattern.ts";
import { numberUnder, textUnder } from "./schema-node.ts";
import { Unsupported } from "./unsupported.ts";

/** Most references that a matcher keeps of one line; a line with more goes to the authority. */
export const MAX_REFERENCES = 1024;

/** Writes the code for a string with the constraints of `node`. */
export function emitString(emission: Emission, node: JsonObject, place: Place): void {
  const { code } = emission;
  if (!place.opened) {
    code.require("p < e && b[p] === 34");
    code.line("p++;");
  }
  const start = code.local();
  code.line(`${start} = p;`);
  emitContent(emission, node, place, start);
  code.line("p++;");
  emitCapture(code, place.capture, "string");
}

// Leaves `p` at the closing quote.
function emitContent(emission: Emission, node: JsonObject, place: Place, start: string): void {
  const { code } = emission;
  const format = textUnder(node, "format");
  const pattern = textUnder(node, "pattern");
  const open = emission.isOpen(place.path);
  const known = emitFormat(emission, format, place);
  if (!known && format === undefined && pattern !== undefined) {
    emitPattern(code, pattern, { start, leaf: leafOf(emission, node), open });
  } else {
    if (!known) emitPlain(emission);
    if (pattern !== undefined || (!known && format !== undefined)) {
      code.require(`${leafOf(emission, node)}(b, ${start}, p)`);
    }
    if (open) code.require(`isSurelyImpersonal(b, ${start}, p)`);
  }
  emitLength(emission, node, start);
}

function emitPlain({ code }: Emission): void {
  code.line("p = textEnd(b, d, p, e);");
  code.line("if (p < 0) return false;");
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
  if (format === "date") {
    code.require("p + 11 <= e && isDate(d, p)");
    code.line("p += 10;");
  } else if (format === "time" || format === "date-time") {
    code.line(`p = ${format === "time" ? "timeEnd" : "dateTimeEnd"}(d, p, e);`);
    code.require("p >= 0 && p < e");
  } else return false;
  code.require("b[p] === 34");
  return true;
}

function emitUuid({ code }: Emission, reference: number, isId: boolean): void {
  code.require("p + 37 <= e && b[p + 36] === 34");
  if (isId) code.require("readUuid(d, p, id, 0)");
  if (reference >= 0) {
    code.require(`r < ${MAX_REFERENCES} && readUuid(d, p, refs, r << 2)`);
    code.line(`refFields[r++] = ${reference};`);
  }
  if (!isId && reference < 0) code.require("readUuid(d, p, spare, 0)");
  code.line("p += 36;");
}

function emitLength({ code }: Emission, node: JsonObject, start: string): void {
  const least = numberUnder(node, "minLength") ?? 0;
  const most = numberUnder(node, "maxLength");
  if (least <= 0 && most === undefined) return;
  // A code point takes one to six bytes (an escape); only where that leaves it open they are counted.
  const surely = [`p - ${start} >= ${least <= 1 ? least : least * 6}`];
  if (most !== undefined) surely.push(`p - ${start} <= ${most}`);
  const limits: Limits = { least, most: most ?? Number.POSITIVE_INFINITY };
  code.require(`(${surely.join(" && ")}) || lengthFits(b, ${start}, p, ${code.constant(limits)})`);
}

/** The name of a function that asks the authority whether the string content in `[from, to)` satisfies `node`. */
function leafOf(emission: Emission, node: JsonObject): string {
  // Compiled when the first text needs it: most never do, and compiling takes a millisecond.
  let accepts: ((value: JsonValue) => boolean) | undefined;
  return emission.code.constant((bytes: Uint8Array, from: number, to: number): boolean => {
    accepts ??= validatorOrNone(emission, node);
    return accepts(JSON.parse(textAt(bytes, from - 1, to + 1)));
  });
}

function validatorOrNone(emission: Emission, node: JsonObject): (value: JsonValue) => boolean {
  try {
    return emission.validator(node);
  } catch (error) {
    if (error instanceof Unsupported) return () => false;
    throw error;
  }
}
