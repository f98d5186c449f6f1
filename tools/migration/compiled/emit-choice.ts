import { Buffer } from "node:buffer";
import { canonicalize } from "../integrity/canonical.ts";
import type { JsonValue } from "../model/json.ts";
import { isSurelyImpersonal } from "./byte-pii.ts";
import { literalAt, sizeOf } from "./code.ts";
import { type Emission, emitCapture, type Place } from "./emission.ts";
import { unsupported } from "./unsupported.ts";

const MOST_CHOICES = 64;

/** Writes the code for one of a few values that are not containers. */
export function emitChoice(emission: Emission, values: readonly JsonValue[], place: Place): void {
  const { code } = emission;
  if (values.length > MOST_CHOICES) unsupported("a long enum");
  if (emission.referenceAt(place.path) >= 0) unsupported("a reference with an enum");
  const open = emission.isOpen(place.path);
  const texts = values.map((value) => ({ value, text: scalarText(value) }));
  const safe = texts.filter(({ text }) => !open || isImpersonal(text));
  // A number can begin like a longer one, which is therefore tried first.
  safe.sort((a, b) => sizeOf(b.text) - sizeOf(a.text));
  safe.forEach(({ value, text }, index) => {
    code.line(`${index === 0 ? "" : "else "}if (${literalAt(text)}) {`);
    code.line(`p += ${sizeOf(text)};`);
    if (value !== null) emitCapture(code, place.capture, kindOf(value), text);
    code.line("}");
  });
  code.line(safe.length === 0 ? "return false;" : "else return false;");
}

/** True where no detector of personal values can fire on a canonical text. */
function isImpersonal(text: string): boolean {
  const bytes = Buffer.from(text, "utf8");
  return isSurelyImpersonal(bytes, 0, bytes.length);
}

function scalarText(value: JsonValue): string {
  return typeof value === "object" && value !== null ? unsupported("an enum of containers") : canonicalize(value);
}

function kindOf(value: JsonValue): "string" | "number" | "boolean" {
  return typeof value === "string" ? "string" : typeof value === "number" ? "number" : "boolean";
}
