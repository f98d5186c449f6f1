import { canonicalize } from "../integrity/canonical.ts";
import type { JsonValue } from "../model/json.ts";
import { sizeOf } from "./code.ts";
import { type Emission, emitCapture, type Place } from "./emission.ts";
import { unsupported } from "./unsupported.ts";

const MOST_CHOICES = 64;

/** Writes the code for one of a few values that are not containers. */
export function emitChoice(emission: Emission, values: readonly JsonValue[], place: Place): void {
  const { code } = emission;
  if (values.length > MOST_CHOICES) unsupported("a long enum");
  if (emission.referenceAt(place.path) >= 0) unsupported("a reference with an enum");
  if (emission.isOpen(place.path)) unsupported("an enum that detectors look at");
  const texts = values.map((value) => ({ value, text: scalarText(value) }));
  // A number can begin like a longer one, which is therefore tried first.
  texts.sort((a, b) => sizeOf(b.text) - sizeOf(a.text));
  code.firstOf(
    texts.map(({ value, text }) => (next) => {
      code.differs(text).jumpIf(next);
      code.skip(sizeOf(text));
      if (value === null || place.capture === undefined) return;
      emitCapture(code, place.capture, kindOf(value));
      if (typeof value === "number") code.wasm.f64(value).set(place.capture.number);
    }),
  );
}

function scalarText(value: JsonValue): string {
  return typeof value === "object" && value !== null ? unsupported("an enum of containers") : canonicalize(value);
}

function kindOf(value: JsonValue): "string" | "number" | "boolean" {
  return typeof value === "string" ? "string" : typeof value === "number" ? "number" : "boolean";
}
